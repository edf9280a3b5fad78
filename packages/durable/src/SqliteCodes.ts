/** SQLite's primary result codes on which a user can act. Apart from `SqliteFailure`, because every command knows them. */
import type { Reason } from "@privx-kit/core/StorageFailed"

const reasons: { readonly [code: number]: Reason } = {
  8: "readOnly", // READONLY
  11: "damaged", // CORRUPT
  13: "full", // FULL
  14: "notPermitted", // CANTOPEN, where the system does not say why
  26: "damaged" // NOTADB
}

/** Of a code as `node:sqlite` gives it, which can be an extended one. */
export const primaryOf = (errcode: unknown): number => Number(errcode) & 0xff

export const reasonOf = (errcode: unknown): Reason | undefined => reasons[primaryOf(errcode)]

/** SQLITE_BUSY: another process has locked the file. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && primaryOf(error.errcode) === 5
