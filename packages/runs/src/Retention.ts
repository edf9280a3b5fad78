/**
 * How long ended runs are kept, and their removal from the record and from the engine's journal, which would otherwise
 * keep them forever. Artifacts, manifests and approvals stay: they are evidence, and have commands of their own.
 *
 * @since 0.1.0
 */
import { RunId } from "@privx-kit/core/RunId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import * as Journal from "./Journal.ts"
import { RunKinds } from "./RunKinds.ts"
import * as RunRows from "./RunRows.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Bound {
  /** How many ended runs are kept, the latest first. */
  readonly keep?: number | undefined
  /** Runs that ended longer ago are removed. */
  readonly olderThan?: Duration.Duration | undefined
}

/**
 * The retention that is applied when a process starts.
 *
 * @since 0.1.0
 * @category references
 */
export const Retention = Context.Reference<Bound>("privx-kit/Retention", { defaultValue: () => ({ keep: 10_000 }) })

const Ended = Schema.Array(Schema.Struct({ id: RunId, kind: Schema.String, attempt: Schema.Int }))

/** From this number of runs, an index pays off. */
const many = 20

/**
 * Removes ended runs beyond a bound, from the record and from the journal of the engine.
 *
 * **Details**: parts of a run that has not ended stay, and so do runs of kinds that this process does not know. Artifacts
 * and manifests stay.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @param options.dryRun only say what would be removed
 * @returns the ids of the runs
 *
 * @example
 * ```ts
 * import * as Retention from "@privx-kit/runs/Retention"
 * import * as Duration from "effect/Duration"
 *
 * export const removed = Retention.prune({ keep: 1000, olderThan: Duration.days(90) }, { dryRun: true })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const prune = Effect.fn("Retention.prune")(function* (
  bound: Bound,
  options: { readonly dryRun?: boolean } = {}
): Effect.fn.Return<ReadonlyArray<string>, StorageFailed, SqlClient.SqlClient | Database | MessageStorage | RunKinds> {
  const sql = yield* SqlClient.SqlClient
  const kinds = yield* RunKinds
  const { rows, stored } = RunRows.make(sql, yield* Database)
  const now = yield* Clock.currentTimeMillis
  const before = bound.olderThan === undefined ? -1 : now - Duration.toMillis(bound.olderThan)
  const kept = bound.keep === undefined ? sql`` : sql`LIMIT ${bound.keep}`
  const ended = yield* rows(Ended)(sql`
    SELECT id, kind, attempt FROM runs WHERE ended_at IS NOT NULL AND (ended_at < ${before} OR id NOT IN (
      SELECT id FROM runs WHERE ended_at IS NOT NULL ORDER BY end_position DESC, position DESC ${kept}))
      AND ${sql.in(
        "kind",
        kinds.all.map(({ name }) => name)
      )}
      AND (parent_id IS NULL OR parent_id NOT IN (SELECT id FROM runs WHERE ended_at IS NULL))
    ORDER BY end_position, position`)
  if (options.dryRun === true || ended.length === 0) return ended.map(({ id }) => id)
  const remove = Effect.forEach(
    ended,
    Effect.fnUntraced(function* ({ attempt, id, kind }) {
      const known = kinds.find(kind)
      if (known === undefined) return
      for (let number = 1; number <= attempt; number++) {
        yield* Journal.forget(known, { runId: id, attempt: number })
      }
      // It may have been retried in the meantime.
      yield* stored(sql`DELETE FROM runs WHERE id = ${id} AND ended_at IS NOT NULL AND attempt = ${attempt}`)
      // Yields to others that wait for the database or for this process.
      yield* Effect.yieldNow
    }),
    { discard: true }
  )
  // In Postgres the index exists already, and creating one takes the privileges of the owner.
  const isShared = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
  yield* isShared || ended.length < many
    ? remove
    : Effect.acquireUseRelease(
        // The engine does not use the index and would have to update it with each message.
        stored(sql`CREATE INDEX IF NOT EXISTS privx_kit_prune ON cluster_messages (entity_id)`),
        () => remove,
        () => Effect.ignore(stored(sql`DROP INDEX IF EXISTS privx_kit_prune`))
      )
  return ended.map(({ id }) => id)
})
