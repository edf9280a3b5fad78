/**
 * What the engine has stored of a run, and its removal: the engine itself never removes anything.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as EntityAddress from "effect/cluster/EntityAddress"
import * as EntityId from "effect/cluster/EntityId"
import * as EntityType from "effect/cluster/EntityType"
import { MessageStorage } from "effect/cluster/MessageStorage"
import * as ShardId from "effect/cluster/ShardId"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import type { Attempt, RunKind } from "./RunKinds.ts"

const clock = "Workflow/-/DurableClock"

const workflow = (kind: RunKind): string => `Workflow/${kind.workflow}`

/** Messages are found by entity. The shard, which only a runner knows, does not matter. */
const shard = ShardId.make("default", 1)

const addressOf = (entityType: string, executionId: string) =>
  EntityAddress.make({
    shardId: shard,
    entityType: EntityType.make(entityType),
    entityId: EntityId.make(executionId)
  })

/**
 * Returns whether the engine has not ended an attempt of a run yet.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import * as Journal from "@privx-kit/runs/Journal"
 * import type { RunKind } from "@privx-kit/runs/RunKinds"
 *
 * export const open = (kind: RunKind) => Journal.isOpen(kind, { runId: "0f8fad5b-d9cb-469f-a165-70867728950e", attempt: 1 })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const isOpen = Effect.fn("Journal.isOpen")(function* (
  kind: RunKind,
  run: Attempt
): Effect.fn.Return<boolean, StorageFailed, MessageStorage | Database> {
  const database = yield* Database
  const storage = yield* MessageStorage
  const address = addressOf(workflow(kind), yield* kind.executionId(run))
  return yield* storage.requestIdForPrimaryKey({ address, tag: "run", id: "" }).pipe(
    Effect.flatMap((found) =>
      found._tag === "None"
        ? Effect.succeed([])
        : Effect.map(storage.repliesForUnfiltered([found.value]), (replies) => [replies.at(-1)])
    ),
    Effect.mapError((error) => database.failure(error)),
    Effect.map((last) => last.length > 0 && last[0]?._tag !== "WithExit")
  )
})

/**
 * Removes an attempt of a run from the journal of the engine.
 *
 * **Gotchas**: only for a run that has ended. The engine would start another one from its beginning.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import * as Journal from "@privx-kit/runs/Journal"
 * import type { RunKind } from "@privx-kit/runs/RunKinds"
 *
 * export const forgotten = (kind: RunKind) => Journal.forget(kind, { runId: "0f8fad5b-d9cb-469f-a165-70867728950e", attempt: 1 })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const forget = Effect.fn("Journal.forget")(function* (kind: RunKind, run: Attempt) {
  const database = yield* Database
  const storage = yield* MessageStorage
  const id = yield* kind.executionId(run)
  const sql = yield* SqlClient.SqlClient
  yield* Effect.mapError(sql`DELETE FROM activity_exits WHERE execution_id = ${id}`, database.failure)
  // The messages of the workflow and of its clocks.
  for (const type of [workflow(kind), clock]) {
    yield* storage.clearAddress(addressOf(type, id)).pipe(Effect.mapError(({ cause }) => database.failure(cause)))
  }
})
