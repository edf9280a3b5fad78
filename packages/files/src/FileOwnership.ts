/**
 * Whether other users can change a file or directory.
 *
 * Only the user of privx-kit may control the files that it executes or bases decisions on: a directory that another
 * account can write lets that account replace a verified script, a key or a policy.
 *
 * @since 0.1.0
 */

/**
 * The facts that `stat` returns for a file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attributes {
  readonly uid: number
  readonly mode: number
}

/**
 * Returns why another user can change a file or directory, or `undefined` if only this user and root can.
 *
 * **When to use**: before a program executes a file, or decides by what it says.
 *
 * **Details**: the owner must be this user or root, and neither group nor others may have write permission; the sticky bit
 * makes no difference.
 *
 * **Gotchas**: a path can name another file a moment later. Examine the descriptor that is read, as `BoundedFile` does. On
 * systems without user ids, such as Windows, no problem is reported.
 *
 * @returns the rest of a sentence that starts with the file, e.g. `can be written by other users (mode 0775)`
 *
 * @example
 * ```ts
 * import * as FileOwnership from "@privx-kit/files/FileOwnership"
 * import { statSync } from "node:fs"
 *
 * export const problem = FileOwnership.problem(statSync("/tmp")) // can be written by other users (mode 1777)
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const problem = ({ mode, uid }: Attributes): string | undefined => {
  if (process.geteuid === undefined) return undefined
  if (uid !== process.geteuid() && uid !== 0) return `belongs to another user (uid ${uid})`
  if ((mode & 0o022) === 0) return undefined
  return `can be written by other users (mode ${(mode & 0o7777).toString(8).padStart(4, "0")})`
}
