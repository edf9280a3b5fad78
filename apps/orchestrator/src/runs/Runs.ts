/**
 * What is known of each run, for people and programs to look at: the engine keeps its journal for itself, has no list and
 * no history. This is a projection: the steps write it as they go, and every write can be repeated, so that after a crash
 * the steps that are carried out again put it right.
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
import { Database } from "../Database.ts"
import { Together } from "../sqlite/Client.ts"
import { CrashPoints } from "./CrashPoints.ts"
import { Review, type Run, type RunStatus, type RunStep, type StepName } from "./Run.ts"
import * as RunRows from "./RunRows.ts"

/** A step as it is written: times in milliseconds. */
export interface StepRecord {
  readonly name: StepName
  readonly status: RunStatus
  readonly attempts: number
  readonly startedAt: number
  readonly endedAt: number | null
  readonly bytes: number | null
  readonly failures: Readonly<Record<string, number>>
}

export interface Filter {
  readonly kind?: string | undefined
  readonly target?: string | undefined
  /** Only the parts of that run. */
  readonly parentId?: string | undefined
  /** Only those that are no part of another. */
  readonly whole?: boolean | undefined
  readonly status?: ReadonlyArray<RunStatus> | undefined
  /** Only those that are not over. */
  readonly unfinished?: boolean | undefined
  /** Created at this time or later, in milliseconds. */
  readonly since?: number | undefined
  readonly idempotencyKey?: string | undefined
  /** Of its script. */
  readonly sha256?: string | undefined
  readonly limit?: number | undefined
}

export type Outcome =
  | { readonly status: "succeeded"; readonly result: Schema.Json }
  | { readonly status: "failed" | "cancelled"; readonly failure: Schema.Json }

export class Runs extends Context.Service<
  Runs,
  {
    /**
     * Records a run that is carried out at once, so that whoever creates it need not `begin` it; or, `queued`, one that
     * waits for a process to begin it. A run of that id or idempotency key that is there already is left as it is, and
     * the answer is `false`.
     */
    readonly create: (run: {
      readonly id: string
      readonly kind: string
      readonly target: string
      readonly inputs: Schema.Json
      /** The run that this one is a part of. */
      readonly parentId?: string | undefined
      readonly queued?: boolean | undefined
      /** At most one run of a kind and target has it. */
      readonly idempotencyKey?: string | undefined
    }) => Effect.Effect<boolean, StorageFailed>
    /**
     * Takes up to `limit` of the runs that wait, the oldest first, for the caller to begin. Whom it does not begin within
     * ten seconds, others may take.
     */
    readonly claim: (limit: number) => Effect.Effect<ReadonlyArray<Run>, StorageFailed>
    /** Which of these runs are over, or wait for somebody, or are gone. */
    readonly settled: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, StorageFailed>
    readonly get: (id: string) => Effect.Effect<Run | undefined, StorageFailed>
    /** The ids that begin so, at most `limit` of them; one where the whole id is given. */
    readonly idsLike: (beginning: string, limit: number) => Effect.Effect<ReadonlyArray<string>, StorageFailed>
    /** The latest first. */
    readonly list: (filter?: Filter) => Effect.Effect<ReadonlyArray<Run>, StorageFailed>
    /**
     * A process is at it, for the first time or again. Answers whether one was before, and how far the steps had come.
     * Where its end is recorded already, because a process died before the engine knew, that end stands, and is answered.
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
    /** Notes which script it is, and how that one stands to the approved one; a run that must wait now does. */
    readonly reviewed: (
      id: string,
      review: { readonly sha256: string; readonly review: Review; readonly steps: ReadonlyArray<StepRecord> },
      attempt: number
    ) => Effect.Effect<void, StorageFailed>
    /** Writes what there is to say of the end in one transaction. An end that is there already stands. */
    readonly end: (
      id: string,
      outcome: Outcome,
      rest?: {
        readonly attempt: number
        readonly steps: ReadonlyArray<StepRecord>
        readonly sha256?: string
        readonly review?: Review
      }
    ) => Effect.Effect<void, StorageFailed>
    /**
     * Makes a run that failed or was cancelled ready to be carried out again, by the caller or, `queued`, by whoever
     * claims it, and keeps what the attempt came to. Answers the run as it now is, or `undefined` when it is not over, or has succeeded.
     */
    readonly retry: (
      id: string,
      options?: { readonly queued: boolean }
    ) => Effect.Effect<Run | undefined, StorageFailed>
    /** Writes something that changes nothing: fails when the database can no longer be written. */
    readonly probe: Effect.Effect<void, StorageFailed>
    /** No process is at any run: what says `running` becomes `interrupted`. For the holder of the data folder only. */
    readonly interruptAll: Effect.Effect<void, StorageFailed>
  }
>()("privx-kit/Runs") {
  static readonly layer: Layer.Layer<Runs, never, SqlClient.SqlClient | Database> = Layer.effect(
    Runs,
    Effect.gen(function* () {
      return make(yield* SqlClient.SqlClient, yield* Database, yield* CrashPoints, yield* Together)
    })
  )
}

/** In milliseconds. */
const claimLasts = 10_000

const make = (
  sql: SqlClient.SqlClient,
  database: Database["Service"],
  crashPoint: CrashPoints,
  together: typeof Together.Service
): Runs["Service"] => {
  const { find, stored, steps: stepsOf } = RunRows.make(sql, database)

  /** A step that has ended stays so: who carries it out once more, without knowing that, has nothing to say before its end. */
  const replaceStep = sql.literal(
    "DO UPDATE SET status = excluded.status, attempts = excluded.attempts, started_at = excluded.started_at, " +
      "ended_at = excluded.ended_at, bytes = excluded.bytes, failures = excluded.failures"
  )

  const writeSteps = (id: string, attempt: number, steps: Array.NonEmptyReadonlyArray<StepRecord>) => {
    const rows = Array.map(steps, (step) => ({
      run_id: id,
      attempt,
      step: step.name,
      status: step.status,
      attempts: step.attempts,
      started_at: step.startedAt,
      ended_at: step.endedAt,
      bytes: step.bytes,
      failures: JSON.stringify(step.failures)
    }))
    return sql`
      INSERT INTO run_steps ${sql.insert(rows)}
      ON CONFLICT (run_id, attempt, step) DO UPDATE SET status = excluded.status, attempts = excluded.attempts,
        started_at = excluded.started_at, ended_at = excluded.ended_at, bytes = excluded.bytes,
        failures = excluded.failures
      WHERE run_steps.ended_at IS NULL OR excluded.ended_at IS NOT NULL`
  }

  /** In Postgres one statement, and no wait between two: the steps of an attempt whose end is noted by `update`. */
  const endWithSteps = (update: Statement.Fragment, id: string, steps: ReadonlyArray<StepRecord>) => {
    const rows = steps.map(({ failures, ...step }) => ({ ...step, failures: JSON.stringify(failures) }))
    return sql`
      WITH ended AS (${update})
      INSERT INTO run_steps (run_id, attempt, step, status, attempts, started_at, ended_at, bytes, failures)
      SELECT ${id}, ended.attempt, step.name, step.status, step.attempts, step."startedAt", step."endedAt", step.bytes,
        step.failures
      FROM ended, json_to_recordset(${JSON.stringify(rows)}::json) AS step (name TEXT, status TEXT, attempts INTEGER,
        "startedAt" DOUBLE PRECISION, "endedAt" DOUBLE PRECISION, bytes DOUBLE PRECISION, failures TEXT)
      ON CONFLICT (run_id, attempt, step) ${replaceStep}`
  }

  /** With the crash points of the suite around it: a process may die before or after each write. */
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
              ? { status: "queued", started_at: null, begun: 0 }
              : { status: "running", started_at: createdAt, begun: 1 })
          })} ON CONFLICT DO NOTHING RETURNING id`)
      )
      return created.length > 0
    }),
    claim: Effect.fn("Runs.claim")(function* (limit: number) {
      const now = yield* Clock.currentTimeMillis
      const locking = sql.onDialectOrElse({ pg: () => sql`FOR UPDATE SKIP LOCKED`, orElse: () => sql`` })
      const taken = yield* stored(sql<{ id: string }>`
        UPDATE runs SET claimed_at = ${now} WHERE id IN (
          SELECT id FROM runs WHERE status = 'queued' AND (claimed_at IS NULL OR claimed_at < ${now - claimLasts})
          ORDER BY created_at, id LIMIT ${limit} ${locking})
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
    idsLike: Effect.fn("Runs.idsLike")((beginning: string, limit: number) =>
      stored(
        // A range instead of LIKE: the primary key serves it, and nothing in an id has a meaning of its own.
        sql<{ id: string }>`
          SELECT id FROM runs WHERE id = ${beginning} OR (id > ${beginning} AND id < ${`${beginning}\u{10ffff}`})
          ORDER BY id LIMIT ${limit}`
      ).pipe(Effect.map((rows) => (rows[0]?.id === beginning ? [beginning] : rows.map(({ id }) => id))))
    ),
    list: Effect.fn("Runs.list")((filter = {}) =>
      find(
        sql.and([
          ...(filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`]),
          ...(filter.parentId === undefined ? [] : [sql`parent_id = ${filter.parentId}`]),
          ...(filter.whole === true ? [sql`parent_id IS NULL`] : []),
          ...(filter.target === undefined ? [] : [sql`target = ${filter.target}`]),
          ...(filter.status === undefined || filter.status.length === 0 ? [] : [sql.in("status", filter.status)]),
          ...(filter.since === undefined ? [] : [sql`created_at >= ${filter.since}`]),
          ...(filter.idempotencyKey === undefined ? [] : [sql`idempotency_key = ${filter.idempotencyKey}`]),
          ...(filter.sha256 === undefined ? [] : [sql`sha256 = ${filter.sha256}`]),
          ...(filter.unfinished === true ? [sql`ended_at IS NULL`] : [])
        ]),
        filter.limit
      )
    ),
    begin: Effect.fn("Runs.begin")(function* (id: string, attempt: number) {
      const now = yield* Clock.currentTimeMillis
      const [row] = yield* writing(
        "begin",
        stored(sql<{ begun: number }>`
          UPDATE runs SET status = 'running', started_at = COALESCE(started_at, ${now}), begun = begun + 1
          WHERE id = ${id} AND attempt = ${attempt} AND ended_at IS NULL RETURNING begun`)
      )
      if (row === undefined) {
        const [ended] = yield* find(sql`id = ${id} AND attempt = ${attempt}`, 1)
        return { resumed: true, steps: ended?.steps ?? [], ended }
      }
      const resumed = row.begun > 1
      return { resumed, steps: resumed ? yield* stepsOf(id, attempt) : [], ended: undefined }
    }),
    saveSteps: Effect.fn("Runs.saveSteps")((id, attempt, steps) =>
      writing("saveSteps", stored(writeSteps(id, attempt, steps)))
    ),
    reviewed: Effect.fn("Runs.reviewed")((id, { review, sha256, steps }, attempt) =>
      writing(
        "reviewed",
        stored(
          sql.withTransaction(
            Effect.andThen(
              sql`
                UPDATE runs SET sha256 = ${sha256}, review = ${encodeReview(review)},
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
        UPDATE runs SET status = ${outcome.status}, ended_at = ${now}, result = ${result}, failure = ${failure},
          sha256 = COALESCE(${rest?.sha256 ?? null}, sha256), review = COALESCE(${review}, review)
        WHERE id = ${id} AND ended_at IS NULL ${rest === undefined ? sql`` : sql`AND attempt = ${rest.attempt}`}
        RETURNING attempt`
      const follow = (attempt: number) => {
        if (rest !== undefined) {
          return Array.isReadonlyArrayNonEmpty(rest.steps) ? writeSteps(id, attempt, rest.steps) : undefined
        }
        // What no recorder follows ends with the run.
        return sql`
          UPDATE run_steps SET status = ${outcome.status}, ended_at = ${now}
          WHERE run_id = ${id} AND attempt = ${attempt} AND ended_at IS NULL`
      }
      const inPostgres = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
      const ended =
        inPostgres && rest !== undefined
          ? endWithSteps(update, id, rest.steps)
          : together === undefined
            ? sql.withTransaction(
                Effect.gen(function* () {
                  const [row] = yield* update
                  const rest = row === undefined ? undefined : follow(row.attempt)
                  if (rest !== undefined) yield* rest
                })
              )
            : together((carryOut) => {
                const [row] = carryOut(update)
                const rest = row === undefined ? undefined : follow(Number(row["attempt"]))
                if (rest !== undefined) carryOut(rest)
              })
      yield* writing("end", stored(ended))
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
                started_at = NULL, ended_at = NULL, result = NULL,
                failure = NULL, review = NULL, sha256 = NULL, begun = 0
              WHERE ${over} RETURNING id`
          })
        )
      ).pipe(
        Effect.flatMap((rows) =>
          rows.length === 0 ? Effect.undefined : Effect.map(find(sql`id = ${id}`, 1), (runs) => runs[0])
        )
      )
    ),
    probe: Effect.asVoid(stored(sql`UPDATE runs SET id = id WHERE id = (SELECT id FROM runs LIMIT 1)`)),
    interruptAll: Effect.andThen(
      stored(sql`UPDATE run_steps SET status = 'interrupted' WHERE status = 'running'
        AND run_id IN (SELECT id FROM runs WHERE ended_at IS NULL)`),
      stored(sql`UPDATE runs SET status = 'interrupted' WHERE status = 'running' AND ended_at IS NULL`).pipe(
        // Who had taken them is gone, and nobody has to wait for that to be believed.
        Effect.andThen(
          stored(sql`UPDATE runs SET claimed_at = NULL WHERE status = 'queued' AND claimed_at IS NOT NULL`)
        )
      )
    ).pipe(Effect.asVoid, Effect.withSpan("Runs.interruptAll"))
  })
}

const encodeReview = Schema.encodeSync(Schema.fromJsonString(Review))
