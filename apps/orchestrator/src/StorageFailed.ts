/**
 * The failure of the user's own machine to keep or give back what a run needs: a file or the database.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"
import { isSqlError } from "effect/sql/SqlError"
import { statfsSync } from "node:fs"
import * as path from "node:path"

/**
 * - `full`: no space, or a quota is used up
 * - `notPermitted`: the system does not allow it, or the file system is read-only
 * - `missing`: a file or folder is not there
 * - `notAFolder`: something that is no folder stands where a folder is wanted, or the other way round
 * - `tooLarge`: more bytes came than the run allows
 * - `damaged`: what is stored is not what was stored
 * - `other`: anything else that the system said
 */
export const Reason = Schema.Literals(["full", "notPermitted", "missing", "notAFolder", "tooLarge", "damaged", "other"])

export type Reason = typeof Reason.Type

export class StorageFailed extends Failure.rendered<object>({
  message: (self) => message(self as StorageFailed),
  hint: (self) => hint(self as StorageFailed)
})(
  Schema.TaggedError<StorageFailed, { readonly hint: string }>()("StorageFailed", {
    /** The file or folder concerned. */
    path: Schema.String,
    reason: Reason,
    /** What the system said, e.g. `ENOSPC: no space left on device, write`. */
    detail: Schema.String
  })
) {}

const message = (self: StorageFailed): string => `${self.path} could not be used: ${self.detail}.`

const hint = (self: StorageFailed): string => hints[self.reason]

const hints: Record<Reason, string> = {
  full: "Make room on the disk, or choose another folder, and run it again.",
  notPermitted: "Give this user the right to write there, or choose another folder.",
  missing: "Check the path.",
  notAFolder: "Check the path: a folder is needed there.",
  tooLarge: "Allow more bytes if such a size is right; a set-up script is a few kilobytes.",
  damaged: "Do not use the file. Run the set-up again with --fresh, and check the disk.",
  other: "Check the disk and the folder."
}

const reasons: { readonly [code: string]: Reason } = {
  ENOSPC: "full",
  EDQUOT: "full",
  EACCES: "notPermitted",
  EPERM: "notPermitted",
  EROFS: "notPermitted",
  ENOENT: "missing",
  ENOTDIR: "notAFolder",
  EISDIR: "notAFolder",
  EEXIST: "notAFolder"
}

/** The failure for what a call of `node:fs` threw. */
export const fromSystem =
  (path: string) =>
  (error: unknown): StorageFailed => {
    const code = error instanceof Error && "code" in error ? String(error.code) : ""
    return new StorageFailed({ path, reason: reasons[code] ?? "other", detail: describe(error) })
  }

/** SQLite's primary result codes that say something a user can act on. */
const sqliteReasons: { readonly [code: number]: Reason } = {
  8: "notPermitted", // READONLY
  11: "damaged", // CORRUPT
  13: "full", // FULL
  14: "notPermitted", // CANTOPEN
  26: "damaged" // NOTADB
}

/**
 * The failure for what SQLite said, whether it comes from `node:sqlite`, from Effect's client, or wrapped by the engine.
 */
export const fromSqlite =
  (file: string) =>
  (error: unknown): StorageFailed => {
    const cause = sqliteError(error)
    if (cause === undefined) return new StorageFailed({ path: file, reason: "other", detail: describe(error) })
    const code = Number(cause.errcode) & 0xff
    const reason = sqliteReasons[code] ?? (code === IOERR && isFull(file) ? "full" : "other")
    return new StorageFailed({ path: file, reason, detail: describe(cause) })
  }

/** The error of SQLite at the bottom of a failure, or `undefined` when it is about something else. */
export const sqliteError = (error: unknown): (Error & { readonly errcode: unknown }) | undefined => {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    if ("errcode" in cause) return cause
    cause = isSqlError(cause) ? cause.reason.cause : cause.cause
  }
  return undefined
}

const IOERR = 10

/** What is written by memory map (the index of the WAL) fails as an I/O error where there is no space. */
const isFull = (file: string): boolean => {
  try {
    return statfsSync(path.dirname(file)).bavail === 0
  } catch {
    return false
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/\.$/, "")
