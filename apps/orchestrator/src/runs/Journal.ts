/** What the engine has stored of a run, for those who make it forget: it keeps everything for ever by itself. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as EntityAddress from "effect/cluster/EntityAddress"
import * as EntityId from "effect/cluster/EntityId"
import * as EntityType from "effect/cluster/EntityType"
import { MessageStorage } from "effect/cluster/MessageStorage"
import * as ShardId from "effect/cluster/ShardId"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import * as RunKinds from "./RunKinds.ts"

const workflow = (run: RunKinds.Attempt): string => `Workflow/${RunKinds.of(run).tag}`

const clock = "Workflow/-/DurableClock"

const executionId = (run: RunKinds.Attempt) => RunKinds.of(run).executionId(run)

/** Messages are found by entity; the shard, which only a runner knows, makes no difference to that. */
const shard = ShardId.make("default", 1)

const addressOf = (entityType: string, executionId: string) =>
  EntityAddress.make({
    shardId: shard,
    entityType: EntityType.make(entityType),
    entityId: EntityId.make(executionId)
  })

/** Whether the engine has that attempt of a run and does not know of its end. */
export const isOpen = Effect.fn("Journal.isOpen")(function* (
  run: RunKinds.Attempt
): Effect.fn.Return<boolean, StorageFailed, MessageStorage | Database> {
  const database = yield* Database
  const storage = yield* MessageStorage
  const address = addressOf(workflow(run), yield* executionId(run))
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

/** Removes one attempt of a run: if it was under way, it is so no longer. */
export const forget = Effect.fn("Journal.forget")(function* (run: RunKinds.Attempt) {
  const database = yield* Database
  const storage = yield* MessageStorage
  const id = yield* executionId(run)
  const sql = yield* SqlClient.SqlClient
  yield* Effect.mapError(sql`DELETE FROM activity_exits WHERE execution_id = ${id}`, database.failure)
  // The workflow's own messages, and those of its clocks.
  for (const entityType of [workflow(run), clock]) {
    yield* storage.clearAddress(addressOf(entityType, id)).pipe(Effect.mapError(({ cause }) => database.failure(cause)))
  }
})
