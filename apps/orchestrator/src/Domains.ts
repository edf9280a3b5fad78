/**
 * The domains of privx-kit. Everything that differs between domains is a fold over this list and over the domains that a
 * `privx-kit.config` file adds.
 */
import * as Domain from "./domain/Domain.ts"

export const uebaDomain = Domain.make("ueba", {
  commands: [
    Domain.late("ueba", "Set up and operate UEBA (user and entity behaviour analytics)", () =>
      import("./cli/ueba/UebaCommand.ts").then(({ ueba }) => Domain.command(ueba))
    )
  ],
  runs: () => import("./bootstrap/UebaRuns.ts"),
  server: () => import("./bootstrap/UebaServer.ts").then(({ server }) => server),
  openapi: () => import("./cli/OpenApiDocument.ts").then(({ ueba }) => ueba())
})

export const playbackDomain = Domain.make("playback", {
  commands: [
    Domain.late("playback", "Keep playback connections authenticated", () =>
      import("./cli/playback/PlaybackCommand.ts").then(({ playback }) => Domain.command(playback))
    )
  ],
  runs: () => import("./playback/PlaybackRuns.ts"),
  migrations: () => import("./playback/PlaybackMigrations.ts").then(({ migrations }) => migrations),
  openapi: () => import("./cli/OpenApiDocument.ts").then(({ playback }) => playback())
})

export const fleetDomain = Domain.make("fleet", {
  commands: [
    Domain.late("fleet", "Set up many PrivX hosts, once or on a schedule", () =>
      import("./cli/fleet/FleetCommand.ts").then(({ fleet }) => Domain.command(fleet))
    )
  ],
  runs: () => import("./fleet/FleetRuns.ts"),
  migrations: () => import("./fleet/FleetMigrations.ts").then(({ migrations }) => migrations)
})

export const builtIn: ReadonlyArray<Domain.Domain> = [uebaDomain, fleetDomain, playbackDomain]
