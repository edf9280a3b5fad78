/** An unexpected error of the system or the database. Such an error is not a bug of privx-kit. */
import * as StorageFailed from "@privx-kit/core/StorageFailed"
import * as SqliteCodes from "@privx-kit/durable/SqliteCodes"

export const fromDefect = (defect: unknown): StorageFailed.StorageFailed | undefined =>
  StorageFailed.fromDefect(defect) ?? fromDatabase(defect)

/** `node:sqlite` has its own error codes. */
const fromDatabase = (defect: unknown): StorageFailed.StorageFailed | undefined => {
  for (let cause = defect, depth = 0; cause instanceof Error && depth < 8; depth++) {
    if ("errcode" in cause) {
      return new StorageFailed.StorageFailed({
        path: "The database",
        reason: SqliteCodes.reasonOf(cause.errcode) ?? "other",
        detail: StorageFailed.describe(cause)
      })
    }
    cause = cause.cause
  }
  return undefined
}
