import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as path from "node:path"
import * as SqliteClient from "../src/SqliteClient.ts"
import { type Connection, open } from "../src/SqliteConnection.ts"
import { GroupCommit } from "../src/GroupCommit.ts"
import * as temporary from "@privx-kit/testing/temporary"

const withConnection = (use: (connection: Connection) => void) =>
  Effect.acquireUseRelease(
    Effect.sync(() => open(":memory:")),
    (connection) => Effect.sync(() => use(connection)),
    (connection) => Effect.sync(connection.close)
  )

const types = "SELECT typeof(?) AS a, typeof(?) AS b, typeof(?) AS c, typeof(?) AS d, typeof(?) AS e, typeof(?) AS f"

/** Beyond 2⁵³, like the engine's ids. */
const large = 252_609_547_099_701_248n

describe("Connection", () => {
  it.effect("binds values of each type in the order of the parameters, on every Node", () =>
    withConnection(({ prepare }) => {
      const params = ["text", 1.5, large, null, true, new Uint8Array([1, 2])]
      const row = { a: "text", b: "real", c: "integer", d: "null", e: "integer", f: "blob" }
      assert.deepStrictEqual(prepare(types).execute(params).map(toPlain), [row])
      const values = prepare("SELECT ? AS a, ? AS b, ? AS c").execute([false, true, undefined])
      assert.deepStrictEqual(values.map(toPlain), [{ a: 0, b: 1, c: null }])
    })
  )

  it.effect("refuses a value that SQLite has no type for", () =>
    withConnection(({ prepare }) => {
      const select = prepare("SELECT ? AS a")
      for (const value of [{ a: 1 }, ["a"], Symbol("a"), () => 1, new Date(0)]) {
        assert.throws(() => select.execute([value]), TypeError)
      }
    })
  )

  it.effect("refuses numbered parameters, to which old releases of Node bind nothing", () =>
    withConnection(({ prepare }) => {
      assert.throws(() => prepare("SELECT ?1 AS a, ?2 AS b, ?1 AS c"), /without a number/)
    })
  )

  it.effect("executes what writes after an insert whose row id is beyond 2⁵³", () =>
    withConnection(({ isTransaction, prepare }) => {
      prepare("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").execute()
      assert.strictEqual(prepare("INSERT INTO notes (id, text) VALUES (?, ?)").change([large, "a"]), 1)
      // SQLite returns that row id for each of them.
      prepare("BEGIN IMMEDIATE").execute()
      assert.isTrue(isTransaction())
      assert.strictEqual(prepare("UPDATE notes SET text = ?").change(["b"]), 1)
      prepare("INSERT INTO notes (id, text) VALUES (?, ?)").execute([large + 1n, "c"])
      prepare("COMMIT").execute()
      assert.isFalse(isTransaction())
      const rows = prepare("SELECT id, text FROM notes ORDER BY id").execute([], true)
      assert.deepStrictEqual(rows.map(toPlain), [
        { id: large, text: "b" },
        { id: large + 1n, text: "c" }
      ])
    })
  )

  it.effect("answers what an insert returns", () =>
    withConnection(({ prepare }) => {
      prepare("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").execute()
      const insert = prepare("INSERT INTO notes (text) VALUES (?) RETURNING id, text")
      assert.deepStrictEqual(insert.execute(["a"]).map(toPlain), [{ id: 1, text: "a" }])
      assert.deepStrictEqual(insert.execute(["b"]).map(toPlain), [{ id: 2, text: "b" }])
    })
  )
})

describe("Effect's client upon it", () => {
  it.live("commits a transaction after an insert whose row id is beyond 2⁵³", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporary.directory, "notes.sqlite")
      const texts = yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)`
        yield* sql`INSERT INTO notes (id, text) VALUES (${large}, ${"a"})`
        yield* sql.withTransaction(sql`UPDATE notes SET text = ${"b"}`)
        yield* sql`INSERT INTO notes (id, text) VALUES (${large + 1n}, ${"c"})`
        return yield* sql`SELECT text FROM notes ORDER BY id`.values
      }).pipe(Effect.provide(SqliteClient.layer.pipe(Layer.provide(GroupCommit.layer(file)))))
      assert.deepStrictEqual(texts, [["b"], ["c"]])
    })
  )

  it.live("leaves the journal mode of a file beside whose holder it works", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporary.directory, "notes.sqlite")
      const mode = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`PRAGMA journal_mode`.values)
      const beside = (readOnly: boolean) =>
        Effect.provide(mode, Layer.provide(SqliteClient.layer, GroupCommit.layerBeside(file, { readOnly })))
      assert.deepStrictEqual(yield* beside(false), [["delete"]])
      assert.deepStrictEqual(yield* Effect.provide(mode, Layer.provide(SqliteClient.layer, GroupCommit.layer(file))), [
        ["wal"]
      ])
      assert.deepStrictEqual(yield* beside(true), [["wal"]])
    })
  )

  it.live("writes nothing through a connection that only reads", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporary.directory, "notes.sqlite")
      const create = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE notes (text TEXT)`)
      const insert = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO notes (text) VALUES (${"a"})`)
      yield* Effect.provide(create, Layer.provide(SqliteClient.layer, GroupCommit.layer(file)))
      const reader = Layer.provide(SqliteClient.layer, GroupCommit.layerBeside(file, { readOnly: true }))
      const error = yield* Effect.flip(Effect.provide(insert, reader))
      assert.match(String(error.reason.cause), /readonly/)
    })
  )
})

/** Rows have no prototype. */
const toPlain = (row: Record<string, unknown>) => ({ ...row })
