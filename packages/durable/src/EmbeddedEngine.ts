/**
 * The embedded engine: Effect's cluster workflow engine with one runner, in this process, on the database of the data
 * directory. It journals each run before it is executed and each result afterwards. After a process has died, the next
 * one executes the unfinished steps again.
 *
 * @since 0.1.0
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
import { CrashPoints } from "./CrashPoints.ts"
import { ActivityJournal } from "./ActivityJournal.ts"
import * as InlineActivities from "./InlineActivities.ts"
import { JournalHealth, make as makeHealth, observeActivities, observeMessages } from "./JournalHealth.ts"
import * as SqliteActivityJournal from "./SqliteActivityJournal.ts"
import type { GroupCommit } from "./GroupCommit.ts"
import * as BufferedMessageStorage from "./BufferedMessageStorage.ts"
import * as SqliteMessages from "./SqliteMessageWriter.ts"

const config = ShardingConfig.layer({
  // Stored in the database: a change would strand unfinished runs.
  shardsPerGroup: 16,
  // How soon a message of another process, such as a cancellation, is seen.
  entityMessagePollInterval: "250 millis",
  // The next process executes an interrupted step again, so there is nothing to wait for.
  entityTerminationTimeout: 0,
  // Messages stay in this process: encoding them again for a wire would only cost time.
  simulateRemoteSerialization: false
})

/**
 * The journal with crash points around each write. Without crash points it is the journal itself.
 *
 * @example
 * ```ts
 * import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
 * import * as BufferedMessageStorage from "@privx-kit/durable/BufferedMessageStorage"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = EmbeddedEngine.recorded.pipe(Layer.provide(BufferedMessageStorage.layer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
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

/**
 * The journal of the engine, to read requests to runs and their replies. It needs no engine.
 *
 * **When to use**: in a process that reads or prunes runs and executes none.
 *
 * @example
 * ```ts
 * import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
 * import { DataDirectory } from "@privx-kit/durable/DataDirectory"
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = EmbeddedEngine.journal.pipe(
 *   Layer.provide(SqliteStorage.layer),
 *   Layer.provide(DataDirectory.layer("/var/lib/privx-kit"))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const journal: Layer.Layer<MessageStorage, never, SqlClient.SqlClient> = recorded.pipe(
  Layer.provide(SqlMessageStorage.layerStorage({})),
  Layer.provide([NodeCrypto.layerDigest, config])
)

/**
 * The parts of `SingleRunner.layer`, assembled here because that layer also reads its settings from the environment,
 * where names like `SHARDS_PER_GROUP` may belong to another program.
 */
const runner = Sharding.layer.pipe(
  Layer.provide(Runners.layerNoop),
  Layer.provideMerge(
    Layer.effect(
      MessageStorage,
      Effect.flatMap(JournalHealth, (health) =>
        Effect.map(MessageStorage, (storage) => observeMessages(storage, health))
      )
    )
  ),
  // A separate journal: a layer is built once, and the journal of readers is slower.
  Layer.provide(Layer.fresh(recorded)),
  Layer.provide(BufferedMessageStorage.layer),
  Layer.provide(SqliteMessages.layer),
  // The lock on the data directory decides which process is the one runner. Kept in memory, a dead runner leaves no lock behind.
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop, NodeCrypto.layerDigest, config])
)

/**
 * The engine of one process, on the database of the data directory.
 *
 * **When to use**: for durable workflows on one machine. `ClusterEngine` is for several.
 *
 * **Details**: an activity whose exit is committed is never executed again. After a process has died, the next one executes
 * the unfinished activities again.
 *
 * **Gotchas**: two engines on one file would both execute the runs. `DataDirectory.layer` keeps the second process out.
 *
 * @example
 * ```ts
 * import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
 * import { DataDirectory } from "@privx-kit/durable/DataDirectory"
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 * import * as Layer from "effect/Layer"
 *
 * export const engine = EmbeddedEngine.layer.pipe(
 *   Layer.provide(SqliteStorage.layer),
 *   Layer.provide(DataDirectory.layer("/var/lib/example"))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  WorkflowEngine.WorkflowEngine | MessageStorage,
  never,
  SqlClient.SqlClient | GroupCommit
> = InlineActivities.layer.pipe(
  Layer.provide(
    Layer.effect(
      ActivityJournal,
      Effect.flatMap(JournalHealth, (health) =>
        Effect.map(ActivityJournal, (journal) => observeActivities(journal, health))
      )
    )
  ),
  Layer.provide(SqliteActivityJournal.layer),
  Layer.provide(ClusterWorkflowEngine.layer),
  Layer.provideMerge(runner),
  Layer.provideMerge(Layer.sync(JournalHealth, makeHealth))
)
