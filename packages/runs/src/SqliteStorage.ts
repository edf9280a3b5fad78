/**
 * The database of the data directory: one SQLite file with the engine's journal and the kit's own tables.
 *
 * WAL with `synchronous = NORMAL`: committed data survives the death of the process at any moment, and the file survives a
 * power failure. The last transactions before a power failure may be lost; their steps are executed again then (see
 * docs/decisions/0004-durable-engine.md).
 *
 * @since 0.1.0
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

/**
 * The version of the tables that this privx-kit supports, stored in `user_version` of the file.
 *
 * @since 0.1.0
 * @category constants
 */
export const version = Object.keys(migrations).length

const histories = MigrationHistory.histories("sqlite", migrations)

/**
 * Creates the tables of the kit, of every domain and of the engine, or migrates them to this version.
 *
 * @example
 * ```ts
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 *
 * export const migrated = SqliteStorage.migrate
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const migrate = Effect.gen(function* () {
  for (const history of yield* histories) yield* MigrationHistory.migrate(history)
  // The engine's migrations have no typed failures.
  yield* Layer.build(SqlMessageStorage.layerMigrations({}))
})

/**
 * Returns whether a file has the tables of this version.
 *
 * **Errors**: `DataDirectoryUnusable` if the file cannot be read.
 *
 * @example
 * ```ts
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 *
 * export const migrated = SqliteStorage.isMigrated("/var/lib/privx-kit", SqliteStorage.databaseFile("/var/lib/privx-kit"))
 * ```
 *
 * @since 0.1.0
 * @category operations
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

/**
 * Returns the path of the database of a data directory.
 *
 * @example
 * ```ts
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 *
 * export const file = SqliteStorage.databaseFile("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const databaseFile = (directory: string): string => path.join(directory, "privx-kit.sqlite")

/**
 * The record of runs in the SQLite file of a data directory that this process has locked.
 *
 * **Details**: creates or migrates the tables.
 *
 * **Errors**: `DataDirectoryUnusable` if the file is damaged, is of a newer version, or is missing beside manifests;
 * `DataDirectoryBusy` if another program has locked it.
 *
 * @example
 * ```ts
 * import { DataDirectory } from "@privx-kit/durable/DataDirectory"
 * import { Runs } from "@privx-kit/runs/Runs"
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = Runs.layer.pipe(
 *   Layer.provide(SqliteStorage.layer),
 *   Layer.provide(DataDirectory.layer("/var/lib/privx-kit"))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
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

/**
 * The name of an SQLite file, and the meaning of its failures.
 *
 * @example
 * ```ts
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 *
 * export const layer = SqliteStorage.database("/var/lib/privx-kit/privx-kit.sqlite")
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
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

/**
 * Whether the record is being rebuilt from the manifests.
 *
 * @since 0.1.0
 * @category references
 */
export const Reindexing = Context.Reference<boolean>("privx-kit/Reindexing", { defaultValue: () => false })

/**
 * Checks that the database of a data directory can be used. Writes nothing.
 *
 * **Errors**: `DataDirectoryUnusable` or `DataDirectoryBusy`, as of {@link layer}.
 *
 * @example
 * ```ts
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 *
 * export const checked = SqliteStorage.check("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const check = Effect.fnUntraced(function* (directory: string) {
  const file = databaseFile(directory)
  const size = yield* sizeOf(directory, file)
  yield* expectRecord(directory, size)
  if (size > 0) yield* examine(directory, file, size)
})

/**
 * Returns the size of a database file in bytes; 0 if it does not exist.
 *
 * **Errors**: `DataDirectoryUnusable` if it cannot be examined.
 *
 * @example
 * ```ts
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 *
 * export const size = SqliteStorage.sizeOf("/var/lib/privx-kit", "/var/lib/privx-kit/privx-kit.sqlite")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
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
 * Fails if the database is missing beside manifests: a new one would hide the runs of the old one.
 *
 * **Errors**: `DataDirectoryUnusable` (`noRecord`).
 *
 * @param size of the database, in bytes; 0 if it does not exist
 *
 * @example
 * ```ts
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 *
 * export const expected = SqliteStorage.expectRecord("/var/lib/privx-kit", 0)
 * ```
 *
 * @since 0.1.0
 * @category operations
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
 * Checks that a file is a database of a supported version, and returns that version. Writes nothing.
 *
 * **Details**: a large file is not checked for damage, because that takes long.
 *
 * **Errors**: as of {@link check}.
 *
 * @param size of the file, in bytes
 *
 * @example
 * ```ts
 * import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
 *
 * export const version = SqliteStorage.examine("/var/lib/privx-kit", "/var/lib/privx-kit/privx-kit.sqlite", 4096)
 * ```
 *
 * @since 0.1.0
 * @category operations
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
