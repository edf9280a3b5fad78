/**
 * The embedded engine: Effect's cluster workflow engine with one runner, in this process, on the database of the data
 * folder. It journals each run and each activity before it is carried out, and its result afterwards; what was under way
 * when a process died is carried out again by the next one.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import { MessageStorage } from "effect/cluster/MessageStorage"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { CrashPoints } from "./runs/CrashPoints.ts"
import * as ActivitiesInPlace from "./ActivitiesInPlace.ts"
import * as Activities from "./sqlite/Activities.ts"
import type { GroupCommit } from "./sqlite/GroupCommit.ts"
import * as Messages from "./Messages.ts"
import * as SqliteMessages from "./sqlite/Messages.ts"

const config = ShardingConfig.layer({
  // Part of what is stored: changing it strands the runs that are under way.
  shardsPerGroup: 16,
  // How soon a message from another process, e.g. a cancellation, is seen.
  entityMessagePollInterval: "250 millis",
  // A step that is interrupted is carried out again by the next process, so nothing is worth waiting for.
  entityTerminationTimeout: 0,
  // Messages stay in this process: encoding them again for a wire would only cost time.
  simulateRemoteSerialization: false
})

/** A journal with the crash points of the suite around each write. */
export const recorded = Layer.effect(
  MessageStorage,
  Effect.gen(function* () {
    const storage = yield* MessageStorage
    const crashPoint = yield* CrashPoints
    if (!crashPoint.active) return storage
    return MessageStorage.of({
      ...storage,
      saveRequest: (request) => crashPoint.around("journal.request", storage.saveRequest(request)),
      saveReply: (reply) => crashPoint.around("journal.reply", storage.saveReply(reply)),
      clearReplies: (id, options) => crashPoint.around("journal.clear", storage.clearReplies(id, options))
    })
  })
)

/** The engine's journal, what was asked of each run and what it answered, for whoever looks into it; needs no engine. */
export const journal: Layer.Layer<MessageStorage, never, SqlClient.SqlClient> = recorded.pipe(
  Layer.provide(SqlMessageStorage.layerStorage({})),
  Layer.provide([NodeCrypto.layerDigest, config])
)

/**
 * The parts of `SingleRunner.layer`, put together here because that one also reads its settings from the environment,
 * where names like `SHARDS_PER_GROUP` may stand for something else.
 */
const runner = Sharding.layer.pipe(
  Layer.provide(Runners.layerNoop),
  // A journal of its own: layers are made once, and those who look in have one that is slower.
  Layer.provideMerge(Layer.fresh(recorded)),
  Layer.provide(Messages.layer),
  Layer.provide(SqliteMessages.layer),
  // The lock on the data folder says who the one runner is; in memory, a dead runner leaves nothing to wait for.
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop, NodeCrypto.layerDigest, config])
)

export const layer: Layer.Layer<
  WorkflowEngine.WorkflowEngine | MessageStorage,
  never,
  SqlClient.SqlClient | GroupCommit
> = ActivitiesInPlace.layer.pipe(
  Layer.provide(Activities.layer),
  Layer.provide(ClusterWorkflowEngine.layer),
  Layer.provideMerge(runner)
)
