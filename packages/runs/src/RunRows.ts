/**
 * Reads runs from their tables. Reading needs no lock: any process may read while another executes runs.
 *
 * @since 0.1.0
 */
import { RunId } from "@privx-kit/core/RunId"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { Database } from "@privx-kit/durable/Database"
import { EarlierAttempt, Failures, Review, Run, RunStep } from "./Run.ts"

/**
 * Makes the functions with which the modules of the record read and write rows.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import * as RunRows from "@privx-kit/runs/RunRows"
 * import { Database } from "@privx-kit/durable/Database"
 * import * as Effect from "effect/Effect"
 * import * as SqlClient from "effect/sql/SqlClient"
 *
 * export const touched = Effect.gen(function* () {
 *   const sql = yield* SqlClient.SqlClient
 *   const { stored } = RunRows.make(sql, yield* Database)
 *   yield* stored(sql`UPDATE notes SET seen = 1`)
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (sql: SqlClient.SqlClient, database: Database["Service"]) => {
  const stored = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, StorageFailed> =>
    Effect.mapError(database.patient(effect), database.failure)

  const rows = <A, I>(schema: Schema.Codec<A, I>) => {
    const decode = Schema.decodeUnknownEffect(schema)
    return (statement: Effect.Effect<unknown, SqlError>): Effect.Effect<A, StorageFailed> =>
      Effect.flatMap(stored(statement), (rows) =>
        Effect.mapError(
          decode(rows),
          (error) => new StorageFailed({ path: database.name, reason: "damaged", detail: error.message })
        )
      )
  }

  const readRuns = rows(RunRows)
  const readSteps = rows(StepRows)
  const readEarlier = rows(EarlierRows)

  const stepsOf = (where: Statement.Fragment) =>
    readSteps(
      sql`
        SELECT run_id AS "runId", attempt, step AS name, status, attempts, started_at AS "startedAt",
          ended_at AS "endedAt", bytes, total_bytes AS "totalBytes", failures
        FROM run_steps WHERE ${where} ORDER BY run_id, attempt, position`
    )

  /**
   * Latest first.
   *
   * @param options.results whether to read results, which are much larger than the rest; default `true`
   */
  const find = Effect.fnUntraced(function* (
    where: Statement.Fragment,
    limit?: number,
    options: { readonly results?: boolean | undefined } = {}
  ) {
    const result = sql.literal(options.results === false ? "NULL AS result" : "result")
    const found = yield* readRuns(
      sql`
        SELECT id, kind, parent_id AS "parentId", target, inputs, idempotency_key AS "idempotencyKey", status, attempt,
          CAST(position AS DOUBLE PRECISION) AS position, created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt", sha256, review, ${result}, failure
        FROM runs WHERE ${where} ORDER BY runs.position DESC ${limit === undefined ? sql`` : sql`LIMIT ${limit}`}`
    )
    if (found.length === 0) return []
    const ids = found.map((row) => row.id)
    const steps = Map.groupBy(yield* stepsOf(sql.in("run_id", ids)), (step) => `${step.runId} ${step.attempt}`)
    const stepsAt = (runId: string, attempt: number): ReadonlyArray<RunStep> =>
      (steps.get(`${runId} ${attempt}`) ?? []).map(stripped)
    const retried = found.filter((row) => row.attempt > 1).map((row) => row.id)
    const earlier =
      retried.length === 0
        ? []
        : yield* readEarlier(
            sql`
              SELECT run_id AS "runId", attempt, status, started_at AS "startedAt", ended_at AS "endedAt", failure
              FROM run_attempts WHERE ${sql.in("run_id", retried)} ORDER BY run_id, attempt`
          )
    return found.map((row): Run => ({
      ...row,
      steps: stepsAt(row.id, row.attempt),
      earlier: earlier
        .filter(({ runId }) => runId === row.id)
        .map(({ runId, ...attempt }) => ({ ...attempt, steps: stepsAt(runId, attempt.attempt) }))
    }))
  })

  return {
    stored,
    rows,
    find,
    /** Of several times: a clock that was set back ends nothing before it started. */
    latest: sql.onDialectOrElse({ pg: () => sql.literal("GREATEST"), orElse: () => sql.literal("MAX") }),
    /** The steps of one attempt. */
    steps: (runId: string, attempt: number) =>
      Effect.map(stepsOf(sql`run_id = ${runId} AND attempt = ${attempt}`), (steps) => steps.map(stripped))
  }
}

const RunRows = Schema.Array(
  Schema.Struct({
    ...Run.mapFields(({ earlier: _, steps: __, ...fields }) => fields).fields,
    inputs: Schema.fromJsonString(Schema.Json),
    review: Schema.NullOr(Schema.fromJsonString(Review)),
    result: Schema.NullOr(Schema.fromJsonString(Schema.Json)),
    failure: Schema.NullOr(Schema.fromJsonString(Schema.Json))
  })
)

const StepRows = Schema.Array(
  Schema.Struct({
    ...RunStep.fields,
    runId: RunId,
    attempt: Schema.Int,
    failures: Schema.fromJsonString(Failures)
  })
)

const EarlierRows = Schema.Array(
  Schema.Struct({
    ...EarlierAttempt.mapFields(({ steps: _, ...fields }) => fields).fields,
    runId: RunId,
    failure: Schema.NullOr(Schema.fromJsonString(Schema.Json))
  })
)

const stripped = ({ attempt: _, runId: __, ...step }: (typeof StepRows.Type)[number]): RunStep => step
