/**
 * The filter of a list of runs, as an SQL condition.
 *
 * @since 0.1.0
 */
import type * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import type { RunStatus } from "./Run.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Filter {
  readonly kind?: string | undefined
  readonly target?: string | undefined
  /** Only the parts of this run. */
  readonly parentId?: string | undefined
  /** Only runs that are not part of another run. */
  readonly whole?: boolean | undefined
  readonly status?: ReadonlyArray<RunStatus> | undefined
  /** Only runs that have not ended. */
  readonly unfinished?: boolean | undefined
  /** Created at this time or later, in milliseconds. */
  readonly since?: number | undefined
  /** Created before this time, in milliseconds. */
  readonly until?: number | undefined
  /** Ended at this time or later, in milliseconds. */
  readonly endedSince?: number | undefined
  /** Ended before this time, in milliseconds. */
  readonly endedUntil?: number | undefined
  /** Name, or display name, of the principal that submitted or retried it through a server. */
  readonly requestedBy?: string | undefined
  /** Part of the id, the host, the idempotency key or the failure; case does not count. */
  readonly text?: string | undefined
  /** Only runs that the list shows after the run with this position. */
  readonly after?: number | undefined
  readonly idempotencyKey?: string | undefined
  /** SHA-256 of the script. */
  readonly sha256?: string | undefined
  readonly limit?: number | undefined
  /** Whether to read results, which are much larger than the rest of a run. Default `true`. */
  readonly results?: boolean | undefined
}

/**
 * Makes the condition of a filter, for a `WHERE` clause on the table of runs.
 *
 * **Details**: text from outside is a parameter of the statement, and never a part of it.
 *
 * @example
 * ```ts
 * import * as RunFilter from "@privx-kit/runs/RunFilter"
 * import * as Effect from "effect/Effect"
 * import * as SqlClient from "effect/sql/SqlClient"
 *
 * export const failed = Effect.flatMap(SqlClient.SqlClient, (sql) =>
 *   sql`SELECT id FROM runs WHERE ${RunFilter.make(sql)({ status: ["failed"] })}`
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (sql: SqlClient.SqlClient): ((filter: Filter) => Statement.Fragment) => {
  const containing = (text: string): Statement.Fragment => {
    const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`
    return sql.or(
      ["id", "target", "idempotency_key", "failure"].map(
        (column) => sql`LOWER(${sql.literal(column)}) LIKE ${pattern} ESCAPE '\\'`
      )
    )
  }

  return (filter) => {
    const { after, endedSince, endedUntil, requestedBy, since, until } = filter
    return sql.and([
      ...(filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`]),
      ...(filter.parentId === undefined ? [] : [sql`parent_id = ${filter.parentId}`]),
      ...(filter.whole === true ? [sql`parent_id IS NULL`] : []),
      ...(filter.target === undefined ? [] : [sql`target = ${filter.target}`]),
      ...(filter.status === undefined || filter.status.length === 0 ? [] : [sql.in("status", filter.status)]),
      ...(since === undefined ? [] : [sql`created_at >= ${since}`]),
      ...(until === undefined ? [] : [sql`created_at < ${until}`]),
      ...(endedSince === undefined ? [] : [sql`ended_at >= ${endedSince}`]),
      ...(endedUntil === undefined ? [] : [sql`ended_at < ${endedUntil}`]),
      ...(filter.idempotencyKey === undefined ? [] : [sql`idempotency_key = ${filter.idempotencyKey}`]),
      ...(filter.sha256 === undefined ? [] : [sql`sha256 = ${filter.sha256}`]),
      ...(filter.unfinished === true ? [sql`ended_at IS NULL`] : []),
      ...(requestedBy === undefined
        ? []
        : [
            sql`EXISTS (SELECT 1 FROM run_requests WHERE run_id = runs.id AND action = 'submit'
              AND (asked_by = ${requestedBy}
                OR asked_by IN (SELECT name FROM display_names WHERE display_name = ${requestedBy})))`
          ]),
      ...(filter.text === undefined ? [] : [containing(filter.text)]),
      ...(after === undefined ? [] : [sql`position < ${after}`])
    ])
  }
}
