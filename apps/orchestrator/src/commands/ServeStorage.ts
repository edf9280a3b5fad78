/** What a server stands on: its own data folder and engine, or the database of a cluster; and the PrivX hosts it knows. */
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DataFolderBusy, DataFolderUnusable } from "../DataFolder.ts"
import * as Postgres from "../cluster/Postgres.ts"
import type { DatabaseUnusable } from "../cluster/PostgresFailure.ts"
import * as FleetFile from "../fleet/FleetFile.ts"
import { FleetTargets } from "../fleet/FleetTargets.ts"
import * as EmbeddedStorage from "../server/EmbeddedStorage.ts"
import type { ServerStorage } from "../server/Server.ts"
import * as SharedStorage from "../server/SharedStorage.ts"
import * as Catalogue from "../settings/Catalogue.ts"
import * as DatabaseUrl from "../settings/DatabaseUrl.ts"
import * as KeptRuns from "../settings/KeptRuns.ts"
import * as PrivxClient from "../settings/PrivxClient.ts"
import * as Settings from "../settings/Settings.ts"
import { SettingsError } from "../settings/SettingsError.ts"
import { nameOf, Targets } from "../Targets.ts"
import type { ConnectionInput } from "./ConnectionFlags.ts"
import * as FleetHosts from "./FleetHosts.ts"
import type * as FleetHostsFlags from "./FleetHostsFlags.ts"
import type { Globals } from "./GlobalFlags.ts"

export interface Input extends ConnectionInput, Globals, FleetHostsFlags.Input {
  readonly databaseUrl: string | undefined
  readonly hosts: ReadonlyArray<string>
  readonly concurrency: number
  readonly authorizeDownload: boolean
}

export interface Chosen {
  readonly layer: Layer.Layer<ServerStorage, DatabaseUnusable | DataFolderBusy | DataFolderUnusable>
  /** The data folder, or the database without user and password. */
  readonly name: string
  /** Whether other processes carry the runs out. */
  readonly shared: boolean
  /** The PrivX hosts that runs can be submitted for, by name. */
  readonly targets: ReadonlyArray<string>
  readonly warnings: ReadonlyArray<string>
}

export const choose = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Chosen, SettingsError> {
  const host = Settings.thisHost()
  // Who names a data folder means it, whatever the environment says.
  const variable = host.environment[Catalogue.ownEnvironment.databaseUrl.name] ?? ""
  const shared = input.databaseUrl !== undefined || (input.dataDir === undefined && variable !== "")
  if (shared) {
    const url = yield* DatabaseUrl.resolve(input.databaseUrl, host)
    // The workers have the credentials: here the names are enough.
    const { targets, warnings } = yield* input.hosts.length === 0 ? onlyName(input) : fleets(input)
    return { layer: SharedStorage.layer({ url }), name: Postgres.nameOf(url), shared, targets, warnings }
  }
  const { layer, targets, warnings } = yield* input.hosts.length === 0 ? only(input) : fleets(input)
  const { path: dataDir } = Settings.dataFolder(input, host)
  const { concurrency } = input
  return {
    layer: EmbeddedStorage.layer({ dataDir, concurrency }).pipe(
      Layer.provide([layer, FleetHosts.layer(input)]),
      Layer.provide(KeptRuns.layer(yield* KeptRuns.resolve(host)))
    ),
    name: dataDir,
    shared,
    targets,
    warnings
  }
})

/** The PrivX of the settings. */
const only = Effect.fnUntraced(function* (input: Input) {
  if (yield* bringsOwn(input)) {
    const layer: Layer.Layer<Targets> = FleetTargets.layer([])
    return { layer, targets: [], warnings: [] }
  }
  const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
  const layer: Layer.Layer<Targets> = Targets.single(settings.baseUrl).pipe(
    Layer.provide(Ueba.layer({ authorizeDownload: input.authorizeDownload })),
    Layer.provide(PrivxClient.layer(settings, input))
  )
  return { layer, targets: [nameOf(settings.baseUrl)], warnings }
})

/** Whether there are no hosts but those that fleets bring. */
const bringsOwn = Effect.fnUntraced(function* (input: Input) {
  const { partial } = yield* Settings.inspect(input, Settings.thisHost())
  return partial.baseUrl === undefined && input.fleetHosts.length > 0
})

const onlyName = Effect.fnUntraced(function* (input: Input) {
  const { looked, partial, problems } = yield* Settings.inspect(input, Settings.thisHost())
  if (partial.baseUrl === undefined && input.fleetHosts.length > 0) return { targets: [], warnings: [] }
  return partial.baseUrl === undefined
    ? yield* new SettingsError({ problems: problems.filter(({ setting }) => setting === "base URL"), looked })
    : { targets: [nameOf(partial.baseUrl)], warnings: [] }
})

/** The hosts of fleet files. */
const fleets = Effect.fnUntraced(function* ({ hosts }: Input) {
  const read = yield* Effect.forEach(hosts, (file) => FleetFile.read(file, Settings.thisHost()))
  const found = read.map(({ fleet }) => fleet)
  const layer: Layer.Layer<Targets> = FleetTargets.layer(found)
  return {
    layer,
    targets: [...new Set(found.flatMap(({ hosts }) => hosts.map(({ target }) => target)))],
    warnings: read.flatMap(({ warnings }) => warnings)
  }
})
