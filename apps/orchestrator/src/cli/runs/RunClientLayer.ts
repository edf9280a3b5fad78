/** The client of a command: that of the server if one is set, otherwise that of the data directory. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Domains } from "../../domain/Domains.ts"
import type { RunClient } from "../../client/RunClient.ts"
import * as ServerSettings from "../../client/ServerSettings.ts"
import * as Settings from "@privx-kit/settings/Settings"
import * as ServerFlags from "../flags/ServerFlags.ts"
import type { SettingsError } from "@privx-kit/settings/SettingsError"

export const layer = (input: ServerSettings.Flags): Layer.Layer<RunClient, SettingsError, Domains> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const host = Settings.thisHost()
      if (!ServerFlags.isServer(input)) {
        const LocalRunClient = yield* Effect.promise(() => import("../../client/LocalRunClient.ts"))
        return LocalRunClient.layer(Settings.dataDirectory(input, host).path)
      }
      const settings = yield* ServerSettings.resolve(input, host)
      // Loaded only if a server is configured.
      const [RemoteRunClient, { ServerClient }] = yield* Effect.promise(() =>
        Promise.all([import("../../client/RemoteRunClient.ts"), import("../../client/ServerClient.ts")])
      )
      return RemoteRunClient.layer.pipe(Layer.provide(ServerClient.layer(settings)))
    })
  )
