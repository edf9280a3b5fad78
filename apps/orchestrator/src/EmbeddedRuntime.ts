/**
 * The services of a process on a data directory: the record of runs and the artifacts in the directory, an engine on top
 * of them, the workflows of all domains, and the executor of runs. The directory is locked as long as the layer exists.
 *
 * `RunEvents`, `Retention`, `SigningKey.Given` and `Operator` are taken from the context of the layer.
 */
import { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import { Delivery } from "@privx-kit/artifacts/Delivery"
import { ProvenanceStore } from "@privx-kit/artifacts/ProvenanceStore"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { Database } from "@privx-kit/durable/Database"
import {
  DataDirectory,
  type DataDirectoryBusy,
  type DataDirectoryUnusable,
  fromStorage
} from "@privx-kit/durable/DataDirectory"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import { Approvals } from "@privx-kit/runs/Approvals"
import * as RequestWatcher from "@privx-kit/runs/RequestWatcher"
import * as Retention from "@privx-kit/runs/Retention"
import { RunControl } from "@privx-kit/runs/RunControl"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { RunFeeder } from "@privx-kit/runs/RunFeeder"
import type { RunKinds } from "@privx-kit/runs/RunKinds"
import { RunRequests } from "@privx-kit/runs/RunRequests"
import { Runs } from "@privx-kit/runs/Runs"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import { type HostServices, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { Domains, layerRunKinds } from "./domain/Domains.ts"
import { FleetRecord } from "./fleet/FleetRecord.ts"
import { FleetOwned, Fleets } from "./fleet/Fleets.ts"
import { kit } from "./setup/Kit.ts"
import { Setups } from "./setup/Setups.ts"

export interface Options {
  readonly dataDir: string
}

export type Services = RunExecutor | Runs | RunKinds | Database | SqlClient.SqlClient

export const layer = ({
  dataDir
}: Options): Layer.Layer<Services, DataDirectoryBusy | DataDirectoryUnusable, PrivxHosts | Domains> =>
  RunExecutor.layer.pipe(
    Layer.provide(Layer.unwrap(Effect.map(Domains, ({ workflows }) => workflows))),
    Layer.provide(EmbeddedEngine.layer),
    Layer.provide(tidy),
    inDirectory,
    Layer.provide([Delivery.layer(kit), Approvals.layer, RunControl.layer, RunRequests.layer]),
    Layer.provide([ArtifactStore.layer, ProvenanceStore.layer]),
    Layer.provideMerge([Runs.layer, layerRunKinds]),
    Layer.provideMerge(SqliteStorage.layer),
    Layer.provide(DataDirectory.layer(dataDir)),
    // Other processes write occasionally. A transaction that detects only halfway that it is too late would fail.
    Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")),
    // The layers above are constants. Without this, a second data directory in one program would use the first one.
    Layer.fresh
  )

/** UEBA setups of one PrivX host. */
export const layerSetups = (
  options: Options & { readonly target: URL }
): Layer.Layer<Setups | Services, DataDirectoryBusy | DataDirectoryUnusable, HostServices | Domains> =>
  Setups.layer.pipe(Layer.provideMerge(layer(options)), Layer.provide(PrivxHosts.single(options.target)))

/** Fleets, and the setups of their hosts. */
export const layerFleets = ({
  concurrency,
  digests,
  ...options
}: Options & {
  /** The initially known fleets, whose unfinished runs are resumed immediately. */
  readonly digests: ReadonlyArray<string>
  readonly concurrency: number
}): Layer.Layer<Fleets | FleetRecord | Services, DataDirectoryBusy | DataDirectoryUnusable, PrivxHosts | Domains> =>
  Fleets.layer({ concurrency }).pipe(
    Layer.provide(RunFeeder.layer),
    Layer.provideMerge(FleetRecord.layer),
    Layer.provideMerge(layer(options)),
    Layer.provide(Layer.fresh(FleetOwned.layer(digests)))
  )

/** Converts failures of the storage to failures of the data directory. */
const inDirectory = <A, R>(layer: Layer.Layer<A, StorageFailed, R>) =>
  Layer.unwrap(
    Effect.map(DataDirectory, ({ path }) =>
      Layer.catchTag(layer, "StorageFailed", (failure) => Layer.effectContext(Effect.fail(fromStorage(path)(failure))))
    )
  )

/** Marks running runs as interrupted before the engine starts and after it has stopped, and prunes expired runs. */
const tidy: Layer.Layer<never, StorageFailed, Runs | RunKinds | RunRequests | Database | SqlClient.SqlClient> =
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { interruptAll } = yield* Runs
      yield* Effect.acquireRelease(interruptAll, () => Effect.ignore(interruptAll))
      yield* RequestWatcher.settleCancellations()
      yield* Retention.prune(yield* Retention.Retention)
    })
  ).pipe(Layer.provide(EmbeddedEngine.journal))
