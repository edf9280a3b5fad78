import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as SqliteClient from "../src/SqliteClient.ts"
import { GroupCommit } from "../src/GroupCommit.ts"
import * as temporary from "@privx-kit/testing/temporary"

const withTable = Effect.fnUntraced(function* <A, E>(
  use: (file: string) => Effect.Effect<A, E, SqlClient.SqlClient | GroupCommit | Scope.Scope>
) {
  const file = path.join(yield* temporary.directory, "notes.sqlite")
  return yield* Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)`
    return yield* use(file)
  }).pipe(Effect.provide(SqliteClient.layer.pipe(Layer.provideMerge(GroupCommit.layer(file)))))
})

const write = (text: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO notes (text) VALUES (${text})`)

const texts = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql<{ text: string }>`SELECT text FROM notes ORDER BY text`, (rows) => rows.map(({ text }) => text))
)

/** The data that another process would see. */
const seenBy = (database: DatabaseSync): number =>
  Number(database.prepare("SELECT count(*) AS n FROM notes").get()?.["n"])

describe("GroupCommit", () => {
  it.live("confirms a write only when another process can see it", () =>
    withTable((file) =>
      Effect.gen(function* () {
        const other = yield* Effect.acquireRelease(
          Effect.sync(() => new DatabaseSync(file, { readOnly: true })),
          (database) => Effect.sync(() => database.close())
        )
        const seen = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, number) => `note ${number}`),
          (text) => Effect.map(write(text), () => seenBy(other)),
          { concurrency: "unbounded" }
        )
        // All of them were committed together.
        assert.deepStrictEqual(new Set(seen), new Set([20]))
      })
    )
  )

  it.live("lets one write fail without the others of its group", () =>
    withTable(() =>
      Effect.gen(function* () {
        yield* write("b")
        const outcomes = yield* Effect.forEach(["a", "b", "c"], (text) => Effect.exit(write(text)), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          outcomes.map(({ _tag }) => _tag),
          ["Success", "Failure", "Success"]
        )
        assert.deepStrictEqual(yield* texts, ["a", "b", "c"])
      })
    )
  )

  it.live("keeps readers and writers out of a transaction that lasts", () =>
    withTable(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const [started, end] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
        const lasting = yield* Effect.forkChild(
          sql.withTransaction(
            Effect.gen(function* () {
              yield* write("undone")
              yield* Deferred.succeed(started, undefined)
              yield* Deferred.await(end)
              return yield* Effect.fail("undo it" as const)
            })
          )
        )
        yield* Deferred.await(started)
        const writing = yield* Effect.forkChild(write("kept"), { startImmediately: true })
        const reading = yield* Effect.forkChild(texts, { startImmediately: true })
        yield* Deferred.succeed(end, undefined)
        assert.strictEqual(yield* Effect.flip(Fiber.join(lasting)), "undo it")
        assert.notInclude(yield* Fiber.join(reading), "undone")
        yield* Fiber.join(writing)
        assert.deepStrictEqual(yield* texts, ["kept"])
      })
    )
  )

  it.live("undoes all of a work that fails half-way", () =>
    withTable(() =>
      Effect.gen(function* () {
        const { prepare, write: together } = yield* GroupCommit
        const insert = "INSERT INTO notes (text) VALUES (?)"
        yield* Effect.flip(
          together(() => {
            prepare(insert).execute(["first"])
            prepare(insert).execute(["first"])
          })
        )
        assert.deepStrictEqual(yield* texts, [])
      })
    )
  )
})
