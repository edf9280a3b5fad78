/**
 * What SQLite says, as the failure of this machine's storage that it is.
 */
import { describe, type Reason, StorageFailed } from "@privx-kit/core/StorageFailed"
import { isSqlError } from "effect/sql/SqlError"
import { statfsSync } from "node:fs"
import * as path from "node:path"

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
