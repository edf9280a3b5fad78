/**
 * The data directory: all files of a user, private to that user, and locked by one process at a time.
 *
 * Two processes on one journal would both execute the same steps, so the directory has an exclusive lock. The operating
 * system releases it with the process, even after `kill -9`, so nothing has to be cleaned up. Node has no call for such
 * locks, but SQLite takes one on its file, so an empty SQLite file with an open exclusive transaction serves as the
 * lock (see docs/decisions/0004-durable-engine.md).
 *
 * @since 0.1.0
 */
import { isBusy } from "./SqliteCodes.ts"
import * as Failure from "@privx-kit/core/Failure"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { existsSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as DurableFile from "@privx-kit/files/DurableFile"
import { fromSystem, type Reason, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DataDirectoryAccess from "./DataDirectoryAccess.ts"
import { fromSqlite } from "./SqliteFailure.ts"

/**
 * Another process uses the directory. The facts about it come from a file that it wrote, and can be missing.
 *
 * @since 0.1.0
 * @category errors
 */
export class DataDirectoryBusy extends Failure.Class<DataDirectoryBusy>()(
  "DataDirectoryBusy",
  {
    path: Schema.String,
    pid: Schema.optionalKey(Schema.Int),
    host: Schema.optionalKey(Schema.String),
    /** ISO 8601. */
    since: Schema.optionalKey(Schema.String)
  },
  {
    message: (self) => {
      const who = self.pid === undefined ? "another process" : `process ${self.pid}`
      const where = self.host === undefined || self.host === os.hostname() ? "" : ` on ${self.host}`
      const since = self.since === undefined ? "" : ` since ${self.since}`
      return `The data directory ${self.path} is in use by ${who}${where}${since}.`
    },
    hint: "Wait until it ends, stop it, or choose another directory with --data-dir."
  }
) {}

const UnusableReason = Schema.Literals([
  "notADirectory",
  "notWritable",
  "full",
  "corrupt",
  "newerVersion",
  "noRecord",
  "interruptedWrite",
  "exposed",
  "path",
  "tooManyFiles",
  "other"
])

type UnusableReason = typeof UnusableReason.Type

/**
 * The directory cannot be used. Its content was not changed.
 *
 * @since 0.1.0
 * @category errors
 */
export class DataDirectoryUnusable extends Failure.Class<DataDirectoryUnusable>()(
  "DataDirectoryUnusable",
  {
    path: Schema.String,
    reason: UnusableReason,
    /** The error of the system. */
    detail: Schema.String
  },
  {
    message: (self) => `The data directory ${self.path} cannot be used: ${what[self.reason]} (${self.detail}).`,
    hint: (self) => hints[self.reason]
  }
) {}

/**
 * The directory with all files of a user, private to that user and locked by one process at a time.
 *
 * **Details**: the layer creates the directory if it is missing, and locks it until the scope closes or the process dies.
 *
 * **Errors**: the layer fails with `DataDirectoryBusy` if another process has locked it, and with `DataDirectoryUnusable` if
 * it cannot be used or other users can change it.
 *
 * @example
 * ```ts
 * import { DataDirectory } from "@privx-kit/durable/DataDirectory"
 * import * as Effect from "effect/Effect"
 *
 * export const path = Effect.map(DataDirectory, ({ path }) => path).pipe(
 *   Effect.provide(DataDirectory.layer("/var/lib/privx-kit"))
 * )
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class DataDirectory extends Context.Service<
  DataDirectory,
  {
    /** Absolute path of the directory. */
    readonly path: string
  }
>()("privx-kit/DataDirectory") {
  /** Opens the directory, creates it if it is missing, and locks it until the scope closes or the process dies. */
  static readonly layer = (directory: string): Layer.Layer<DataDirectory, DataDirectoryBusy | DataDirectoryUnusable> =>
    Layer.effect(DataDirectory, open(path.resolve(directory)))
}

const open = Effect.fn("DataDirectory.open")(function* (directory: string) {
  yield* DurableFile.makeDirectory(directory).pipe(Effect.mapError(fromStorage(directory)))
  yield* expectPrivate(directory)
  yield* lock(directory)
  yield* announce(directory)
  return DataDirectory.of({ path: directory })
})

/**
 * Fails if other users can change a data directory or a part of it.
 *
 * **Errors**: `DataDirectoryUnusable` (`exposed`) names the first file or directory.
 *
 * @example
 * ```ts
 * import { expectPrivate } from "@privx-kit/durable/DataDirectory"
 *
 * export const checked = expectPrivate("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category validation
 */
export const expectPrivate = Effect.fn("DataDirectory.expectPrivate")(function* (
  directory: string
): Effect.fn.Return<void, DataDirectoryUnusable> {
  const exposed = yield* Effect.mapError(DataDirectoryAccess.exposure(directory), fromStorage(directory))
  if (exposed === undefined) return
  const detail = `${exposed.path} ${exposed.problem}`
  return yield* new DataDirectoryUnusable({ path: directory, reason: "exposed", detail })
})

const lock = Effect.fnUntraced(function* (
  directory: string
): Effect.fn.Return<void, DataDirectoryBusy | DataDirectoryUnusable, Scope.Scope> {
  const file = path.join(directory, "lock.sqlite")
  // "wx" opens nothing when the file exists. That matters: closing any descriptor of a file drops all locks that the
  // process has on it, so only SQLite may ever open this file.
  yield* Effect.tryPromise({
    try: () =>
      fs.open(file, "wx", 0o600).then(
        (handle) => handle.close(),
        (error: NodeJS.ErrnoException) => (error.code === "EEXIST" ? undefined : Promise.reject(error))
      ),
    catch: (error) => fromStorage(directory)(fromSystem(file)(error))
  })
  yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        // Long enough to outlast an `isHeld` of another process.
        const database = new DatabaseSync(file, { timeout: 20 })
        try {
          database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        } catch (error) {
          database.close()
          throw error
        }
        return database
      },
      catch: (error) => error
    }).pipe(
      Effect.catch((error): Effect.Effect<never, DataDirectoryBusy | DataDirectoryUnusable> =>
        isBusy(error)
          ? Effect.flatMap(owner(directory), (owner) => new DataDirectoryBusy({ path: directory, ...owner }))
          : Effect.fail(fromStorage(directory)(fromSqlite(file)(error)))
      )
    ),
    (database) => Effect.sync(() => database.close())
  )
})

/**
 * Returns whether a process has locked a data directory, as far as can be determined.
 *
 * **Gotchas**: a moment later the answer may be another one.
 *
 * @example
 * ```ts
 * import { isHeld } from "@privx-kit/durable/DataDirectory"
 *
 * export const busy = isHeld("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHeld = (directory: string): boolean => {
  const file = path.join(path.resolve(directory), "lock.sqlite")
  if (!existsSync(file)) return false
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 0 })
    try {
      database.prepare("SELECT count(*) FROM sqlite_schema").get()
      return false
    } finally {
      database.close()
    }
  } catch (error) {
    return isBusy(error)
  }
}

const Owner = Schema.fromJsonString(Schema.Struct({ pid: Schema.Int, host: Schema.String, since: Schema.String }))

const ownerFile = (directory: string): string => path.join(directory, "owner.json")

/**
 * Describes the process that has locked the directory, for the messages of other processes. The lock does not depend on
 * it.
 */
const announce = (directory: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Schema.encodeEffect(Owner)({
      pid: process.pid,
      host: os.hostname(),
      since: new Date().toISOString()
    }).pipe(
      Effect.flatMap((json) => Effect.promise(() => fs.writeFile(ownerFile(directory), json, { mode: 0o600 }))),
      Effect.catchCause(() => Effect.void)
    ),
    () => Effect.promise(() => fs.rm(ownerFile(directory), { force: true }).catch(() => undefined))
  )

const owner = (directory: string): Effect.Effect<Partial<typeof Owner.Type>> =>
  Effect.tryPromise(() => fs.readFile(ownerFile(directory), "utf8")).pipe(
    Effect.flatMap(Schema.decodeEffect(Owner)),
    Effect.option,
    Effect.map(Option.getOrElse(() => ({})))
  )

const directoryReasons: Record<Reason, UnusableReason> = {
  full: "full",
  notPermitted: "notWritable",
  readOnly: "notWritable",
  unreachable: "other",
  missing: "other",
  notADirectory: "notADirectory",
  tooLarge: "other",
  damaged: "corrupt",
  exposed: "exposed",
  path: "path",
  tooManyFiles: "tooManyFiles",
  closed: "other",
  other: "other"
}

/**
 * Converts a failure of storage to one of the data directory.
 *
 * @example
 * ```ts
 * import { StorageFailed } from "@privx-kit/core/StorageFailed"
 * import { fromStorage } from "@privx-kit/durable/DataDirectory"
 *
 * const full = new StorageFailed({ path: "/var/lib/privx-kit/privx-kit.sqlite", reason: "full", detail: "ENOSPC" })
 * export const failure = fromStorage("/var/lib/privx-kit")(full)
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export const fromStorage =
  (directory: string) =>
  (failure: StorageFailed): DataDirectoryUnusable =>
    new DataDirectoryUnusable({ path: directory, reason: directoryReasons[failure.reason], detail: failure.detail })

const what: Record<UnusableReason, string> = {
  notADirectory: "it is not a directory",
  notWritable: "it cannot be written",
  full: "there is no space left",
  corrupt: "its database is damaged",
  newerVersion: "a newer privx-kit has used it",
  noRecord: "its record of runs is missing",
  interruptedWrite: "a program was interrupted while it wrote the database, and this user cannot undo that",
  exposed: "other users can change its content",
  path: "its path cannot be resolved",
  tooManyFiles: "too many files are open",
  other: "the system reported an error"
}

const hints: Record<UnusableReason, string> = {
  notADirectory: "Choose another directory with --data-dir.",
  notWritable: "Give this user write permission for it, or choose another directory with --data-dir.",
  full: "Free space on the disk, or choose another directory with --data-dir.",
  corrupt:
    "Nothing was changed. Move the directory away and keep it for an investigation, or choose another one with --data-dir.",
  noRecord:
    "Restore the database from a backup, or run privx-kit runs reindex to rebuild the record from the manifests.",
  interruptedWrite:
    "Run the same command as the owner of the directory: the next program that may write there puts the database in order.",
  exposed:
    "Check that its content is unchanged, then run `chmod -R go-w DIRECTORY`, and `chown -R USER DIRECTORY` if another user owns it. Or choose another directory with --data-dir.",
  path: "Check the names in the path and the targets of its links, or choose another directory with --data-dir.",
  tooManyFiles: "Raise the limit of open files (`ulimit -n`) or close other programs, then run the command again.",
  newerVersion: "Update privx-kit, or choose another directory with --data-dir.",
  other: "Check the directory, or choose another one with --data-dir."
}
