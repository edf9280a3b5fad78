/**
 * The database of the data directory: one SQLite file with the engine's journal and the kit's own tables.
 *
 * WAL with `synchronous = NORMAL`: committed data survives the death of the process at any moment, and the file survives a
 * power failure. The last transactions before a power failure may be lost; their steps are executed again then (see
 * docs/decisions/0004-durable-engine.md).
 */
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { readdirSync, readFileSync, statSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Database } from "@privx-kit/durable/Database"
import { DataDirectory, DataDirectoryBusy, DataDirectoryUnusable, fromStorage } from "@privx-kit/durable/DataDirectory"
import * as MigrationHistory from "./MigrationHistory.ts"
import { migrations } from "./SqliteMigrations.ts"
import { fromSystem } from "@privx-kit/core/StorageFailed"
import * as SqliteClient from "@privx-kit/durable/SqliteClient"
import { GroupCommit } from "@privx-kit/durable/GroupCommit"
import { isBusy } from "@privx-kit/durable/SqliteCodes"
import { fromSqlite, sqliteError } from "@privx-kit/durable/SqliteFailure"

/** The version of the tables that this privx-kit supports, stored in `user_version` of the file. */
export const version = Object.keys(migrations).length

const histories = MigrationHistory.histories("sqlite", migrations)

/** Creates the missing tables of the kit, the domains and the engine. */
export const migrate = Effect.gen(function* () {
  for (const history of yield* histories) yield* MigrationHistory.migrate(history)
  // The engine's migrations have no typed failures.
  yield* Layer.build(SqlMessageStorage.layerMigrations({}))
})

/**
 * Whether the database has the tables of every domain of this process.
 *
 * @param file a file that {@link examine} has accepted
 */
export const isMigrated = (directory: string, file: string): Effect.Effect<boolean, DataDirectoryUnusable> =>
  Effect.flatMap(histories, (all) =>
    Effect.try({
      try: () => {
        const database = new DatabaseSync(file, { readOnly: true, timeout: 1000 })
        try {
          const tables = new Set(
            database
              .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
              .all()
              .map(({ name }) => name)
          )
          return all.every((history) => {
            if (!tables.has(history.table)) return false
            const row = database.prepare(`SELECT MAX(migration_id) AS version FROM ${history.table}`).get()
            return Number(row?.["version"] ?? 0) >= MigrationHistory.versionOf(history)
          })
        } finally {
          database.close()
        }
      },
      catch: (error) => fromStorage(directory)(fromSqlite(file)(error))
    })
  )

/** The path of the database in a data directory. */
export const databaseFile = (directory: string): string => path.join(directory, "privx-kit.sqlite")

/** Opens the database, after checking that it may be changed, and migrates its tables. */
export const layer: Layer.Layer<
  SqlClient.SqlClient | GroupCommit | Database,
  DataDirectoryUnusable | DataDirectoryBusy,
  DataDirectory
> = Layer.unwrap(
  Effect.gen(function* () {
    const directory = yield* DataDirectory
    const file = databaseFile(directory.path)
    yield* inspect(directory.path, file)
    return prepare(directory.path, file).pipe(
      Layer.provideMerge(SqliteClient.layer),
      Layer.provideMerge([GroupCommit.layer(file), database(file)])
    )
  })
)

/** Maps failures of the file to typed failures. */
export const database = (file: string): Layer.Layer<Database> =>
  Layer.succeed(Database, {
    name: file,
    failure: fromSqlite(file),
    // It is here, or it is broken.
    patient: (effect) => effect,
    isFailure: (error) => sqliteError(error) !== undefined
  })

/** Larger files are not checked at each start; damage shows when a damaged page is read. */
const quickCheckLimit = 64 * 1024 * 1024

/**
 * Inspects the file without changing its content. The file is made private before anything is written, because SQLite
 * gives its companion files the same mode.
 */
const inspect = Effect.fnUntraced(function* (directory: string, file: string) {
  const size = yield* Effect.tryPromise({
    try: async () => {
      const handle = await fs.open(file, "a", 0o600)
      try {
        return (await handle.stat()).size
      } finally {
        await handle.close()
      }
    },
    catch: (error) => fromStorage(directory)(fromSystem(file)(error))
  })
  if (!(yield* Reindexing)) yield* expectRecord(directory, size)
  if (size > 0) yield* examine(directory, file, size)
})

/** Whether the record is being rebuilt from the manifests. */
export const Reindexing = Context.Reference<boolean>("privx-kit/Reindexing", { defaultValue: () => false })

/** Checks the database of a data directory without changing it. The database may be missing. */
export const check = Effect.fnUntraced(function* (directory: string) {
  const file = databaseFile(directory)
  const size = yield* sizeOf(directory, file)
  yield* expectRecord(directory, size)
  if (size > 0) yield* examine(directory, file, size)
})

/** In bytes; 0 if the file does not exist. */
export const sizeOf = (directory: string, file: string): Effect.Effect<number, DataDirectoryUnusable> =>
  Effect.try({
    try: () => {
      try {
        return statSync(file).size
      } catch (error) {
        // `throwIfNoEntry` would also treat a file in place of the directory as a missing one.
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0
        throw error
      }
    },
    catch: (error) => fromStorage(directory)(fromSystem(file)(error))
  })

/**
 * Fails if the directory contains manifests and no database: it was removed or emptied, and a new one would hide the
 * history.
 *
 * @param size of the database, in bytes; 0 if it does not exist
 */
export const expectRecord = Effect.fnUntraced(function* (
  directory: string,
  size: number
): Effect.fn.Return<void, DataDirectoryUnusable> {
  if (size > 0) return
  const manifests = yield* Effect.try({
    try: () => readdirSync(path.join(directory, "manifests")).filter((name) => /^[^.].*\.json$/.test(name)).length,
    catch: () => undefined
  }).pipe(Effect.orElseSucceed(() => 0))
  if (manifests === 0) return
  const count = manifests === 1 ? "1 manifest" : `${manifests} manifests`
  return yield* new DataDirectoryUnusable({
    path: directory,
    reason: "noRecord",
    detail: `${path.basename(databaseFile(directory))} is missing or empty beside ${count}`
  })
})

/**
 * Checks that the file is a database of a supported version, and returns that version. Writes nothing.
 *
 * @param size of the file, in bytes
 */
export const examine = Effect.fnUntraced(function* (directory: string, file: string, size: number) {
  const look = (readOnly: boolean) => {
    const database = new DatabaseSync(file, { readOnly, timeout: 1000 })
    try {
      const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"])
      const check = size > quickCheckLimit ? "ok" : database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]
      return { version, check: String(check) }
    } finally {
      database.close()
    }
  }
  const lookAndRollBack = (first: unknown) => {
    try {
      return look(false)
    } catch (error) {
      if (isBusy(error)) throw error
      throw new DataDirectoryUnusable({
        path: directory,
        reason: "interruptedWrite",
        detail: fromSqlite(file)(first).detail
      })
    }
  }
  const found = yield* Effect.try({
    try: () => {
      try {
        return look(true)
      } catch (error) {
        // A writer that died left its journal, which only a writable connection can roll back.
        if (needsRollback(error)) return lookAndRollBack(error)
        throw error
      }
    },
    catch: (error) => error
  }).pipe(
    Effect.mapError((error) =>
      error instanceof DataDirectoryUnusable
        ? error
        : isBusy(error)
          ? new DataDirectoryBusy({ path: directory, ...lockedBy(file) })
          : fromStorage(directory)(fromSqlite(file)(error))
    )
  )
  if (found.check !== "ok") {
    return yield* new DataDirectoryUnusable({ path: directory, reason: "corrupt", detail: found.check })
  }
  if (found.version > version) {
    return yield* new DataDirectoryUnusable({
      path: directory,
      reason: "newerVersion",
      detail: `the database has version ${found.version}, and this privx-kit supports versions up to ${version}`
    })
  }
  return found.version
})

/** SQLITE_READONLY_ROLLBACK and SQLITE_READONLY_RECOVERY. */
const needsRollback = (error: unknown): boolean => {
  const code = Number(sqliteError(error)?.errcode)
  return code === 776 || code === 264
}

/** The process that has locked a file, according to Linux. */
const lockedBy = (file: string): { readonly pid?: number } => {
  try {
    const { ino } = statSync(file)
    const line = readFileSync("/proc/locks", "utf8")
      .split("\n")
      .find((line) => line.includes(`:${ino} `) && line.includes("WRITE"))
    const pid = Number(line?.trim().split(/\s+/)[4])
    return Number.isInteger(pid) && pid > 0 ? { pid } : {}
  } catch {
    return {}
  }
}

const prepare = (directory: string, file: string): Layer.Layer<never, DataDirectoryUnusable, SqlClient.SqlClient> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`PRAGMA synchronous = NORMAL`
      // No other process writes, but one may be reading or copying the file.
      yield* sql`PRAGMA busy_timeout = 5000`
      yield* migrate
    }).pipe(
      Effect.catchTag("MigrationError", (error) => Effect.fail(error.cause ?? error)),
      Effect.catchDefect(Effect.fail),
      Effect.scoped,
      Effect.mapError((error) => fromStorage(directory)(fromSqlite(file)(error)))
    )
  )
