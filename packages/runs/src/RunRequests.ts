/**
 * Requests for runs from other processes: to cancel a run, to approve or reject its script. A request is a row in a
 * separate table. The process that executes the run sees it within `interval`, or at its next start, and marks it as
 * applied.
 *
 * @since 0.1.0
 */
import { RunId } from "@privx-kit/core/RunId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import * as RunRows from "./RunRows.ts"

/**
 * How often a process reads the requests.
 *
 * @since 0.1.0
 * @category constants
 */
export const interval = "200 millis"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Request = Schema.Struct({
  runId: RunId,
  attempt: Schema.Int,
  action: Schema.Literals(["cancel", "decide"]),
  /** For a decision: whether the script was approved. */
  approved: Schema.NullOr(Schema.BooleanFromBit),
  /** For a decision: the SHA-256 of its script. */
  sha256: Schema.NullOr(Schema.String),
  by: Schema.String,
  at: Schema.DateTimeUtcFromMillis,
  comment: Schema.NullOr(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Request = typeof Request.Type

/**
 * Records what people ask of runs: to cancel one, or a decision about its script.
 *
 * **Details**: only the first request of each kind counts for an attempt. `RunActions` has the rules of who may ask for
 * what, and when.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import { RunRequests } from "@privx-kit/runs/RunRequests"
 *
 * export const open = RunRequests.use((requests) => requests.open)
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class RunRequests extends Context.Service<
  RunRequests,
  {
    /** Returns whether the request is new: only the first request of each kind counts for an attempt. */
    readonly ask: (request: {
      readonly runId: string
      readonly attempt: number
      readonly action: Request["action"]
      readonly approved?: boolean | undefined
      readonly sha256?: string | undefined
      readonly by: string
      readonly comment?: string | undefined
    }) => Effect.Effect<boolean, StorageFailed>
    /** A request to cancel a run also cancels its unfinished parts. */
    readonly cancelParts: (request: Request) => Effect.Effect<void, StorageFailed>
    /** All requests about one attempt of a run, applied or not. */
    readonly of: (runId: string, attempt: number) => Effect.Effect<ReadonlyArray<Request>, StorageFailed>
    /** Requests that no process has applied yet, oldest first. */
    readonly open: Effect.Effect<ReadonlyArray<Request>, StorageFailed>
    /** All cancellation requests, applied or not. */
    readonly cancellations: Effect.Effect<ReadonlyArray<Request>, StorageFailed>
    /** All decisions about unfinished runs, applied or not. */
    readonly decisions: Effect.Effect<ReadonlyArray<Request>, StorageFailed>
    readonly remove: (request: Request) => Effect.Effect<void, StorageFailed>
    readonly applied: (request: Request) => Effect.Effect<void, StorageFailed>
  }
>()("privx-kit/RunRequests") {
  static readonly layer: Layer.Layer<RunRequests, never, SqlClient.SqlClient | Database> = Layer.effect(
    RunRequests,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { rows, stored } = RunRows.make(sql, yield* Database)
      const read = rows(Schema.Array(Request))
      const columns = sql.literal(
        'run_id AS "runId", attempt, action, approved, sha256, asked_by AS by, asked_at AS at, comment'
      )
      return RunRequests.of({
        ask: Effect.fn("RunRequests.ask")(function* (request) {
          const now = yield* Clock.currentTimeMillis
          const approved = request.approved === undefined ? null : Number(request.approved)
          const inserted = yield* stored(sql`
            INSERT INTO run_requests (run_id, attempt, action, approved, sha256, asked_by, asked_at, comment)
            VALUES (${request.runId}, ${request.attempt}, ${request.action}, ${approved}, ${request.sha256 ?? null},
              ${request.by}, ${now}, ${request.comment ?? null})
            ON CONFLICT (run_id, attempt, action) DO NOTHING RETURNING run_id`)
          return inserted.length > 0
        }),
        cancelParts: Effect.fn("RunRequests.cancelParts")(function* ({ by, comment, runId }) {
          const now = yield* Clock.currentTimeMillis
          yield* stored(sql`
            INSERT INTO run_requests (run_id, attempt, action, asked_by, asked_at, comment)
            SELECT id, attempt, 'cancel', ${by}, ${now}, ${comment} FROM runs WHERE parent_id = ${runId} AND ended_at IS NULL
            ON CONFLICT (run_id, attempt, action) DO NOTHING`)
        }),
        of: Effect.fn("RunRequests.of")((runId: string, attempt: number) =>
          read(sql`
            SELECT ${columns} FROM run_requests
            WHERE run_id = ${runId} AND attempt = ${attempt} AND action IN ('cancel', 'decide')`)
        ),
        open: read(sql`SELECT ${columns} FROM run_requests WHERE applied_at IS NULL ORDER BY position`),
        cancellations: read(sql`SELECT ${columns} FROM run_requests WHERE action = 'cancel' ORDER BY position`),
        decisions: read(sql`
          SELECT ${columns} FROM run_requests
          WHERE action = 'decide' AND run_id IN (SELECT id FROM runs WHERE ended_at IS NULL)`),
        remove: Effect.fn("RunRequests.remove")(({ action, attempt, runId }) =>
          Effect.asVoid(
            stored(sql`
              DELETE FROM run_requests WHERE run_id = ${runId} AND attempt = ${attempt} AND action = ${action}`)
          )
        ),
        applied: Effect.fn("RunRequests.applied")(function* ({ action, attempt, runId }) {
          const now = yield* Clock.currentTimeMillis
          yield* stored(sql`
            UPDATE run_requests SET applied_at = ${now}
            WHERE run_id = ${runId} AND attempt = ${attempt} AND action = ${action}`)
        })
      })
    })
  )
}
