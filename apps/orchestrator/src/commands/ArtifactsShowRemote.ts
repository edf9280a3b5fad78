/** Shows what a server knows of a script that is stored there. */
import * as Effect from "effect/Effect"
import * as RemoteDesk from "../server/RemoteDesk.ts"
import { ServerClient } from "../server/ServerClient.ts"
import type * as ServerSettings from "../settings/ServerSettings.ts"
import * as Artifacts from "./Artifacts.ts"
import * as RunsRemote from "./RunsRemote.ts"

export interface Input extends ServerSettings.Flags {
  readonly sha256: string
  readonly json: boolean
  readonly verbose: boolean
}

export const run = (input: Input) =>
  ServerClient.use(({ api, origin }) =>
    api.artifacts.show({ params: { sha256: input.sha256 } }).pipe(RemoteDesk.named("artifacts.show", origin))
  ).pipe(Effect.provide(RunsRemote.layer(input)), Artifacts.reportShown(input))
