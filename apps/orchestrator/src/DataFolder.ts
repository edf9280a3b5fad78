/**
 * The data folder: where everything of a user lies, private to that user, and held by one process at a time.
 *
 * Two processes on one journal would both carry out the same steps, so the folder has an exclusive lock. It is a lock of
 * the operating system: it is gone with the process that held it, even after `kill -9`, and nothing has to be cleaned up.
 * Node has no call for such locks, but SQLite takes one on its file, so an empty SQLite file with an open exclusive
 * transaction serves as the lock (see docs/decisions/0004-durable-engine.md).
 */
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
import * as DurableFile from "@privx-kit/http/DurableFile"
import { fromSystem, type Reason, type StorageFailed } from "@privx-kit/core/StorageFailed"
import { fromSqlite } from "./SqliteFailure.ts"

/** Another process works in the folder. What is known of it comes from a file that it left, and can be missing. */
export class DataFolderBusy extends Failure.rendered<object>({
  message: (self) => busy(self as DataFolderBusy),
  hint: () => "Wait for it to end, stop it, or give another folder with --data-dir."
})(
  Schema.TaggedError<DataFolderBusy, { readonly hint: string }>()("DataFolderBusy", {
    path: Schema.String,
    pid: Schema.optionalKey(Schema.Int),
    host: Schema.optionalKey(Schema.String),
    /** ISO 8601. */
    since: Schema.optionalKey(Schema.String)
  })
) {}

const UnusableReason = Schema.Literals(["notAFolder", "notWritable", "full", "corrupt", "newerVersion", "other"])

type UnusableReason = typeof UnusableReason.Type

/** The folder cannot be used as it is. What is in it has been left as it was. */
export class DataFolderUnusable extends Failure.rendered<object>({
  message: (self) => unusable(self as DataFolderUnusable),
  hint: (self) => advice(self as DataFolderUnusable)
})(
  Schema.TaggedError<DataFolderUnusable, { readonly hint: string }>()("DataFolderUnusable", {
    path: Schema.String,
    reason: UnusableReason,
    /** What the system said. */
    detail: Schema.String
  })
) {}

export class DataFolder extends Context.Service<
  DataFolder,
  {
    /** Absolute path of the folder. */
    readonly path: string
  }
>()("privx-kit/DataFolder") {
  /** Opens the folder, creating it where it is missing, and holds it until the scope closes or the process dies. */
  static readonly layer = (folder: string): Layer.Layer<DataFolder, DataFolderBusy | DataFolderUnusable> =>
    Layer.effect(DataFolder, open(path.resolve(folder)))
}

const open = Effect.fn("DataFolder.open")(function* (folder: string) {
  yield* DurableFile.makeFolder(folder).pipe(Effect.mapError(fromStorage(folder)))
  yield* lock(folder)
  yield* announce(folder)
  return DataFolder.of({ path: folder })
})

/**
 * `$XDG_DATA_HOME/privx-kit`, or `~/.local/share/privx-kit`. A relative `XDG_DATA_HOME` counts as not set, as its
 * specification asks.
 */
export const defaultPath = (environment: Readonly<Record<string, string | undefined>>, home: string): string => {
  const base = environment["XDG_DATA_HOME"]
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(home, ".local", "share"), "privx-kit")
}

const lock = Effect.fnUntraced(function* (
  folder: string
): Effect.fn.Return<void, DataFolderBusy | DataFolderUnusable, Scope.Scope> {
  const file = path.join(folder, "lock.sqlite")
  // "wx" opens nothing when the file exists. That matters: closing any descriptor of a file drops all locks that the
  // process has on it, so nothing but SQLite may ever open this one.
  yield* Effect.tryPromise({
    try: () =>
      fs.open(file, "wx", 0o600).then(
        (handle) => handle.close(),
        (error: NodeJS.ErrnoException) => (error.code === "EEXIST" ? undefined : Promise.reject(error))
      ),
    catch: (error) => fromStorage(folder)(fromSystem(file)(error))
  })
  yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        // Long enough for an `isHeld` of another process to pass by.
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
      Effect.catch((error): Effect.Effect<never, DataFolderBusy | DataFolderUnusable> =>
        isBusy(error)
          ? Effect.flatMap(owner(folder), (owner) => new DataFolderBusy({ path: folder, ...owner }))
          : Effect.fail(fromStorage(folder)(fromSqlite(file)(error)))
      )
    ),
    (database) => Effect.sync(() => database.close())
  )
})

/** Whether a process works in the folder, as far as can be seen. */
export const isHeld = (folder: string): boolean => {
  const file = path.join(path.resolve(folder), "lock.sqlite")
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

/** SQLITE_BUSY */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5

const Owner = Schema.fromJsonString(Schema.Struct({ pid: Schema.Int, host: Schema.String, since: Schema.String }))

const ownerFile = (folder: string): string => path.join(folder, "owner.json")

/** Who holds the folder, for the message of the next one that comes. The lock does not depend on it. */
const announce = (folder: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Schema.encodeEffect(Owner)({
      pid: process.pid,
      host: os.hostname(),
      since: new Date().toISOString()
    }).pipe(
      Effect.flatMap((json) => Effect.promise(() => fs.writeFile(ownerFile(folder), json, { mode: 0o600 }))),
      Effect.catchCause(() => Effect.void)
    ),
    () => Effect.promise(() => fs.rm(ownerFile(folder), { force: true }).catch(() => undefined))
  )

const owner = (folder: string): Effect.Effect<Partial<typeof Owner.Type>> =>
  Effect.tryPromise(() => fs.readFile(ownerFile(folder), "utf8")).pipe(
    Effect.flatMap(Schema.decodeEffect(Owner)),
    Effect.option,
    Effect.map(Option.getOrElse(() => ({})))
  )

const folderReasons: Record<Reason, UnusableReason> = {
  full: "full",
  notPermitted: "notWritable",
  missing: "other",
  notAFolder: "notAFolder",
  tooLarge: "other",
  damaged: "corrupt",
  other: "other"
}

/** The same failure, said of the folder. */
export const fromStorage =
  (folder: string) =>
  (failure: StorageFailed): DataFolderUnusable =>
    new DataFolderUnusable({ path: folder, reason: folderReasons[failure.reason], detail: failure.detail })

const busy = (self: DataFolderBusy): string => {
  const who = self.pid === undefined ? "another process" : `process ${self.pid}`
  const where = self.host === undefined || self.host === os.hostname() ? "" : ` on ${self.host}`
  const since = self.since === undefined ? "" : ` since ${self.since}`
  return `The data folder ${self.path} is in use by ${who}${where}${since}.`
}

const what: Record<UnusableReason, string> = {
  notAFolder: "something that is no folder is in its place",
  notWritable: "it cannot be written",
  full: "there is no space left",
  corrupt: "its database is damaged",
  newerVersion: "a newer privx-kit has been here",
  other: "the system refused"
}

const unusable = (self: DataFolderUnusable): string =>
  `The data folder ${self.path} cannot be used: ${what[self.reason]} (${self.detail}).`

const advice = (self: DataFolderUnusable): string => hints[self.reason]

const hints: Record<UnusableReason, string> = {
  notAFolder: "Give another folder with --data-dir.",
  notWritable: "Give this user the right to write there, or give another folder with --data-dir.",
  full: "Make room on the disk, or give another folder with --data-dir.",
  corrupt: "Nothing was changed. Move the folder away and keep it for an inquiry, or give another one with --data-dir.",
  newerVersion: "Update privx-kit, or give another folder with --data-dir.",
  other: "Check the folder, or give another one with --data-dir."
}
