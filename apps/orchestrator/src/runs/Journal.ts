/** What the engine has stored of a run, for those who make it forget: it keeps everything for ever by itself. */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as EntityAddress from "effect/cluster/EntityAddress"
import * as EntityId from "effect/cluster/EntityId"
import * as EntityType from "effect/cluster/EntityType"
import { MessageStorage } from "effect/cluster/MessageStorage"
import * as ShardId from "effect/cluster/ShardId"
import { describe } from "@privx-kit/core/StorageFailed"
import { fromSqlite, sqliteError } from "../SqliteFailure.ts"
import { SetupWorkflow } from "../SetupWorkflow.ts"

/** The workflow's own messages, and those of its clocks. */
const entityTypes = [`Workflow/${SetupWorkflow._tag}`, "Workflow/-/DurableClock"].map((name) => EntityType.make(name))

/** Messages are cleared by entity; the shard, which only a runner knows, makes no difference to that. */
const shard = ShardId.make("default", 1)

/** Removes one attempt of a run: if it was under way, it is so no longer. */
export const forget = Effect.fn("Journal.forget")(function* (
  file: string,
  run: { readonly runId: string; readonly attempt: number; readonly target: string }
) {
  const storage = yield* MessageStorage
  const id = yield* SetupWorkflow.executionId({ ...run, inputs: {} })
  for (const entityType of entityTypes) {
    yield* storage
      .clearAddress(EntityAddress.make({ shardId: shard, entityType, entityId: EntityId.make(id) }))
      .pipe(
        Effect.mapError(({ cause }) =>
          sqliteError(cause) === undefined
            ? new StorageFailed({ path: file, reason: "other", detail: describe(cause) })
            : fromSqlite(file)(cause)
        )
      )
  }
})
