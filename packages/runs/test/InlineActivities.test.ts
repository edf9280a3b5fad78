/**
 * Activities on the engine of a data directory, over real SQLite: which exits are journaled, and which activities are
 * executed again.
 */
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import * as SqliteStorage from "../src/SqliteStorage.ts"
import * as temporary from "@privx-kit/testing/temporary"

class Refused extends Schema.TaggedError<Refused>()("Refused", { code: Schema.String }) {}

const Time = Schema.DateTimeUtcFromMillis

const Job = Workflow.make("Job", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id,
  success: Time,
  error: Refused
})

type Step = Effect.Effect<DateTime.Utc, Refused>

/** One process on the data directory, with a job of these two steps. */
const session = <A, E>(
  directory: string,
  [first, second]: readonly [Step, Step],
  work: Effect.Effect<A, E, WorkflowEngine | SqlClient.SqlClient | Scope.Scope>
) => {
  const job = Job.toLayer(() =>
    Effect.andThen(
      Activity.make({ name: "first", success: Time, error: Refused, execute: first }),
      Activity.make({ name: "second", success: Time, error: Refused, execute: second })
    )
  )
  return Effect.provide(
    work,
    job.pipe(
      Layer.provideMerge(EmbeddedEngine.layer),
      Layer.provideMerge(SqliteStorage.layer),
      Layer.provide(DataDirectory.layer(directory)),
      Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")),
      Layer.fresh
    )
  )
}

const at = (millis: number) => Effect.succeed(DateTime.makeUnsafe(millis))

const run = Job.execute({ id: "one" })

const exits = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ activity: string; exit: string }>`SELECT activity, exit FROM activity_exits ORDER BY activity`
)

describe("an activity", () => {
  it.live("is not executed again by the next process if it has ended, and is if it was interrupted", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const counts = { first: 0, second: 0 }
      const reached = yield* Deferred.make<void>()
      const first = Effect.andThen(
        Effect.sync(() => void counts.first++),
        at(1)
      )
      const counted = Effect.sync(() => void counts.second++)
      const stuck = counted.pipe(Effect.andThen(Deferred.succeed(reached, undefined)), Effect.andThen(Effect.never))
      yield* session(directory, [first, stuck], Effect.andThen(Effect.forkScoped(run), Deferred.await(reached)))
      const result = yield* session(directory, [first, Effect.andThen(counted, at(2))], run)
      assert.strictEqual(DateTime.toEpochMillis(result), 2)
      assert.deepStrictEqual(counts, { first: 1, second: 2 })
    })
  )

  it.live("that a workflow asks for a second time is not executed again", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      let count = 0
      const step = Activity.make({
        name: "step",
        success: Time,
        error: Refused,
        execute: Effect.suspend(() => at(++count))
      })
      const job = Job.toLayer(() => Effect.andThen(step, step))
      const result = yield* Effect.provide(
        run,
        job.pipe(
          Layer.provideMerge(EmbeddedEngine.layer),
          Layer.provideMerge(SqliteStorage.layer),
          Layer.provide(DataDirectory.layer(directory)),
          Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")),
          Layer.fresh
        )
      )
      assert.strictEqual(DateTime.toEpochMillis(result), 1)
      assert.strictEqual(count, 1)
    })
  )

  it.live("leaves its result, or its typed failure, in the journal as JSON", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const refused = new Refused({ code: "NO" })
      const steps = [at(1), Effect.fail(refused)] as const
      assert.deepStrictEqual(yield* session(directory, steps, Effect.flip(run)), refused)
      const rows = yield* session(directory, steps, exits)
      assert.deepStrictEqual(
        rows.map(({ activity, exit }) => [activity, JSON.parse(exit)._tag]),
        [
          ["first", "Success"],
          ["second", "Failure"]
        ]
      )
      assert.include(rows[1]?.exit, '"NO"')
    })
  )

  it.live("that another process has ended meanwhile has that one's result", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const result = yield* session(
        directory,
        [at(1), at(1)],
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          // The trigger acts like another process that ends the second activity first. It learns the execution from the first exit.
          yield* sql`
            CREATE TRIGGER overtake AFTER INSERT ON activity_exits WHEN NEW.activity = 'first' BEGIN
              INSERT INTO activity_exits VALUES (NEW.execution_id, 'second', 1, '{"_tag":"Success","value":7}');
            END`
          return yield* run
        })
      )
      assert.strictEqual(DateTime.toEpochMillis(result), 7)
    })
  )

  it.live("waits for a journal that cannot be written, and is not executed again for that", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      let count = 0
      const once = Effect.andThen(
        Effect.sync(() => void count++),
        at(1)
      )
      const result = yield* session(
        directory,
        [once, at(2)],
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* sql`
            CREATE TRIGGER broken BEFORE INSERT ON activity_exits BEGIN SELECT RAISE(FAIL, 'not now'); END`
          const running = yield* Effect.forkScoped(run)
          yield* Effect.sync(() => count).pipe(
            Effect.delay("10 millis"),
            Effect.repeat({ until: (count) => count > 0 })
          )
          assert.deepStrictEqual(yield* exits, [])
          yield* sql`DROP TRIGGER broken`
          return yield* Fiber.join(running)
        })
      )
      assert.strictEqual(DateTime.toEpochMillis(result), 2)
      assert.strictEqual(count, 1)
    })
  )
})
