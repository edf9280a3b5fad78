/**
 * The embedded engine: Effect's cluster workflow engine with one runner, in this process, on the database of the data
 * folder. It journals each run and each activity before it is carried out, and its result afterwards; what was under way
 * when a process died is carried out again by the next one.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"

/**
 * The parts of `SingleRunner.layer`, put together here because that one also reads its settings from the environment,
 * where names like `SHARDS_PER_GROUP` may stand for something else.
 */
const runner = Sharding.layer.pipe(
  Layer.provide(Runners.layerNoop),
  Layer.provideMerge(SqlMessageStorage.layerStorage({})),
  // The lock on the data folder says who the one runner is; in memory, a dead runner leaves nothing to wait for.
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop, NodeCrypto.layerDigest]),
  Layer.provide(
    ShardingConfig.layer({
      // Part of what is stored: changing it strands the runs that are under way.
      shardsPerGroup: 16,
      // How soon a message from another process, e.g. a cancellation, is seen.
      entityMessagePollInterval: "250 millis",
      // A step that is interrupted is carried out again by the next process, so nothing is worth waiting for.
      entityTerminationTimeout: 0,
      // Messages stay in this process: encoding them again for a wire would only cost time.
      simulateRemoteSerialization: false
    })
  )
)

export const layer: Layer.Layer<WorkflowEngine.WorkflowEngine, never, SqlClient.SqlClient> =
  ClusterWorkflowEngine.layer.pipe(Layer.provide(runner))
