/** Shows the details of a script that is stored on a server. */
import * as Effect from "effect/Effect"
import * as RemoteRunClient from "../../client/RemoteRunClient.ts"
import { ServerClient } from "../../client/ServerClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import * as Artifacts from "./Artifacts.ts"
import * as ServerLayer from "../ServerLayer.ts"

export interface Input extends ServerSettings.Flags {
  readonly sha256: string
  readonly json: boolean
  readonly verbose: boolean
}

export const run = (input: Input) =>
  ServerClient.use(({ api, origin }) =>
    api.artifacts.show({ params: { sha256: input.sha256 } }).pipe(RemoteRunClient.named("artifacts.show", origin))
  ).pipe(Effect.provide(ServerLayer.layer(input)), Artifacts.reportShown(input))
