/**
 * What people ask of runs from other processes: to cancel one, to approve or reject its script. A request is a row beside
 * the run; the process that carries the run out sees it within `interval`, or at its next start, and notes that it did.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import * as RunRows from "./RunRows.ts"

/** How often a process looks for requests. */
export const interval = "200 millis"

export const Request = Schema.Struct({
  runId: Schema.String,
  attempt: Schema.Int,
  action: Schema.Literals(["cancel", "decide"]),
  /** Of a decision. */
  approved: Schema.NullOr(Schema.BooleanFromBit),
  by: Schema.String,
  at: Schema.DateTimeUtcFromMillis,
  comment: Schema.NullOr(Schema.String)
})

export type Request = typeof Request.Type

export class RunRequests extends Context.Service<
  RunRequests,
  {
    /** Answers whether it is new: of one kind, the first request of an attempt counts. */
    readonly ask: (request: {
      readonly runId: string
      readonly attempt: number
      readonly action: Request["action"]
      readonly approved?: boolean | undefined
      readonly by: string
      readonly comment?: string | undefined
    }) => Effect.Effect<boolean, StorageFailed>
    /** Who asks for a run to be cancelled asks it for its parts that are not over. */
    readonly cancelParts: (request: Request) => Effect.Effect<void, StorageFailed>
    /** Those that no process has acted on yet, the oldest first. */
    readonly open: Effect.Effect<ReadonlyArray<Request>, StorageFailed>
    /** All that ask to cancel, acted on or not. */
    readonly cancellations: Effect.Effect<ReadonlyArray<Request>, StorageFailed>
    /** What was decided of runs that are not over, acted on or not. */
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
        'run_id AS "runId", attempt, action, approved, asked_by AS by, asked_at AS at, comment'
      )
      return RunRequests.of({
        ask: Effect.fn("RunRequests.ask")(function* (request) {
          const now = yield* Clock.currentTimeMillis
          const approved = request.approved === undefined ? null : Number(request.approved)
          const inserted = yield* stored(sql`
            INSERT INTO run_requests (run_id, attempt, action, approved, asked_by, asked_at, comment)
            VALUES (${request.runId}, ${request.attempt}, ${request.action}, ${approved}, ${request.by}, ${now},
              ${request.comment ?? null})
            ON CONFLICT (run_id, attempt, action) DO NOTHING RETURNING run_id`)
          return inserted.length > 0
        }),
        cancelParts: Effect.fn("RunRequests.cancelParts")(function* ({ by, runId }) {
          const now = yield* Clock.currentTimeMillis
          yield* stored(sql`
            INSERT INTO run_requests (run_id, attempt, action, asked_by, asked_at)
            SELECT id, attempt, 'cancel', ${by}, ${now} FROM runs WHERE parent_id = ${runId} AND ended_at IS NULL
            ON CONFLICT (run_id, attempt, action) DO NOTHING`)
        }),
        open: read(sql`SELECT ${columns} FROM run_requests WHERE applied_at IS NULL ORDER BY asked_at`),
        cancellations: read(sql`SELECT ${columns} FROM run_requests WHERE action = 'cancel' ORDER BY asked_at`),
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
