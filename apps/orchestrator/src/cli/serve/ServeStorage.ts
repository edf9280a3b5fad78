/** The storage of a server: its data directory and engine, or the database of a cluster; and its PrivX hosts. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DataDirectoryBusy, DataDirectoryUnusable } from "@privx-kit/durable/DataDirectory"
import * as PostgresUrl from "@privx-kit/durable/PostgresUrl"
import type { DatabaseUnusable } from "@privx-kit/durable/PostgresFailure"
import * as FleetFile from "../../fleet/FleetFile.ts"
import type { Domains } from "../../domain/Domains.ts"
import { FleetPrivxHosts } from "../../fleet/FleetPrivxHosts.ts"
import * as EmbeddedStorage from "../../server/EmbeddedStorage.ts"
import * as UebaOperations from "../../setup/UebaOperations.ts"
import type { ServerStorage } from "../../server/Server.ts"
import * as SharedStorage from "../../server/SharedStorage.ts"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as DatabaseUrl from "../flags/DatabaseUrl.ts"
import * as RetentionSetting from "../flags/RetentionSetting.ts"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import * as Settings from "@privx-kit/settings/Settings"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import { nameOf, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import * as HostPolicyLayer from "../fleet/HostPolicyLayer.ts"
import type * as FleetHostsFlags from "../fleet/FleetHostsFlags.ts"
import type { Globals } from "../flags/GlobalFlags.ts"

export interface Input extends ConnectionInput, Globals, FleetHostsFlags.Input {
  readonly databaseUrl: string | undefined
  readonly hosts: ReadonlyArray<string>
  readonly concurrency: number
  readonly authorizeDownload: boolean
}

export interface Chosen {
  readonly layer: Layer.Layer<ServerStorage, DatabaseUnusable | DataDirectoryBusy | DataDirectoryUnusable, Domains>
  /** The data directory, or the database without user and password. */
  readonly name: string
  /** Whether other processes execute the runs. */
  readonly shared: boolean
  /** The PrivX hosts that clients can submit runs for, by name. */
  readonly targets: ReadonlyArray<string>
  readonly warnings: ReadonlyArray<string>
}

export const choose = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Chosen, SettingsError> {
  const host = Settings.thisHost()
  // A given data directory takes precedence over the environment.
  const variable = host.environment[Catalogue.ownEnvironment.databaseUrl.name] ?? ""
  const shared = input.databaseUrl !== undefined || (input.dataDir === undefined && variable !== "")
  if (shared) {
    const url = yield* DatabaseUrl.resolve(input.databaseUrl, host)
    // The workers have the credentials; the server needs only the names.
    const { targets, warnings } = yield* input.hosts.length === 0 ? onlyName(input) : fleets(input, false)
    return { layer: SharedStorage.layer({ url }), name: PostgresUrl.nameOf(url), shared, targets, warnings }
  }
  const { layer, targets, warnings } = yield* input.hosts.length === 0 ? only(input) : fleets(input, true)
  const { path: dataDir } = Settings.dataDirectory(input, host)
  const { concurrency } = input
  return {
    layer: EmbeddedStorage.layer({ dataDir, concurrency }).pipe(
      Layer.provide([layer, HostPolicyLayer.layer(input)]),
      Layer.provide(UebaOperations.layer({ authorizeDownload: input.authorizeDownload })),
      Layer.provide(RetentionSetting.layer(yield* RetentionSetting.resolve(host)))
    ),
    name: dataDir,
    shared,
    targets,
    warnings
  }
})

/** The PrivX host of the settings. */
const only = Effect.fnUntraced(function* (input: Input) {
  if (yield* bringsOwn(input)) {
    const layer: Layer.Layer<PrivxHosts> = FleetPrivxHosts.layer([])
    return { layer, targets: [], warnings: [] }
  }
  const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
  const layer: Layer.Layer<PrivxHosts> = PrivxHosts.single(settings.baseUrl).pipe(
    Layer.provide(PrivxClient.layer(settings, input))
  )
  return { layer, targets: [nameOf(settings.baseUrl)], warnings }
})

/** Whether the only hosts are those of submitted fleets. */
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
const fleets = Effect.fnUntraced(function* ({ hosts }: Input, credentials: boolean) {
  const read = yield* Effect.forEach(hosts, (file) => FleetFile.read(file, Settings.thisHost(), { credentials }))
  const found = read.map(({ fleet }) => fleet)
  const layer: Layer.Layer<PrivxHosts> = FleetPrivxHosts.layer(found)
  return {
    layer,
    targets: [...new Set(found.flatMap(({ hosts }) => hosts.map(({ target }) => target)))],
    warnings: read.flatMap(({ warnings }) => warnings)
  }
})
