/**
 * One process of a cluster: it takes queued runs from the shared database, carries out its part of what is under way in
 * the whole cluster, and takes over the part of a process that dies.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { SocketServerError } from "effect/socket/SocketServer"
import type { Sharding } from "effect/cluster/Sharding"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import type * as Redacted from "effect/Redacted"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { Delivery } from "../artifacts/Delivery.ts"
import type { ArtifactStore } from "../artifacts/ArtifactStore.ts"
import type { Database } from "../Database.ts"
import { FleetDriver, handedOver } from "../fleet/FleetDriver.ts"
import { Approvals } from "../runs/Approvals.ts"
import * as Retention from "../runs/Retention.ts"
import { RunControl } from "../runs/RunControl.ts"
import { RunRequests } from "../runs/RunRequests.ts"
import { Runs } from "../runs/Runs.ts"
import { layerShared, type Setups } from "../Setups.ts"
import type { Targets } from "../Targets.ts"
import * as ClusterEngine from "./ClusterEngine.ts"
import * as Postgres from "./Postgres.ts"
import * as PostgresArtifacts from "./PostgresArtifacts.ts"
import type { DatabaseUnusable } from "./PostgresFailure.ts"
import * as PostgresProofs from "./PostgresProofs.ts"

export interface Options extends ClusterEngine.Options {
  readonly databaseUrl: Redacted.Redacted
  /** How many runs this process takes from the queue at a time. */
  readonly concurrency: number
  /** Where a key of this process's own is kept that signs attestations, for when none is given. */
  readonly keyFolder: string
}

export type Services =
  | FleetDriver
  | Setups
  | Runs
  | RunRequests
  | Approvals
  | ArtifactStore
  | WorkflowEngine
  | Sharding
  | MessageStorage
  | Database
  | SqlClient.SqlClient

/** What the processes of a cluster share, and the engine upon it; nothing is taken from the queue. */
export const layer = (
  options: Options
): Layer.Layer<Services, DatabaseUnusable | StorageFailed | SocketServerError, Targets> =>
  FleetDriver.layer.pipe(
    Layer.provideMerge(layerShared),
    Layer.provide(handedOver),
    Layer.provideMerge(ClusterEngine.layer(options)),
    Layer.provideMerge([Delivery.layer, RunControl.layer]),
    Layer.provideMerge([PostgresArtifacts.layer, PostgresProofs.layer(options.keyFolder)]),
    Layer.provideMerge([Runs.layer, RunRequests.layer, Approvals.layer]),
    Layer.provideMerge(
      // Beside what is under way, the engine polls, renews its locks and hears of requests.
      Postgres.layer({ url: options.databaseUrl, maxConnections: 16 })
    ),
    Layer.fresh
  )

/** How often what is too old is removed. */
const pruning = Duration.hours(1)

/** Works until it is interrupted. What is under way then is gone on with by the others, or by the next process. */
export const work = Effect.fn("Worker.work")(function* ({ concurrency }: Pick<Options, "concurrency">) {
  const driver = yield* FleetDriver
  yield* driver.feed(concurrency)
  return yield* Retention.Retention.pipe(
    Effect.flatMap((bound) => Retention.prune(bound)),
    Effect.catchTag("StorageFailed", (failure) => Effect.logWarning(failure.message)),
    Effect.delay(pruning),
    Effect.forever
  )
}, Effect.scoped)
