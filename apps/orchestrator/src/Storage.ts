/**
 * The database of the data folder: one SQLite file with the engine's journal and the kit's own tables.
 *
 * WAL with `synchronous = NORMAL`: what is committed survives the death of the process at any moment, and the file
 * survives a loss of power; the last transactions before a loss of power may be missing, and then their steps are carried
 * out again (see docs/decisions/0004-durable-engine.md).
 */
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Database } from "./Database.ts"
import { DataFolder, DataFolderUnusable, fromStorage } from "./DataFolder.ts"
import { migrations } from "./Migrations.ts"
import { fromSystem } from "@privx-kit/core/StorageFailed"
import * as Client from "./sqlite/Client.ts"
import { GroupCommit } from "./sqlite/GroupCommit.ts"
import { fromSqlite, sqliteError } from "./SqliteFailure.ts"

/** The version of the tables that this privx-kit knows; stands in `user_version` of the file. */
export const version = Object.keys(migrations).length

/** Where the database of a data folder is. */
export const databaseFile = (folder: string): string => path.join(folder, "privx-kit.sqlite")

/** Opens the database, after making sure that it may be touched, and brings its tables up to date. */
export const layer: Layer.Layer<SqlClient.SqlClient | GroupCommit | Database, DataFolderUnusable, DataFolder> =
  Layer.unwrap(
    Effect.gen(function* () {
      const folder = yield* DataFolder
      const file = databaseFile(folder.path)
      yield* inspect(folder.path, file)
      return prepare(folder.path, file).pipe(
        Layer.provideMerge(Client.layer),
        Layer.provideMerge([GroupCommit.layer(file), database(file)])
      )
    })
  )

/** What the file's failures mean. */
export const database = (file: string): Layer.Layer<Database> =>
  Layer.succeed(Database, {
    name: file,
    failure: fromSqlite(file),
    // It is here, or it is broken.
    patient: (effect) => effect,
    isFailure: (error) => sqliteError(error) !== undefined
  })

/** Larger files are not read through at each start; what is wrong with them shows when the page is read. */
const quickCheckLimit = 64 * 1024 * 1024

/**
 * Looks at the file without changing it. It is private before anything is in it: the files that SQLite puts beside it get
 * the same mode.
 */
const inspect = Effect.fnUntraced(function* (folder: string, file: string) {
  const size = yield* Effect.tryPromise({
    try: async () => {
      const handle = await fs.open(file, "a", 0o600)
      try {
        return (await handle.stat()).size
      } finally {
        await handle.close()
      }
    },
    catch: (error) => fromStorage(folder)(fromSystem(file)(error))
  })
  if (size > 0) yield* examine(folder, file, size)
})

/**
 * Makes sure that the file is a database of a version that is known, and answers with that version. Writes nothing.
 *
 * @param size of the file, in bytes
 */
export const examine = Effect.fnUntraced(function* (folder: string, file: string, size: number) {
  const found = yield* Effect.try({
    try: () => {
      const database = new DatabaseSync(file, { readOnly: true })
      try {
        const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"])
        const check = size > quickCheckLimit ? "ok" : database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]
        return { version, check: String(check) }
      } finally {
        database.close()
      }
    },
    catch: (error) => fromStorage(folder)(fromSqlite(file)(error))
  })
  if (found.check !== "ok") {
    return yield* new DataFolderUnusable({ path: folder, reason: "corrupt", detail: found.check })
  }
  if (found.version > version) {
    return yield* new DataFolderUnusable({
      path: folder,
      reason: "newerVersion",
      detail: `the database has version ${found.version}, this privx-kit knows up to ${version}`
    })
  }
  return found.version
})

const prepare = (folder: string, file: string): Layer.Layer<never, DataFolderUnusable, SqlClient.SqlClient> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`PRAGMA synchronous = NORMAL`
      // Nobody else writes, but somebody may be reading, or copying the file.
      yield* sql`PRAGMA busy_timeout = 5000`
      yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table: "privx_kit_migrations" })
      // The engine's own tables. Its migrations have no typed failures.
      yield* Layer.build(SqlMessageStorage.layerMigrations({}))
    }).pipe(
      Effect.catchTag("MigrationError", (error) => Effect.fail(error.cause ?? error)),
      Effect.catchDefect(Effect.fail),
      Effect.scoped,
      Effect.mapError((error) => fromStorage(folder)(fromSqlite(file)(error)))
    )
  )
