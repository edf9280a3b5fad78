/**
 * The record of runs that people and programs read. It is a projection: steps write it as they execute, and every write
 * can be repeated, so that steps that are executed again after a crash correct it.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Array from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import { Database } from "@privx-kit/durable/Database"
import { StatementBatch } from "@privx-kit/durable/SqliteClient"
import { CrashPoints } from "@privx-kit/durable/CrashPoints"
import { Review, type Run, type RunStatus, type RunStep } from "./Run.ts"
import * as RunFilter from "./RunFilter.ts"
import * as RunRows from "./RunRows.ts"

/**
 * A step as it is written: times in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface StepRecord extends Omit<RunStep, "startedAt" | "endedAt"> {
  /** Steps are listed in the order of their positions, in which they started. */
  readonly position: number
  readonly startedAt: number
  readonly endedAt: number | null
}

/**
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | { readonly status: "succeeded"; readonly result: Schema.Json }
  | { readonly status: "failed" | "cancelled"; readonly failure: Schema.Json }

/**
 * The record of runs: their inputs, steps, ends, and who waits for what.
 *
 * **When to use**: to read runs. `RunExecutor` and `RunSubmission` start them, `RunActions` acts on them.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import { Runs } from "@privx-kit/runs/Runs"
 *
 * export const waiting = Runs.use((runs) => runs.list({ status: ["waiting"], limit: 20 }))
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class Runs extends Context.Service<
  Runs,
  {
    /**
     * Records a run that its creator executes at once, or with `queued` one to claim. Returns `false` and changes
     * nothing if a run has that id or idempotency key.
     */
    readonly create: (run: {
      readonly id: string
      readonly kind: string
      readonly target: string
      readonly inputs: Schema.Json
      /** The run that this one is a part of. */
      readonly parentId?: string | undefined
      readonly queued?: boolean | undefined
      /** Unique for each kind and target. */
      readonly idempotencyKey?: string | undefined
    }) => Effect.Effect<boolean, StorageFailed>
    /** Claims up to `limit` queued runs, oldest first. A claim expires after ten seconds, or when the clock is set. */
    readonly claim: (limit: number) => Effect.Effect<ReadonlyArray<Run>, StorageFailed>
    /** Which of these runs have ended, wait for a person, or no longer exist. */
    readonly settled: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, StorageFailed>
    readonly get: (id: string) => Effect.Effect<Run | undefined, StorageFailed>
    /** The task of a run; `undefined` if no such run exists. */
    readonly task: (
      id: string
    ) => Effect.Effect<{ readonly target: string; readonly inputs: Schema.Json } | undefined, StorageFailed>
    /** Ids with the given prefix, at most `limit`; a complete id gives one. */
    readonly idsLike: (beginning: string, limit: number) => Effect.Effect<ReadonlyArray<string>, StorageFailed>
    /** Latest first. */
    readonly list: (filter?: RunFilter.Filter) => Effect.Effect<ReadonlyArray<Run>, StorageFailed>
    /** The number of runs of each status; statuses without a run are left out. */
    readonly counts: (
      filter?: Omit<RunFilter.Filter, "limit" | "after">
    ) => Effect.Effect<Readonly<Partial<Record<RunStatus, number>>>, StorageFailed>
    /** What is shown of a script that waits for a decision, its verification report included; `undefined` if the run never waited. */
    readonly report: (id: string) => Effect.Effect<Schema.Json | undefined, StorageFailed>
    /**
     * Records that a process starts or resumes the run. Returns whether it is resumed, and its steps so far; or its
     * end, if a process recorded that and died before the engine journaled it.
     */
    readonly begin: (
      id: string,
      attempt: number
    ) => Effect.Effect<
      { readonly resumed: boolean; readonly steps: ReadonlyArray<RunStep>; readonly ended: Run | undefined },
      StorageFailed
    >
    readonly saveSteps: (
      id: string,
      attempt: number,
      steps: Array.NonEmptyReadonlyArray<StepRecord>
    ) => Effect.Effect<void, StorageFailed>
    /** Records the script and how it compares with the reference. If it requires an approval, the run now waits. */
    readonly reviewed: (
      id: string,
      review: {
        readonly sha256: string
        readonly review: Review
        readonly steps: ReadonlyArray<StepRecord>
        /** The verification report and what else is shown to the person who decides. */
        readonly report: Schema.Json
      },
      attempt: number
    ) => Effect.Effect<void, StorageFailed>
    /**
     * Records the end in one transaction. Returns `false` and changes nothing if an end is already recorded or a later
     * attempt has started.
     */
    readonly end: (
      id: string,
      outcome: Outcome,
      rest?: {
        readonly attempt: number
        readonly steps: ReadonlyArray<StepRecord>
        readonly sha256?: string
        readonly review?: Review
      }
    ) => Effect.Effect<boolean, StorageFailed>
    /**
     * Prepares a run that failed or was cancelled for another attempt, by the caller or, with `queued`, by the process that
     * claims it. The earlier attempt stays on record. Returns the run, or `undefined` if it has not ended or has succeeded.
     */
    readonly retry: (
      id: string,
      options?: { readonly queued: boolean }
    ) => Effect.Effect<Run | undefined, StorageFailed>
    /** Writes a probe: fails when the database can no longer be written. */
    readonly probe: Effect.Effect<void, StorageFailed>
    /**
     * Turns `running` into `interrupted`, since no process is executing a run. Only for the process that has locked the
     * data directory.
     */
    readonly interruptAll: Effect.Effect<void, StorageFailed>
  }
>()("privx-kit/Runs") {
  static readonly layer: Layer.Layer<Runs, never, SqlClient.SqlClient | Database> = Layer.effect(
    Runs,
    Effect.gen(function* () {
      return make(yield* SqlClient.SqlClient, yield* Database, yield* CrashPoints, yield* StatementBatch)
    })
  )
}

const TaskRows = Schema.Array(Schema.Struct({ target: Schema.String, inputs: Schema.fromJsonString(Schema.Json) }))

const ReportRows = Schema.Array(Schema.Struct({ report: Schema.fromJsonString(Schema.Json) }))

/** In milliseconds. */
const claimLasts = 10_000

const make = (
  sql: SqlClient.SqlClient,
  database: Database["Service"],
  crashPoint: CrashPoints,
  together: typeof StatementBatch.Service
): Runs["Service"] => {
  const { find, latest, rows, stored, steps: stepsOf } = RunRows.make(sql, database)
  const tasks = rows(TaskRows)
  const reports = rows(ReportRows)
  const matching = RunFilter.make(sql)

  /**
   * An ended step stays ended: a process that executes it again without knowing that writes nothing before the step
   * ends again.
   */
  const replaceStep = sql.literal(
    "DO UPDATE SET status = excluded.status, attempts = excluded.attempts, started_at = excluded.started_at, " +
      "ended_at = excluded.ended_at, bytes = excluded.bytes, total_bytes = excluded.total_bytes, failures = excluded.failures"
  )

  const writeSteps = (id: string, attempt: number, steps: Array.NonEmptyReadonlyArray<StepRecord>) => {
    const rows = Array.map(steps, (step) => ({
      run_id: id,
      attempt,
      step: step.name,
      position: step.position,
      status: step.status,
      attempts: step.attempts,
      started_at: step.startedAt,
      ended_at: step.endedAt,
      bytes: step.bytes,
      total_bytes: step.totalBytes,
      failures: JSON.stringify(step.failures)
    }))
    return sql`
      INSERT INTO run_steps ${sql.insert(rows)}
      ON CONFLICT (run_id, attempt, step) ${replaceStep}
      WHERE run_steps.ended_at IS NULL OR excluded.ended_at IS NOT NULL`
  }

  /** Writes the steps of an attempt whose end `update` records, in one statement. */
  const endWithSteps = (update: Statement.Fragment, id: string, steps: ReadonlyArray<StepRecord>) => {
    const rows = steps.map(({ failures, ...step }) => ({ ...step, failures: JSON.stringify(failures) }))
    return sql<{ attempt: number }>`
      WITH ended AS (${update}), written AS (
      INSERT INTO run_steps (run_id, attempt, step, position, status, attempts, started_at, ended_at, bytes, total_bytes, failures)
      SELECT ${id}, ended.attempt, step.name, step.position, step.status, step.attempts, step."startedAt", step."endedAt", step.bytes,
        step."totalBytes", step.failures
      FROM ended, json_to_recordset(${JSON.stringify(rows)}::json) AS step (name TEXT, position INTEGER, status TEXT, attempts INTEGER,
        "startedAt" DOUBLE PRECISION, "endedAt" DOUBLE PRECISION, bytes DOUBLE PRECISION, "totalBytes" DOUBLE PRECISION, failures TEXT)
      ON CONFLICT (run_id, attempt, step) ${replaceStep})
      SELECT attempt FROM ended`
  }

  /** Surrounds a write with crash points, at which the crash suite kills the process. */
  const writing = <A, E>(name: string, write: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    crashPoint.around(`projection.${name}`, write)

  return Runs.of({
    create: Effect.fn("Runs.create")(function* (run) {
      const createdAt = yield* Clock.currentTimeMillis
      const created = yield* writing(
        "create",
        stored(sql`
          INSERT INTO runs ${sql.insert({
            id: run.id,
            kind: run.kind,
            parent_id: run.parentId ?? null,
            target: run.target,
            inputs: JSON.stringify(run.inputs),
            idempotency_key: run.idempotencyKey ?? null,
            created_at: createdAt,
            ...(run.queued === true
              ? { status: "queued", started_at: null, starts: 0 }
              : { status: "running", started_at: createdAt, starts: 1 })
          })} ON CONFLICT DO NOTHING RETURNING id`)
      )
      return created.length > 0
    }),
    claim: Effect.fn("Runs.claim")(function* (limit: number) {
      const now = yield* Clock.currentTimeMillis
      const locking = sql.onDialectOrElse({ pg: () => sql`FOR UPDATE SKIP LOCKED`, orElse: () => sql`` })
      const taken = yield* stored(sql<{ id: string }>`
        UPDATE runs SET claimed_at = ${now} WHERE id IN (
          SELECT id FROM runs
          WHERE status = 'queued' AND (claimed_at IS NULL OR claimed_at NOT BETWEEN ${now - claimLasts} AND ${now + claimLasts})
          ORDER BY position LIMIT ${limit} ${locking})
        RETURNING id`)
      if (taken.length === 0) return []
      const runs = yield* find(
        sql.in(
          "id",
          taken.map(({ id }) => id)
        )
      )
      return runs.toReversed()
    }),
    settled: Effect.fn("Runs.settled")((ids) =>
      ids.length === 0
        ? Effect.succeed([])
        : Effect.map(
            stored(sql<{ id: string }>`
              SELECT id FROM runs WHERE ${sql.in("id", ids)} AND ended_at IS NULL AND status <> 'waiting'`),
            (open) => {
              const still = new Set(open.map(({ id }) => id))
              return ids.filter((id) => !still.has(id))
            }
          )
    ),
    get: Effect.fn("Runs.get")(function* (id: string) {
      return (yield* find(sql`id = ${id}`, 1))[0]
    }),
    task: Effect.fn("Runs.task")(function* (id: string) {
      return (yield* tasks(sql`SELECT target, inputs FROM runs WHERE id = ${id}`))[0]
    }),
    idsLike: Effect.fn("Runs.idsLike")((beginning: string, limit: number) =>
      stored(
        // A range instead of LIKE: the primary key serves it, and no character of an id is a wildcard.
        sql<{ id: string }>`
          SELECT id FROM runs WHERE id = ${beginning} OR (id > ${beginning} AND id < ${`${beginning}\u{10ffff}`})
          ORDER BY id LIMIT ${limit}`
      ).pipe(Effect.map((rows) => (rows[0]?.id === beginning ? [beginning] : rows.map(({ id }) => id))))
    ),
    list: Effect.fn("Runs.list")((filter = {}) => find(matching(filter), filter.limit, { results: filter.results })),
    counts: Effect.fn("Runs.counts")((filter = {}) =>
      Effect.map(
        stored(sql<{ status: RunStatus; count: number }>`
          SELECT status, CAST(count(*) AS DOUBLE PRECISION) AS count FROM runs WHERE ${matching(filter)} GROUP BY status`),
        (found) => Object.fromEntries(found.map(({ count, status }) => [status, count]))
      )
    ),
    report: Effect.fn("Runs.report")(function* (id: string) {
      return (yield* reports(sql`SELECT report FROM runs WHERE id = ${id} AND report IS NOT NULL`))[0]?.report
    }),
    begin: Effect.fn("Runs.begin")(function* (id: string, attempt: number) {
      const now = yield* Clock.currentTimeMillis
      const [row] = yield* writing(
        "begin",
        stored(sql<{ starts: number }>`
          UPDATE runs SET status = 'running', started_at = COALESCE(started_at, ${latest}(${now}, created_at)), starts = starts + 1
          WHERE id = ${id} AND attempt = ${attempt} AND ended_at IS NULL RETURNING starts`)
      )
      if (row === undefined) {
        const [ended] = yield* find(sql`id = ${id} AND attempt = ${attempt}`, 1)
        return { resumed: true, steps: ended?.steps ?? [], ended }
      }
      const resumed = row.starts > 1
      return { resumed, steps: resumed ? yield* stepsOf(id, attempt) : [], ended: undefined }
    }),
    saveSteps: Effect.fn("Runs.saveSteps")((id, attempt, steps) =>
      writing("saveSteps", stored(writeSteps(id, attempt, steps)))
    ),
    reviewed: Effect.fn("Runs.reviewed")((id, { report, review, sha256, steps }, attempt) =>
      writing(
        "reviewed",
        stored(
          sql.withTransaction(
            Effect.andThen(
              sql`
                UPDATE runs SET sha256 = ${sha256}, review = ${encodeReview(review)}, report = ${JSON.stringify(report)},
                  status = ${review.required && review.decision === null ? "waiting" : "running"}
                WHERE id = ${id} AND attempt = ${attempt} AND ended_at IS NULL`,
              Array.isReadonlyArrayNonEmpty(steps) ? Effect.asVoid(writeSteps(id, attempt, steps)) : Effect.void
            )
          )
        )
      )
    ),
    end: Effect.fn("Runs.end")(function* (id, outcome, rest) {
      const now = yield* Clock.currentTimeMillis
      const result = outcome.status === "succeeded" ? JSON.stringify(outcome.result) : null
      const failure = outcome.status === "succeeded" ? null : JSON.stringify(outcome.failure)
      const review = rest?.review === undefined ? null : encodeReview(rest.review)
      const update = sql<{ attempt: number }>`
        UPDATE runs SET status = ${outcome.status}, result = ${result}, failure = ${failure},
          ended_at = ${latest}(${now}, created_at, COALESCE(started_at, created_at)),
          end_position = (SELECT COALESCE(MAX(end_position), 0) + 1 FROM runs),
          sha256 = COALESCE(${rest?.sha256 ?? null}, sha256), review = COALESCE(${review}, review)
        WHERE id = ${id} AND ended_at IS NULL ${rest === undefined ? sql`` : sql`AND attempt = ${rest.attempt}`}
        RETURNING attempt`
      const follow = (attempt: number) => {
        if (rest !== undefined) {
          return Array.isReadonlyArrayNonEmpty(rest.steps) ? writeSteps(id, attempt, rest.steps) : undefined
        }
        // Steps that no recorder follows end with the run.
        return sql`
          UPDATE run_steps SET status = ${outcome.status}, ended_at = ${latest}(${now}, started_at)
          WHERE run_id = ${id} AND attempt = ${attempt} AND ended_at IS NULL`
      }
      const inPostgres = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
      const ended =
        inPostgres && rest !== undefined
          ? Effect.map(endWithSteps(update, id, rest.steps), (rows) => rows.length > 0)
          : together === undefined
            ? sql.withTransaction(
                Effect.gen(function* () {
                  const [row] = yield* update
                  const rest = row === undefined ? undefined : follow(row.attempt)
                  if (rest !== undefined) yield* rest
                  return row !== undefined
                })
              )
            : together((execute) => {
                const [row] = execute(update)
                const rest = row === undefined ? undefined : follow(Number(row["attempt"]))
                if (rest !== undefined) execute(rest)
                return row !== undefined
              })
      return yield* writing("end", stored(ended))
    }),
    retry: Effect.fn("Runs.retry")((id: string, { queued } = { queued: false }) =>
      stored(
        sql.withTransaction(
          Effect.gen(function* () {
            const over = sql`id = ${id} AND ended_at IS NOT NULL AND status IN ('failed', 'cancelled')`
            yield* sql`
              INSERT INTO run_attempts (run_id, attempt, status, started_at, ended_at, failure)
              SELECT id, attempt, status, started_at, ended_at, failure FROM runs WHERE ${over}
              ON CONFLICT (run_id, attempt) DO NOTHING`
            return yield* sql<{ id: string }>`
              UPDATE runs SET attempt = attempt + 1, status = ${queued ? "queued" : "running"}, claimed_at = NULL,
                started_at = NULL, ended_at = NULL, end_position = NULL, result = NULL,
                failure = NULL, review = NULL, report = NULL, sha256 = NULL, starts = 0
              WHERE ${over} RETURNING id`
          })
        )
      ).pipe(
        Effect.flatMap((rows) =>
          rows.length === 0 ? Effect.undefined : Effect.map(find(sql`id = ${id}`, 1), (runs) => runs[0])
        )
      )
    ),
    probe: Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.asVoid(
        stored(sql`
          INSERT INTO storage_probe (id, probed_at) VALUES (1, ${now})
          ON CONFLICT (id) DO UPDATE SET probed_at = excluded.probed_at`)
      )
    ),
    interruptAll: Effect.andThen(
      stored(sql`UPDATE run_steps SET status = 'interrupted' WHERE status = 'running'
        AND run_id IN (SELECT id FROM runs WHERE ended_at IS NULL)`),
      stored(sql`UPDATE runs SET status = 'interrupted' WHERE status = 'running' AND ended_at IS NULL`).pipe(
        // The process that claimed them is gone, so there is no claim to wait for.
        Effect.andThen(
          stored(sql`UPDATE runs SET claimed_at = NULL WHERE status = 'queued' AND claimed_at IS NOT NULL`)
        )
      )
    ).pipe(Effect.asVoid, Effect.withSpan("Runs.interruptAll"))
  })
}

const encodeReview = Schema.encodeSync(Schema.fromJsonString(Review))
