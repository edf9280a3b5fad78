import { assert, describe, it } from "@effect/vitest"
import { Failure } from "@privx-kit/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as SqliteStorage from "../src/SqliteStorage.ts"
import * as temporary from "@privx-kit/testing/temporary"

const open = (directory: string) => SqliteStorage.layer.pipe(Layer.provide(DataDirectory.layer(directory)))

/** A database in the state that an exited process leaves. */
const made = Effect.gen(function* () {
  const directory = yield* temporary.directory
  yield* Effect.scoped(Layer.build(open(directory)))
  return { directory, file: SqliteStorage.databaseFile(directory) }
})

const refused = (directory: string) => Effect.flip(Effect.scoped(Layer.build(open(directory))))

describe("Storage", () => {
  it.effect("is private, in WAL, and waits for readers", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql`PRAGMA journal_mode`, [{ journal_mode: "wal" }])
        assert.deepStrictEqual(yield* sql`PRAGMA synchronous`, [{ synchronous: 1 }])
        assert.deepStrictEqual(yield* sql`PRAGMA busy_timeout`, [{ timeout: 5000 }])
        assert.deepStrictEqual(yield* sql`PRAGMA user_version`, [{ user_version: SqliteStorage.version }])
        for (const file of temporary.filesBelow(directory)) {
          assert.strictEqual(temporary.modeOf(path.join(directory, file)), "600", file)
        }
      }).pipe(Effect.provide(open(directory)))
    })
  )

  it.effect("opens again what it has made", () =>
    Effect.gen(function* () {
      const { directory } = yield* made
      yield* Effect.scoped(Layer.build(open(directory)))
    })
  )

  it.effect("refuses a file that is no database, and leaves it as it is", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const content = "These are the notes of the administrator, and not a database.\n".repeat(100)
      fs.writeFileSync(SqliteStorage.databaseFile(directory), content)
      const failure = yield* refused(directory)
      assert.strictEqual(failure._tag === "DataDirectoryUnusable" && failure.reason, "corrupt")
      assert.include(Failure.render(failure), directory)
      assert.strictEqual(fs.readFileSync(SqliteStorage.databaseFile(directory), "utf8"), content)
    })
  )

  it.effect("refuses a database with a damaged page, and leaves it as it is", () =>
    Effect.gen(function* () {
      const { file, directory } = yield* made
      const bytes = fs.readFileSync(file)
      bytes.fill(0xff, 4096, 3 * 4096)
      fs.writeFileSync(file, bytes)
      const failure = yield* refused(directory)
      assert.strictEqual(failure._tag === "DataDirectoryUnusable" && failure.reason, "corrupt")
      assert.isTrue(fs.readFileSync(file).equals(bytes))
    })
  )

  it.effect("refuses the database of a newer version, and leaves it as it is", () =>
    Effect.gen(function* () {
      const { file, directory } = yield* made
      const newer = new DatabaseSync(file)
      newer.exec(`PRAGMA user_version = ${SqliteStorage.version + 1}`)
      newer.close()
      const bytes = fs.readFileSync(file)
      const failure = yield* refused(directory)
      assert.strictEqual(failure._tag === "DataDirectoryUnusable" && failure.reason, "newerVersion")
      assert.include(Failure.render(failure), "Update privx-kit")
      assert.isTrue(fs.readFileSync(file).equals(bytes))
    })
  )

  it.effect(
    "of an interrupted write is repaired by its owner; another user gets a hint (skipped without root)",
    (context) =>
      Effect.gen(function* () {
        if (process.getuid?.() !== 0 || process.seteuid === undefined)
          return context.skip("only root can be another user")
        const { file, directory } = yield* made
        // A program with a rollback journal dies in the middle of a transaction.
        spawnSync(process.execPath, [
          "-e",
          `const database = new (require("node:sqlite").DatabaseSync)(process.argv[1])
         database.exec("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN IMMEDIATE")
         database.exec("CREATE TABLE half (value)")
         for (let i = 0; i < 50; i++) database.exec("INSERT INTO half VALUES (zeroblob(100000))")
         process.kill(process.pid, "SIGKILL")`,
          file
        ])
        assert.isTrue(fs.existsSync(`${file}-journal`))
        fs.chmodSync(directory, 0o755)
        for (const name of [file, `${file}-journal`]) fs.chmodSync(name, 0o644)
        const examine = SqliteStorage.examine(directory, file, fs.statSync(file).size)
        process.seteuid(65_534)
        const exit = Effect.runSyncExit(Effect.flip(examine))
        process.seteuid(0)
        const failure = yield* exit
        assert.strictEqual(failure._tag === "DataDirectoryUnusable" && failure.reason, "interruptedWrite")
        assert.include(Failure.render(failure), "Run the same command as the owner of the directory")
        assert.strictEqual(yield* examine, SqliteStorage.version)
      })
  )

  it.effect("says so when the disk is full", (context) =>
    Effect.gen(function* () {
      const directory = yield* temporary.smallDisk("32k")
      if (directory === undefined) return context.skip("this user may not mount a file system")
      const failure = yield* refused(directory)
      assert.strictEqual(failure._tag === "DataDirectoryUnusable" && failure.reason, "full")
      assert.include(Failure.render(failure), "Free space")
    })
  )
})
