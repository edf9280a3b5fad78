/**
 * The engine of a cluster: any number of processes on one Postgres database share its journal and divide the runs among
 * themselves. Each holds the locks of its part; when it dies, the others take that part over within a few seconds.
 *
 * The processes talk to each other over plain TCP sockets, which know no passwords: they belong on a private network.
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import type { Sharding } from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SocketRunner from "effect/cluster/SocketRunner"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import type { SocketServerError } from "effect/socket/SocketServer"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as ActivitiesInPlace from "../ActivitiesInPlace.ts"
import * as Engine from "../Engine.ts"
import * as Messages from "../Messages.ts"
import * as net from "node:net"
import * as PostgresActivities from "./PostgresActivities.ts"
import * as PostgresMessages from "./PostgresMessages.ts"

export interface Options {
  /** Where the other processes of the cluster reach this one. */
  readonly host: string
  /** Default: one that is free. */
  readonly port?: number | undefined
  /** Where it listens, when that is not `host`. */
  readonly listenHost?: string | undefined
}

/** How soon others notice that a process is gone, and take over what it was at. */
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
    // Part of what is stored: the same in every process of a cluster, and never changed.
    shardsPerGroup: 16,
    // A step that is interrupted is carried out again by another process; a moment lets a quick one finish.
    entityTerminationTimeout: "5 seconds",
    simulateRemoteSerialization: false
  })

/** A port that nobody listens on at the moment. */
const freePort = (host: string) =>
  Effect.callback<number>((resume) => {
    const server = net.createServer()
    server.once("error", () => resume(Effect.succeed(0)))
    server.listen(0, host, () => {
      const address = server.address()
      const port = address === null || typeof address === "string" ? 0 : address.port
      server.close(() => resume(Effect.succeed(port)))
    })
  })

export const layer = (
  options: Options
): Layer.Layer<WorkflowEngine.WorkflowEngine | Sharding | MessageStorage, SocketServerError, SqlClient.SqlClient> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const port = options.port ?? (yield* freePort(options.listenHost ?? options.host))
      const config = configuration({ ...options, port })
      const client = NodeClusterSocket.layerClientProtocol
      const runner = SocketRunner.layer.pipe(
        Layer.provide([NodeClusterSocket.layerSocketServer, client]),
        Layer.provide(RunnerHealth.layerPing.pipe(Layer.provide(Runners.layerRpc), Layer.provide(client))),
        Layer.provideMerge(Engine.recorded),
        Layer.provide(Messages.layer),
        Layer.provide(PostgresMessages.layer),
        Layer.provide(Layer.orDie(SqlRunnerStorage.layerStorage({}))),
        Layer.provide([NodeCrypto.layerDigest, config, RpcSerialization.layerSchemaBinary({})])
      )
      return ActivitiesInPlace.layer.pipe(
        Layer.provide(PostgresActivities.layer),
        Layer.provide(ClusterWorkflowEngine.layer),
        Layer.provideMerge(runner)
      )
    })
  )
