/**
 * The requesters of runs through the server: a row for each attempt that was submitted or retried there. It is removed
 * together with the run.
 */
import { RunId } from "@privx-kit/core/RunId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError } from "effect/sql/SqlError"
import { Database } from "@privx-kit/durable/Database"
import type { Run } from "@privx-kit/runs/Run"
import * as RunRows from "@privx-kit/runs/RunRows"

const Asked = Schema.Array(Schema.Struct({ runId: RunId, attempt: Schema.Int, by: Schema.String }))

export class RequesterLog extends Context.Service<
  RequesterLog,
  {
    /** Creates a run and records its requester in one transaction. */
    readonly recorded: <E, R>(
      by: string,
      put: Effect.Effect<Pick<Run, "id" | "attempt"> | undefined, E, R>
    ) => Effect.Effect<void, E | StorageFailed, R>
    /** The requesters of the current attempts of these runs, by id. */
    readonly of: (
      runs: ReadonlyArray<Pick<Run, "id" | "attempt">>
    ) => Effect.Effect<ReadonlyMap<string, string>, StorageFailed>
    /** All requesters of an attempt of a run or of its fleet run. */
    readonly askers: (runId: string) => Effect.Effect<ReadonlyArray<string>, StorageFailed>
  }
>()("privx-kit/server/RequesterLog") {
  static readonly layer: Layer.Layer<RequesterLog, never, SqlClient.SqlClient | Database> = Layer.effect(
    RequesterLog,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const database = yield* Database
      const { rows, stored } = RunRows.make(sql, database)
      const read = rows(Asked)
      return RequesterLog.of({
        recorded: Effect.fn("RequesterLog.recorded")(
          <E, R>(by: string, put: Effect.Effect<Pick<Run, "id" | "attempt"> | undefined, E, R>) =>
            Effect.gen(function* () {
              const run = yield* put
              if (run === undefined) return
              const now = yield* Clock.currentTimeMillis
              yield* stored(sql`
              INSERT INTO run_requests (run_id, attempt, action, approved, asked_by, asked_at, comment, applied_at)
              VALUES (${run.id}, ${run.attempt}, 'submit', NULL, ${by}, ${now}, NULL, ${now})
              ON CONFLICT (run_id, attempt, action) DO NOTHING`)
            }).pipe(
              sql.withTransaction,
              Effect.mapError((error) => (isSqlError(error) ? database.failure(error) : error))
            )
        ),
        of: Effect.fn("RequesterLog.of")(function* (runs) {
          if (runs.length === 0) return new Map()
          const ids = runs.map(({ id }) => id)
          const asked = yield* read(sql`
            SELECT run_id AS "runId", attempt, asked_by AS by FROM run_requests
            WHERE action = 'submit' AND ${sql.in("run_id", ids)}`)
          const current = new Map(runs.map(({ attempt, id }) => [id, attempt]))
          return new Map(
            asked.filter(({ attempt, runId }) => current.get(runId) === attempt).map(({ by, runId }) => [runId, by])
          )
        }),
        askers: Effect.fn("RequesterLog.askers")((runId) =>
          Effect.map(
            read(sql`
              SELECT run_id AS "runId", attempt, asked_by AS by FROM run_requests
              WHERE action = 'submit'
                AND (run_id = ${runId} OR run_id = (SELECT parent_id FROM runs WHERE id = ${runId}))`),
            (asked) => asked.map(({ by }) => by)
          )
        )
      })
    })
  )
}
