/**
 * SQLite's primary result codes on which a user can act. Apart from `SqliteFailure`, because every command knows them.
 *
 * @since 0.1.0
 */
import type { Reason } from "@privx-kit/core/StorageFailed"

const reasons: { readonly [code: number]: Reason } = {
  8: "readOnly", // READONLY
  11: "damaged", // CORRUPT
  13: "full", // FULL
  14: "notPermitted", // CANTOPEN, where the system does not say why
  26: "damaged" // NOTADB
}

/**
 * Returns the primary result code of a code as `node:sqlite` gives it, which can be an extended one.
 *
 * **Source**: the documentation of SQLite, "Result and Error Codes".
 *
 * @example
 * ```ts
 * import * as SqliteCodes from "@privx-kit/durable/SqliteCodes"
 *
 * export const code = SqliteCodes.primaryOf(261) // 5, SQLITE_BUSY
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const primaryOf = (errcode: unknown): number => Number(errcode) & 0xff

/**
 * Returns the reason of a failure of storage for a result code; `undefined` if a user cannot act on it.
 *
 * @example
 * ```ts
 * import * as SqliteCodes from "@privx-kit/durable/SqliteCodes"
 *
 * export const reason = SqliteCodes.reasonOf(13) // full
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const reasonOf = (errcode: unknown): Reason | undefined => reasons[primaryOf(errcode)]

/**
 * Returns whether an error of `node:sqlite` says that another process has locked the file.
 *
 * @example
 * ```ts
 * import * as SqliteCodes from "@privx-kit/durable/SqliteCodes"
 *
 * export const locked = (error: unknown): boolean => SqliteCodes.isBusy(error)
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && primaryOf(error.errcode) === 5
