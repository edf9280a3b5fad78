/**
 * One process of a cluster. It claims queued runs from the shared database, executes its share of the cluster's running
 * runs, and takes over the share of a process that dies.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { SocketServerError } from "effect/socket/SocketServer"
import type { Sharding } from "effect/cluster/Sharding"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import type * as Redacted from "effect/Redacted"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as SqlClient from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { Delivery } from "@privx-kit/artifacts/Delivery"
import type { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import type { Database } from "@privx-kit/durable/Database"
import { Domains, layerRunKinds } from "../domain/Domains.ts"
import { layerSubmitted } from "../fleet/FleetWorkflow.ts"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { RunFeeder } from "@privx-kit/runs/RunFeeder"
import { Approvals } from "@privx-kit/runs/Approvals"
import * as Retention from "@privx-kit/runs/Retention"
import { RunControl } from "@privx-kit/runs/RunControl"
import type { RunKinds } from "@privx-kit/runs/RunKinds"
import { RunRequests } from "@privx-kit/runs/RunRequests"
import { Runs } from "@privx-kit/runs/Runs"
import { kit } from "../setup/Kit.ts"
import type { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as ClusterEngine from "@privx-kit/durable/ClusterEngine"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import * as PostgresArtifactStore from "@privx-kit/artifacts/PostgresArtifactStore"
import type { DatabaseUnusable } from "@privx-kit/durable/PostgresFailure"
import * as PostgresProvenanceStore from "@privx-kit/artifacts/PostgresProvenanceStore"

export interface Options extends ClusterEngine.Options {
  readonly databaseUrl: Redacted.Redacted
  /** The maximum number of runs that this process claims from the queue. */
  readonly concurrency: number
  /** The directory of the generated signing key for attestations, used if no key is given. */
  readonly keyDirectory: string
}

export type Services =
  | RunFeeder
  | RunKinds
  | RunExecutor
  | Runs
  | RunRequests
  | Approvals
  | ArtifactStore
  | WorkflowEngine
  | Sharding
  | MessageStorage
  | Database
  | SqlClient.SqlClient

/** The shared services of a cluster, and the engine on top of them. Nothing is claimed from the queue. */
export const layer = (
  options: Options
): Layer.Layer<Services, DatabaseUnusable | StorageFailed | SocketServerError, PrivxHosts | Domains> =>
  RunFeeder.layer.pipe(
    Layer.provideMerge(RunExecutor.layerShared),
    Layer.provide(Layer.unwrap(Effect.map(Domains, ({ workflows }) => workflows))),
    Layer.provide(layerSubmitted),
    Layer.provideMerge(ClusterEngine.layer(options)),
    Layer.provideMerge([Delivery.layer(kit), RunControl.layer]),
    Layer.provideMerge([PostgresArtifactStore.layer, PostgresProvenanceStore.layer(options.keyDirectory)]),
    Layer.provideMerge([Runs.layer, RunRequests.layer, Approvals.layer, layerRunKinds]),
    Layer.provideMerge(
      // Besides the runs, the engine polls, renews its locks and receives requests.
      PostgresStorage.layer({ url: options.databaseUrl, maxConnections: 16 })
    ),
    Layer.fresh
  )

/** The interval at which expired data is removed. */
const pruning = Duration.hours(1)

/** Works until it is interrupted. Other workers, or the next process, then resume its runs. */
export const work = Effect.fn("Worker.work")(function* ({ concurrency }: Pick<Options, "concurrency">) {
  const feeder = yield* RunFeeder
  yield* feeder.feed(concurrency)
  return yield* Effect.raceFirst(pruneNowAndThen, watchDatabase)
}, Effect.scoped)

const pruneNowAndThen = Effect.suspend(() =>
  Retention.Retention.pipe(
    Effect.flatMap((bound) => Retention.prune(bound)),
    Effect.catchTag("StorageFailed", (failure) => Effect.logWarning(failure.message)),
    Effect.delay(pruning),
    Effect.forever
  )
)

/** How often a worker checks whether the engine can work. */
const examining = "5 seconds"

/** These failures do not resolve by themselves. */
const lasting: ReadonlySet<DatabaseUnusable["reason"]> = new Set(["rights", "notMigrated", "newerVersion", "encoding"])

/**
 * Fails if the engine cannot work. Otherwise it would retry silently while runs stay in the queue. An unavailable
 * database is not such a failure, because it becomes available again.
 */
const watchDatabase: Effect.Effect<never, DatabaseUnusable, SqlClient.SqlClient | Database> =
  PostgresStorage.examine.pipe(
    // Checks again, because a table may be locked while its privileges are changed.
    Effect.retry({ times: 1, schedule: Schedule.spaced("1 second") }),
    Effect.catchTag("DatabaseUnusable", (failure) =>
      lasting.has(failure.reason) ? Effect.fail(failure) : Effect.logDebug(failure.message)
    ),
    Effect.delay(examining),
    Effect.forever
  )
