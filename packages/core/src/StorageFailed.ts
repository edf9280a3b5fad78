/**
 * A failure to use local storage or a database: to read or write a file, a directory, a database.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Failure from "./Failure.ts"

/**
 * - `full`: no space, a quota is used up, or a file would become larger than the system allows
 * - `notPermitted`: the system does not permit it
 * - `readOnly`: the file system, the file or the database server currently accepts no writes
 * - `unreachable`: the database server does not respond
 * - `missing`: a file or directory does not exist
 * - `notADirectory`: a file where a directory is needed, or a directory where a file is needed
 * - `tooLarge`: more bytes arrived than are allowed
 * - `damaged`: the stored bytes have changed
 * - `exposed`: other users can change the file or directory, or own it
 * - `path`: a path is too long, or its links form a loop
 * - `tooManyFiles`: the process or the system has too many files open
 * - `closed`: the reader of a pipe has closed it
 * - `other`: anything else that the system reported
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Literals([
  "full",
  "notPermitted",
  "readOnly",
  "unreachable",
  "missing",
  "notADirectory",
  "tooLarge",
  "damaged",
  "exposed",
  "path",
  "tooManyFiles",
  "closed",
  "other"
])

/**
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

/**
 * The failure: what could not be used, and why.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageFailed extends Failure.Class<StorageFailed>()(
  "StorageFailed",
  {
    /** The file or directory. */
    path: Schema.String,
    reason: Reason,
    /** The error of the system, e.g. `ENOSPC: no space left on device, write`. */
    detail: Schema.String
  },
  {
    message: (self) => `${self.path} could not be used: ${self.detail}.`,
    hint: (self) => hints[self.reason],
    section: "storage"
  }
) {}

const hints: Record<Reason, string> = {
  full: "Free space on the disk or choose another directory, then run the command again.",
  notPermitted: "Give this user write permission for the path, or choose another path.",
  readOnly:
    "Make it writable again: remount a file system that is read-only, or connect to the primary database instead of a standby.",
  unreachable: "Check that the database server is running and reachable over the network.",
  missing: "Check that the path is correct.",
  notADirectory: "Check the path: a file is where a directory is needed, or a directory where a file is needed.",
  tooLarge: "If this size is expected, increase the limit. A setup script usually has a few kilobytes.",
  damaged: "Do not use the file. Download it again and check the disk.",
  exposed:
    "Check that its content is unchanged, then make it writable only for this user (`chown`, `chmod go-w`) and run the command again.",
  path: "Check the names in the path and the targets of its links.",
  tooManyFiles: "Raise the limit of open files (`ulimit -n`) or close other programs, then run the command again.",
  closed: "Check the command that reads the output.",
  other: "Check the disk and the directory."
}

/**
 * The meaning of a reason, as the end of a sentence, for readers that must not see the path.
 *
 * @since 0.1.0
 * @category rendering
 */
export const reasonText: Readonly<Record<Reason, string>> = {
  full: "there is no space left",
  notPermitted: "the system does not permit it",
  readOnly: "it accepts no writes",
  unreachable: "it does not respond",
  missing: "a file or directory is missing",
  notADirectory: "a file is where a directory is needed, or a directory where a file is needed",
  tooLarge: "it is larger than allowed",
  damaged: "the stored data is damaged",
  path: "a path cannot be resolved",
  exposed: "other users can change the stored data",
  tooManyFiles: "too many files are open",
  closed: "the reader closed the pipe",
  other: "the system reported an error"
}

/**
 * Returns whether the failure is transient, so that the operation can be repeated when the storage has room or is
 * available again.
 *
 * **Details**: the reasons `full`, `readOnly` and `unreachable` are transient.
 *
 * @example
 * ```ts
 * import { isTransient, type StorageFailed } from "@privx-kit/core/StorageFailed"
 * import * as Effect from "effect/Effect"
 *
 * export const persistent = <A>(save: Effect.Effect<A, StorageFailed>) =>
 *   Effect.retry(save, { while: (failure) => isTransient(failure), times: 3 })
 * ```
 *
 * @since 0.1.0
 * @category guards
 */
export const isTransient = (failure: unknown): failure is StorageFailed =>
  failure instanceof StorageFailed &&
  (failure.reason === "full" || failure.reason === "readOnly" || failure.reason === "unreachable")

const reasons: { readonly [code: string]: Reason } = {
  ENOSPC: "full",
  EDQUOT: "full",
  EFBIG: "full",
  EACCES: "notPermitted",
  EPERM: "notPermitted",
  EROFS: "readOnly",
  ENOENT: "missing",
  ENOTDIR: "notADirectory",
  EISDIR: "notADirectory",
  EEXIST: "notADirectory",
  EPIPE: "closed",
  ELOOP: "path",
  ENAMETOOLONG: "path",
  EMFILE: "tooManyFiles",
  ENFILE: "tooManyFiles"
}

/**
 * Converts an exception of `node:fs` to the failure.
 *
 * **Details**: the code of the exception gives the reason, e.g. `ENOSPC` gives `full`. A code without a reason of its own
 * gives `other`.
 *
 * @param path the file or directory that the failure names
 *
 * @example
 * ```ts
 * import { fromSystem } from "@privx-kit/core/StorageFailed"
 * import * as Effect from "effect/Effect"
 * import { readFile } from "node:fs/promises"
 *
 * export const read = (path: string) => Effect.tryPromise({ try: () => readFile(path), catch: fromSystem(path) })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSystem =
  (path: string) =>
  (error: unknown): StorageFailed => {
    if (isOverQuota(error)) {
      return new StorageFailed({ path, reason: "full", detail: "EDQUOT: the disk quota of this user is used up" })
    }
    const code = error instanceof Error && "code" in error ? String(error.code) : ""
    return new StorageFailed({ path, reason: reasons[code] ?? "other", detail: describe(error) })
  }

/** The number of `EDQUOT`, for which Node has no name: on Linux, and on macOS and the BSDs. */
const isOverQuota = (error: unknown): boolean =>
  error instanceof Error && "errno" in error && (error.errno === -122 || error.errno === -69) && isUnnamed(error)

const isUnnamed = (error: Error): boolean => "code" in error && String(error.code).startsWith("Unknown system error")

/** Network errors of the system. */
const network = /^(?:ECONN|EHOST|ENET|EADDR|EAI_|ETIMEDOUT|ENOTFOUND|EPROTO)/

/**
 * Returns the failure behind an unexpected error if a failed system call caused it: a full disk, a missing right, too many
 * open files. Returns `undefined` for every other error.
 *
 * **When to use**: where a program reports errors that nothing has handled.
 *
 * **Details**: the causes of the error are searched as well, seven levels deep. Errors of the network are not failures of
 * storage.
 *
 * @example
 * ```ts
 * import * as Failure from "@privx-kit/core/Failure"
 * import { fromDefect } from "@privx-kit/core/StorageFailed"
 *
 * export const report = (error: unknown) => {
 *   const failure = fromDefect(error)
 *   console.error(failure === undefined ? error : Failure.render(failure))
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDefect = (error: unknown): StorageFailed | undefined => {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    if (cause instanceof StorageFailed) return cause
    const { code, path, syscall } = cause as NodeSystemError
    if (syscall === "uv_cwd") {
      const detail = "it no longer exists, or this user may not enter it"
      return new StorageFailed({ path: "The working directory", reason: "missing", detail })
    }
    const isNamed = typeof code === "string" && /^E[A-Z0-9]+$/.test(code) && !network.test(code)
    if (typeof syscall === "string" && (isNamed || isUnnamed(cause))) {
      return fromSystem(typeof path === "string" ? path : "A file")(cause)
    }
    cause = cause instanceof AggregateError ? cause.errors[0] : cause.cause
  }
  return undefined
}

interface NodeSystemError extends Error {
  readonly code?: unknown
  readonly path?: unknown
  readonly syscall?: unknown
}

/**
 * Returns the message of an error without its full stop, for use within a sentence.
 *
 * @example
 * ```ts
 * import { describe } from "@privx-kit/core/StorageFailed"
 *
 * export const text = `The backup failed: ${describe(new Error("the disk is full."))}.`
 * // The backup failed: the disk is full.
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const describe = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, "")
