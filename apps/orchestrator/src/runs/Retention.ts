/**
 * How long runs that are over are kept, and their removal: from the projection and from the engine's journal, which would
 * keep them for ever. Artifacts, manifests and approvals stay; they are evidence, and have commands of their own.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import * as Journal from "./Journal.ts"
import * as RunRows from "./RunRows.ts"

export interface Bound {
  /** So many of those that are over are kept, the latest. */
  readonly keep?: number | undefined
  /** Those that ended longer ago are not. */
  readonly olderThan?: Duration.Duration | undefined
}

/** What is kept at the start of a process without anybody asking. */
export const Retention = Context.Reference<Bound>("privx-kit/Retention", { defaultValue: () => ({ keep: 10_000 }) })

const Ended = Schema.Array(
  Schema.Struct({ id: Schema.String, kind: Schema.String, target: Schema.String, attempt: Schema.Int })
)

/** From so many on, an index is worth making. */
const many = 20

/**
 * Answers the ids of what was removed, or with `dryRun` of what would be. Runs that are not over always stay, and so do
 * their parts.
 */
export const prune = Effect.fn("Retention.prune")(function* (
  bound: Bound,
  options: { readonly dryRun?: boolean } = {}
): Effect.fn.Return<ReadonlyArray<string>, StorageFailed, SqlClient.SqlClient | Database | MessageStorage> {
  const sql = yield* SqlClient.SqlClient
  const { rows, stored } = RunRows.make(sql, yield* Database)
  const now = yield* Clock.currentTimeMillis
  const before = bound.olderThan === undefined ? -1 : now - Duration.toMillis(bound.olderThan)
  const kept = bound.keep === undefined ? sql`` : sql`LIMIT ${bound.keep}`
  const ended = yield* rows(Ended)(sql`
    SELECT id, kind, target, attempt FROM runs WHERE ended_at IS NOT NULL AND (ended_at < ${before} OR id NOT IN (
      SELECT id FROM runs WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, id ${kept}))
      AND (parent_id IS NULL OR parent_id NOT IN (SELECT id FROM runs WHERE ended_at IS NULL))
    ORDER BY ended_at, id`)
  if (options.dryRun === true || ended.length === 0) return ended.map(({ id }) => id)
  const remove = Effect.forEach(
    ended,
    Effect.fnUntraced(function* ({ attempt, id, kind, target }) {
      for (let number = 1; number <= attempt; number++) {
        yield* Journal.forget({ runId: id, kind, attempt: number, target })
      }
      // It may have been begun again in the meantime.
      yield* stored(sql`DELETE FROM runs WHERE id = ${id} AND ended_at IS NOT NULL AND attempt = ${attempt}`)
      // Others wait for the database, and for this process.
      yield* Effect.yieldNow
    }),
    { discard: true }
  )
  yield* ended.length < many
    ? remove
    : Effect.acquireUseRelease(
        // The engine has no use for it and would have to keep it up, message by message.
        stored(sql`CREATE INDEX IF NOT EXISTS privx_kit_prune ON cluster_messages (entity_id)`),
        () => remove,
        () => Effect.ignore(stored(sql`DROP INDEX IF EXISTS privx_kit_prune`))
      )
  return ended.map(({ id }) => id)
})
