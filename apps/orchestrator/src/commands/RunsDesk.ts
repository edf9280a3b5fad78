/** Which desk a command works at: that of a server where one is meant, else that of the data folder. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RunDesk } from "../server/RunDesk.ts"
import * as ServerSettings from "../settings/ServerSettings.ts"
import * as Settings from "../settings/Settings.ts"
import * as ServerFlags from "./ServerFlags.ts"
import type { SettingsError } from "../settings/SettingsError.ts"

export const layer = (input: ServerSettings.Flags): Layer.Layer<RunDesk, SettingsError> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const host = Settings.thisHost()
      if (!ServerFlags.isMeant(input)) {
        const FolderDesk = yield* Effect.promise(() => import("../server/FolderDesk.ts"))
        return FolderDesk.layer(Settings.dataFolder(input, host).path)
      }
      const settings = yield* ServerSettings.resolve(input, host)
      // Loaded only where there is a server to talk to.
      const [RemoteDesk, { ServerClient }] = yield* Effect.promise(() =>
        Promise.all([import("../server/RemoteDesk.ts"), import("../server/ServerClient.ts")])
      )
      return RemoteDesk.layer.pipe(Layer.provide(ServerClient.layer(settings)))
    })
  )
