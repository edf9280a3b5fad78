/**
 * Converts errors of SQLite to storage failures.
 *
 * @since 0.1.0
 */
import { describe, fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import { isSqlError } from "effect/sql/SqlError"
import { accessSync, closeSync, constants, openSync, statfsSync } from "node:fs"
import { devNull } from "node:os"
import { dirname } from "node:path"
import * as SqliteCodes from "./SqliteCodes.ts"

/**
 * Converts an error of SQLite to a failure of storage: from `node:sqlite`, from the client of Effect, or wrapped by the
 * engine.
 *
 * @param file for the message
 *
 * @example
 * ```ts
 * import * as SqliteFailure from "@privx-kit/durable/SqliteFailure"
 *
 * export const failure = (error: unknown) => SqliteFailure.fromSqlite("/var/lib/privx-kit/privx-kit.sqlite")(error)
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export const fromSqlite =
  (file: string) =>
  (error: unknown): StorageFailed => {
    const cause = sqliteError(error)
    if (cause === undefined) return new StorageFailed({ path: file, reason: "other", detail: describe(error) })
    const code = SqliteCodes.primaryOf(cause.errcode)
    const system = code === CANTOPEN ? systemFailure(file) : undefined
    if (system !== undefined) {
      return new StorageFailed({ path: file, reason: system.reason, detail: `${describe(cause)}: ${system.detail}` })
    }
    const reason = SqliteCodes.reasonOf(code) ?? (code === IOERR && isFull(file) ? "full" : "other")
    return new StorageFailed({ path: file, reason, detail: describe(cause) })
  }

const CANTOPEN = 14

/**
 * Finds out why SQLite cannot open a file, which SQLite does not report. It opens none of SQLite's files, because
 * closing such a descriptor would drop the locks that this process has on the file.
 */
const systemFailure = (file: string): StorageFailed | undefined => {
  for (const [path, mode] of [
    [file, constants.R_OK | constants.W_OK],
    [dirname(file), constants.W_OK | constants.X_OK]
  ] as const) {
    try {
      accessSync(path, mode)
    } catch (error) {
      const failure = fromSystem(path)(error)
      if (failure.reason !== "missing") return failure
    }
  }
  try {
    closeSync(openSync(devNull, "r"))
  } catch (error) {
    return fromSystem(file)(error)
  }
  return undefined
}

/**
 * Returns the error of SQLite that caused a failure; `undefined` if the failure has another cause.
 *
 * @example
 * ```ts
 * import * as SqliteFailure from "@privx-kit/durable/SqliteFailure"
 *
 * export const code = (error: unknown) => SqliteFailure.sqliteError(error)?.errcode
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const sqliteError = (error: unknown): (Error & { readonly errcode: unknown }) | undefined => {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    if ("errcode" in cause) return cause
    cause = isSqlError(cause) ? cause.reason.cause : cause.cause
  }
  return undefined
}

const IOERR = 10

/** On a full disk, writes to a memory map (the index of the WAL) fail as I/O errors. */
const isFull = (file: string): boolean => {
  try {
    return statfsSync(dirname(file)).bavail === 0
  } catch {
    return false
  }
}
