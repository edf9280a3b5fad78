/**
 * Whether other users can change a data directory.
 *
 * The directory contains scripts that are executed, the key that signs attestations, and the record of approvals.
 * Another account that can write it, or that owns a part of it, can replace a script between its verification and its
 * execution. Nothing is read from or written to such a directory.
 *
 * @since 0.1.0
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as FileOwnership from "@privx-kit/files/FileOwnership"
import * as Effect from "effect/Effect"
import type { Stats } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"

/**
 * Checks that only this user and root can change a data directory.
 *
 * **Details**: checks the directory, its parts (also if a part is a link to another disk), the keys, and the parent
 * directories. A parent directory may be writable for others only if it has the sticky bit, like `/tmp`. Missing files are
 * not a problem. On Windows nothing is checked.
 *
 * **Errors**: `StorageFailed` with the reason `exposed` names the first file or directory that others can change.
 *
 * @example
 * ```ts
 * import * as DataDirectoryAccess from "@privx-kit/durable/DataDirectoryAccess"
 *
 * export const checked = DataDirectoryAccess.check("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category validation
 */
export const check = Effect.fn("DataDirectoryAccess.check")(function* (
  directory: string
): Effect.fn.Return<void, StorageFailed> {
  const exposed = yield* exposure(directory)
  if (exposed === undefined) return
  return yield* new StorageFailed({ path: exposed.path, reason: "exposed", detail: `it ${exposed.problem}` })
})

/**
 * A file or directory that other users can change.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exposed {
  readonly path: string
  /** The rest of a sentence that starts with the path. */
  readonly problem: string
}

/**
 * Returns the first file or directory that others can change, as {@link check} would name it.
 *
 * **Errors**: `StorageFailed` if the directory cannot be examined.
 *
 * @example
 * ```ts
 * import * as DataDirectoryAccess from "@privx-kit/durable/DataDirectoryAccess"
 * import * as Effect from "effect/Effect"
 *
 * export const problem = Effect.map(DataDirectoryAccess.exposure("/var/lib/privx-kit"), (exposed) => exposed?.problem)
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const exposure = (directory: string): Effect.Effect<Exposed | undefined, StorageFailed> =>
  process.geteuid === undefined
    ? Effect.undefined
    : Effect.tryPromise({ try: () => find(path.resolve(directory)), catch: fromSystem(directory) })

/**
 * Directories whose entries are checked one by one. The files in the other directories are verified when they are read.
 */
const deep: ReadonlySet<string> = new Set(["keys", "artifacts"])

const find = async (directory: string): Promise<Exposed | undefined> => {
  const own = await examine(directory)
  if (own === missing) return undefined
  if (own !== undefined) return own
  const names = await entries(directory)
  const parts = names.map((name) => path.join(directory, name))
  for (const name of names.filter((name) => deep.has(name))) {
    parts.push(...(await entries(path.join(directory, name))).map((entry) => path.join(directory, name, entry)))
  }
  for (const part of parts) {
    const exposed = await examine(part)
    if (exposed !== undefined && exposed !== missing) return exposed
  }
  return above(await fs.realpath(directory))
}

const missing = Symbol()

/** Both a link and its target are checked. */
const examine = async (file: string): Promise<Exposed | typeof missing | undefined> => {
  const stat = await statOf(file, fs.lstat)
  if (stat === undefined) return missing
  if (!stat.isSymbolicLink()) return exposedBy(file, FileOwnership.problem(stat))
  // The mode of a link has no meaning.
  const link = exposedBy(file, FileOwnership.problem({ uid: stat.uid, mode: 0 }))
  if (link !== undefined) return link
  const target = await statOf(file, fs.stat)
  return target === undefined ? undefined : exposedBy(file, FileOwnership.problem(target))
}

const exposedBy = (file: string, problem: string | undefined): Exposed | undefined =>
  problem === undefined ? undefined : { path: file, problem }

/** A process may be adding and removing files. */
const statOf = async (file: string, stat: (file: string) => Promise<Stats>): Promise<Stats | undefined> => {
  try {
    return await stat(file)
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

const entries = async (directory: string): Promise<ReadonlyArray<string>> => {
  try {
    return await fs.readdir(directory)
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return []
    throw error
  }
}

/** In a parent directory, the sticky bit prevents others from renaming files that they do not own. */
const above = async (directory: string): Promise<Exposed | undefined> => {
  for (let one = path.dirname(directory); ; one = path.dirname(one)) {
    const stat = await fs.stat(one)
    const problem = isShielded(stat) ? FileOwnership.problem({ uid: stat.uid, mode: 0 }) : FileOwnership.problem(stat)
    if (problem !== undefined) return { path: one, problem }
    if (one === path.dirname(one)) return undefined
  }
}

/** On systems with a private group for each user, the group with the number of the user has no other member. */
const isShielded = ({ gid, mode, uid }: Stats): boolean =>
  (mode & 0o1000) !== 0 || ((mode & 0o002) === 0 && gid === uid)
