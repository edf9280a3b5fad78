/**
 * What is known of each run, for people and programs to look at: the engine keeps its journal for itself, has no list and
 * no history. This is a projection: the steps write it as they go, and every write can be repeated, so that after a crash
 * the steps that are carried out again put it right.
 *
 * It knows no kind of run: inputs, result and failure are JSON, written and read by those who know the kind.
 */
import * as Array from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import { DataFolder } from "./DataFolder.ts"
import { databaseFile } from "./Storage.ts"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import { fromSqlite } from "./SqliteFailure.ts"

/** `interrupted`: begun and not over, and no process is at it; it can be continued. */
export const RunStatus = Schema.Literals(["running", "succeeded", "failed", "interrupted"])

export type RunStatus = typeof RunStatus.Type

/** The steps that runs have, in the order in which they are carried out. */
export const StepName = Schema.Literals(["create-session", "download", "verify", "deliver"])

export type StepName = typeof StepName.Type

/** How often each failure came, by `error_code`, or as `TransportError.reset` and the like where PrivX gave no code. */
const Failures = Schema.Record(Schema.String, Schema.Int)

export const RunStep = Schema.Struct({
  name: StepName,
  status: RunStatus,
  /** How often it was tried, in all processes. */
  attempts: Schema.Int,
  startedAt: Schema.DateTimeUtcFromMillis,
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  bytes: Schema.NullOr(Schema.Int),
  failures: Failures
})

export type RunStep = typeof RunStep.Type

export const Run = Schema.Struct({
  id: Schema.String,
  kind: Schema.String,
  /** Base URL of the PrivX, without credentials. */
  target: Schema.String,
  inputs: Schema.Json,
  status: RunStatus,
  createdAt: Schema.DateTimeUtcFromMillis,
  startedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  result: Schema.NullOr(Schema.Json),
  failure: Schema.NullOr(Schema.Json),
  /** In the order in which they are carried out. */
  steps: Schema.Array(RunStep)
})

export type Run = typeof Run.Type

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

export class Runs extends Context.Service<
  Runs,
  {
    /** Records a run that is to be carried out. A run of that id that is there already is left as it is. */
    readonly create: (run: {
      readonly id: string
      readonly kind: string
      readonly target: string
      readonly inputs: Schema.Json
    }) => Effect.Effect<void, StorageFailed>
    readonly get: (id: string) => Effect.Effect<Run | undefined, StorageFailed>
    /** The latest first. */
    readonly list: (filter?: {
      readonly kind?: string
      readonly target?: string
      /** Only those that are not over. */
      readonly unfinished?: boolean
      readonly limit?: number
    }) => Effect.Effect<ReadonlyArray<Run>, StorageFailed>
    /**
     * A process is at it, for the first time or again: even a run that had ended is carried out again when the process
     * died before the engine knew. Answers whether one was before, and how far the steps had come. */
    readonly begin: (
      id: string
    ) => Effect.Effect<{ readonly resumed: boolean; readonly steps: ReadonlyArray<RunStep> }, StorageFailed>
    readonly saveSteps: (
      id: string,
      steps: Array.NonEmptyReadonlyArray<StepRecord>
    ) => Effect.Effect<void, StorageFailed>
    readonly end: (
      id: string,
      outcome:
        | { readonly status: "succeeded"; readonly result: Schema.Json }
        | { readonly status: "failed"; readonly failure: Schema.Json }
    ) => Effect.Effect<void, StorageFailed>
    /** Writes something that changes nothing: fails when the database can no longer be written. */
    readonly probe: Effect.Effect<void, StorageFailed>
    /** No process is at any run: what says `running` becomes `interrupted`. For the holder of the data folder only. */
    readonly interruptAll: Effect.Effect<void, StorageFailed>
  }
>()("privx-kit/Runs") {
  static readonly layer: Layer.Layer<Runs, never, SqlClient.SqlClient | DataFolder> = Layer.effect(
    Runs,
    Effect.gen(function* () {
      const folder = yield* DataFolder
      return make(yield* SqlClient.SqlClient, databaseFile(folder.path))
    })
  )
}

const make = (sql: SqlClient.SqlClient, file: string): Runs["Service"] => {
  const stored = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, StorageFailed> =>
    Effect.mapError(effect, fromSqlite(file))

  const stepsOf = (ids: ReadonlyArray<string>) =>
    stored(
      sql`
        SELECT run_id AS runId, step AS name, status, attempts, started_at AS startedAt, ended_at AS endedAt, bytes, failures
        FROM run_steps WHERE ${sql.in("run_id", ids)}`
    ).pipe(Effect.flatMap(decoding(file, StepRows)), Effect.map(inOrder))

  const find = Effect.fnUntraced(function* (where: Statement.Fragment, limit: number) {
    const rows = yield* stored(
      sql`
        SELECT id, kind, target, inputs, status, created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt,
          result, failure
        FROM runs WHERE ${where} ORDER BY created_at DESC, id LIMIT ${limit}`
    ).pipe(Effect.flatMap(decoding(file, RunRows)))
    if (rows.length === 0) return []
    const steps = Map.groupBy(yield* stepsOf(rows.map((row) => row.id)), (step) => step.runId)
    return rows.map((row): Run => ({ ...row, steps: (steps.get(row.id) ?? []).map(({ runId: _, ...step }) => step) }))
  })

  return Runs.of({
    create: Effect.fn("Runs.create")(function* (run) {
      const createdAt = yield* Clock.currentTimeMillis
      yield* stored(sql`
        INSERT OR IGNORE INTO runs (id, kind, target, inputs, status, created_at)
        VALUES (${run.id}, ${run.kind}, ${run.target}, ${JSON.stringify(run.inputs)}, 'running', ${createdAt})`)
    }),
    get: Effect.fn("Runs.get")(function* (id: string) {
      return (yield* find(sql`id = ${id}`, 1))[0]
    }),
    list: Effect.fn("Runs.list")((filter = {}) =>
      find(
        sql.and([
          ...(filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`]),
          ...(filter.target === undefined ? [] : [sql`target = ${filter.target}`]),
          ...(filter.unfinished === true ? [sql`ended_at IS NULL`] : [])
        ]),
        filter.limit ?? -1
      )
    ),
    begin: Effect.fn("Runs.begin")(function* (id: string) {
      const now = yield* Clock.currentTimeMillis
      const [before] = yield* stored(sql<{ startedAt: number | null }>`
        SELECT started_at AS startedAt FROM runs WHERE id = ${id}`)
      yield* stored(sql`
        UPDATE runs SET status = 'running', started_at = COALESCE(started_at, ${now}), ended_at = NULL, result = NULL,
          failure = NULL
        WHERE id = ${id}`)
      const resumed = typeof before?.startedAt === "number"
      return { resumed, steps: resumed ? (yield* stepsOf([id])).map(({ runId: _, ...step }) => step) : [] }
    }),
    saveSteps: Effect.fn("Runs.saveSteps")((id, steps) => {
      const rows = Array.map(steps, (step) => ({
        run_id: id,
        step: step.name,
        status: step.status,
        attempts: step.attempts,
        started_at: step.startedAt,
        ended_at: step.endedAt,
        bytes: step.bytes,
        failures: JSON.stringify(step.failures)
      }))
      return stored(sql`
        INSERT INTO run_steps ${sql.insert(rows)}
        ON CONFLICT (run_id, step) DO UPDATE SET status = excluded.status, attempts = excluded.attempts,
          started_at = excluded.started_at, ended_at = excluded.ended_at, bytes = excluded.bytes,
          failures = excluded.failures`)
    }),
    end: Effect.fn("Runs.end")(function* (id, outcome) {
      const now = yield* Clock.currentTimeMillis
      const result = outcome.status === "succeeded" ? JSON.stringify(outcome.result) : null
      const failure = outcome.status === "failed" ? JSON.stringify(outcome.failure) : null
      yield* stored(sql`
        UPDATE runs SET status = ${outcome.status}, ended_at = ${now}, result = ${result},
          failure = ${failure}
        WHERE id = ${id}`)
    }),
    probe: Effect.asVoid(stored(sql`UPDATE runs SET id = id WHERE id = (SELECT id FROM runs LIMIT 1)`)),
    interruptAll: Effect.andThen(
      stored(sql`UPDATE run_steps SET status = 'interrupted' WHERE status = 'running'
        AND run_id IN (SELECT id FROM runs WHERE ended_at IS NULL)`),
      stored(sql`UPDATE runs SET status = 'interrupted' WHERE status = 'running' AND ended_at IS NULL`)
    ).pipe(Effect.asVoid, Effect.withSpan("Runs.interruptAll"))
  })
}

const RunRows = Schema.Array(
  Schema.Struct({
    ...Run.mapFields(({ steps: _, ...fields }) => fields).fields,
    inputs: Schema.fromJsonString(Schema.Json),
    result: Schema.NullOr(Schema.fromJsonString(Schema.Json)),
    failure: Schema.NullOr(Schema.fromJsonString(Schema.Json))
  })
)

const StepRows = Schema.Array(
  Schema.Struct({ ...RunStep.fields, runId: Schema.String, failures: Schema.fromJsonString(Failures) })
)

const inOrder = <Step extends { readonly name: StepName }>(steps: ReadonlyArray<Step>): ReadonlyArray<Step> =>
  steps.toSorted((a, b) => StepName.literals.indexOf(a.name) - StepName.literals.indexOf(b.name))

const decoding = <A, I>(file: string, schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return (rows: unknown): Effect.Effect<A, StorageFailed> =>
    Effect.mapError(
      decode(rows),
      (error) => new StorageFailed({ path: file, reason: "damaged", detail: error.message })
    )
}
