/** The clients of the server that a command calls. */
import * as Settings from "@privx-kit/settings/Settings"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RemoteRunClient from "../client/RemoteRunClient.ts"
import { ServerClient } from "../client/ServerClient.ts"
import * as ServerSettings from "../client/ServerSettings.ts"

export const layer = (input: ServerSettings.Flags) =>
  Layer.unwrap(
    Effect.map(ServerSettings.resolve(input, Settings.thisHost()), (settings) =>
      RemoteRunClient.layer.pipe(Layer.provideMerge(ServerClient.layer(settings)))
    )
  )
