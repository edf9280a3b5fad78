/**
 * The failure of the user's own machine to keep or give back something: a file, a folder, a database.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Failure from "./Failure.ts"

/**
 * - `full`: no space, or a quota is used up
 * - `notPermitted`: the system does not allow it, or the file system is read-only
 * - `missing`: a file or folder is not there
 * - `notAFolder`: something that is no folder stands where a folder is wanted, or the other way round
 * - `tooLarge`: more bytes came than are allowed
 * - `damaged`: what is stored is not what was stored
 * - `other`: anything else that the system said
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Literals(["full", "notPermitted", "missing", "notAFolder", "tooLarge", "damaged", "other"])

/**
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

/**
 * @since 0.1.0
 * @category errors
 */
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
  damaged: "Do not use the file: get it again, and check the disk.",
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

/**
 * The failure for what a call of `node:fs` threw.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSystem =
  (path: string) =>
  (error: unknown): StorageFailed => {
    const code = error instanceof Error && "code" in error ? String(error.code) : ""
    return new StorageFailed({ path, reason: reasons[code] ?? "other", detail: describe(error) })
  }

/**
 * What an error says, without the full stop that the sentence around it brings.
 *
 * @since 0.1.0
 * @category rendering
 */
export const describe = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, "")
