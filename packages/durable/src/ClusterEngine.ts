/**
 * The engine of a cluster: any number of processes on one Postgres database share its journal and divide the runs among
 * themselves. Each process holds the locks of its share; when it dies, the others take over that share within a few seconds.
 *
 * Messages between processes are in the database. Over the network, a process only asks another to look there: see
 * `Doorbell`.
 *
 * @since 0.1.0
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { SocketServerError } from "effect/socket/SocketServer"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as InlineActivities from "./InlineActivities.ts"
import type { Database } from "./Database.ts"
import * as EmbeddedEngine from "./EmbeddedEngine.ts"
import * as BufferedMessageStorage from "./BufferedMessageStorage.ts"
import * as ClusterSecret from "./ClusterSecret.ts"
import * as Doorbell from "./Doorbell.ts"
import * as DoorbellRunners from "./DoorbellRunners.ts"
import * as PostgresActivityJournal from "./PostgresActivityJournal.ts"
import * as PostgresMessageWriter from "./PostgresMessageWriter.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The host under which the other processes of the cluster reach this one. */
  readonly host: string
  /** Default: a free port. */
  readonly port?: number | undefined
  /** The address to listen on, if that is not `host`. */
  readonly listenHost?: string | undefined
}

/** How soon other processes detect that a process has died, and take over its runs. */
const takeover = {
  refreshAssignmentsInterval: "500 millis",
  shardLockRefreshInterval: "1300 millis",
  shardLockExpiration: "4 seconds",
  runnerHealthCheckInterval: "1 second",
  entityMessagePollInterval: "500 millis"
} as const

const configuration = ({ host, listenHost, port }: Options & { readonly port: number }) =>
  ShardingConfig.layer({
    ...takeover,
    runnerAddress: Option.some(RunnerAddress.make(host, port)),
    runnerListenAddress: Option.some(RunnerAddress.make(listenHost ?? host, port)),
    // Stored in the database: it must be the same in every process of a cluster, and never change.
    shardsPerGroup: 16,
    // Another process executes an interrupted step again; a moment lets a quick step finish.
    entityTerminationTimeout: "5 seconds",
    simulateRemoteSerialization: false
  })

/**
 * The engine of a worker: any number of processes on one Postgres database divide the runs among themselves.
 *
 * **When to use**: where several machines execute runs. `EmbeddedEngine` is for one process.
 *
 * **Details**: each process holds the locks of its share. When it dies, the others take over that share within a few
 * seconds. Messages are in the database; over the network a process only asks another to look there.
 *
 * **Gotchas**: there is no fencing. A process whose event loop is blocked for longer than 4 seconds loses its share, and may
 * execute a step twice.
 *
 * **Errors**: `SocketServerError` if it cannot listen, `StorageFailed` if the secret of the cluster cannot be read.
 *
 * @example
 * ```ts
 * import * as ClusterEngine from "@privx-kit/durable/ClusterEngine"
 * import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * export const layer = ClusterEngine.layer({ host: "worker-1.example.com", port: 7400 }).pipe(
 *   Layer.provideMerge(PostgresStorage.layer({ url: Redacted.make("postgres://kit@db.example.com/kit") }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<
  WorkflowEngine.WorkflowEngine | Sharding.Sharding | MessageStorage,
  SocketServerError | StorageFailed,
  SqlClient.SqlClient | Database
> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const secret = yield* ClusterSecret.load
      const doorbell = yield* Doorbell.listen(secret, {
        host: options.listenHost ?? options.host,
        port: options.port ?? 0
      })
      const config = configuration({ ...options, port: doorbell.port })
      const runners = DoorbellRunners.layer(secret)
      const runner = DoorbellRunners.layerAnswer.pipe(
        Layer.provide(Layer.succeed(Doorbell.Doorbell, doorbell)),
        Layer.provideMerge(Sharding.layer),
        Layer.provide(RunnerHealth.layerPing),
        Layer.provide(runners),
        Layer.provideMerge(EmbeddedEngine.recorded),
        Layer.provide(BufferedMessageStorage.layer),
        Layer.provide(PostgresMessageWriter.layer),
        Layer.provide(Layer.orDie(SqlRunnerStorage.layerStorage({}))),
        Layer.provide([NodeCrypto.layerDigest, config])
      )
      return InlineActivities.layer.pipe(
        Layer.provide(PostgresActivityJournal.layer),
        Layer.provide(ClusterWorkflowEngine.layer),
        Layer.provideMerge(runner)
      )
    })
  )
