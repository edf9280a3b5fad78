import { assert, describe, it } from "@effect/vitest"
import { Failure } from "@privx-kit/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { DataFolder } from "../src/DataFolder.ts"
import * as Storage from "../src/Storage.ts"
import * as temporary from "./support/temporary.ts"

const open = (folder: string) => Storage.layer.pipe(Layer.provide(DataFolder.layer(folder)))

/** A database as a process that ended leaves it. */
const made = Effect.gen(function* () {
  const folder = yield* temporary.folder
  yield* Effect.scoped(Layer.build(open(folder)))
  return { folder, file: Storage.databaseFile(folder) }
})

const refused = (folder: string) => Effect.flip(Effect.scoped(Layer.build(open(folder))))

describe("Storage", () => {
  it.effect("is private, in WAL, and waits for readers", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql`PRAGMA journal_mode`, [{ journal_mode: "wal" }])
        assert.deepStrictEqual(yield* sql`PRAGMA synchronous`, [{ synchronous: 1 }])
        assert.deepStrictEqual(yield* sql`PRAGMA busy_timeout`, [{ timeout: 5000 }])
        assert.deepStrictEqual(yield* sql`PRAGMA user_version`, [{ user_version: Storage.version }])
        for (const file of temporary.filesBelow(folder)) {
          assert.strictEqual(temporary.modeOf(path.join(folder, file)), "600", file)
        }
      }).pipe(Effect.provide(open(folder)))
    })
  )

  it.effect("opens again what it has made", () =>
    Effect.gen(function* () {
      const { folder } = yield* made
      yield* Effect.scoped(Layer.build(open(folder)))
    })
  )

  it.effect("refuses a file that is no database, and leaves it as it is", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const content = "These are the notes of the administrator, and not a database.\n".repeat(100)
      fs.writeFileSync(Storage.databaseFile(folder), content)
      const failure = yield* refused(folder)
      assert.strictEqual(failure._tag === "DataFolderUnusable" && failure.reason, "corrupt")
      assert.include(Failure.render(failure), folder)
      assert.strictEqual(fs.readFileSync(Storage.databaseFile(folder), "utf8"), content)
    })
  )

  it.effect("refuses a database with a damaged page, and leaves it as it is", () =>
    Effect.gen(function* () {
      const { file, folder } = yield* made
      const bytes = fs.readFileSync(file)
      bytes.fill(0xff, 4096, 3 * 4096)
      fs.writeFileSync(file, bytes)
      const failure = yield* refused(folder)
      assert.strictEqual(failure._tag === "DataFolderUnusable" && failure.reason, "corrupt")
      assert.isTrue(fs.readFileSync(file).equals(bytes))
    })
  )

  it.effect("refuses the database of a newer version, and leaves it as it is", () =>
    Effect.gen(function* () {
      const { file, folder } = yield* made
      const newer = new DatabaseSync(file)
      newer.exec(`PRAGMA user_version = ${Storage.version + 1}`)
      newer.close()
      const bytes = fs.readFileSync(file)
      const failure = yield* refused(folder)
      assert.strictEqual(failure._tag === "DataFolderUnusable" && failure.reason, "newerVersion")
      assert.include(Failure.render(failure), "Update privx-kit")
      assert.isTrue(fs.readFileSync(file).equals(bytes))
    })
  )

  it.effect("says so when the disk is full", (context) =>
    Effect.gen(function* () {
      const folder = yield* temporary.smallDisk("32k")
      if (folder === undefined) return context.skip("this user may not mount a file system")
      const failure = yield* refused(folder)
      assert.strictEqual(failure._tag === "DataFolderUnusable" && failure.reason, "full")
      assert.include(Failure.render(failure), "Make room")
    })
  )
})
