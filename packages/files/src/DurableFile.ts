/**
 * Atomic, durable files. A file is written under a temporary name, flushed to the disk, and then renamed to its final name.
 * The directory is flushed last, so that the name survives a power failure as well.
 *
 * Everything is private to the user (0600, directories 0700) unless the caller passes another mode.
 *
 * @since 0.1.0
 */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ftruncateSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"

const attempt = <A>(file: string, run: () => Promise<A>): Effect.Effect<A, StorageFailed> =>
  Effect.tryPromise({ try: run, catch: fromSystem(file) })

/**
 * Creates a directory and its missing parents, for this user alone (0700).
 *
 * **Details**: the new names are flushed to the disk. Directories that exist stay as they are, with their permissions.
 *
 * **Errors**: `StorageFailed` with the reason of the system, for example `notADirectory` if a parent is a file.
 *
 * @param directory an absolute path
 *
 * @example
 * ```ts
 * import * as DurableFile from "@privx-kit/files/DurableFile"
 *
 * export const made = DurableFile.makeDirectory("/var/lib/example/runs")
 * ```
 *
 * @since 0.1.0
 * @category directories
 */
export const makeDirectory = (directory: string): Effect.Effect<void, StorageFailed> =>
  attempt(directory, async () => {
    // One by one: Node's recursive call never returns for a path in /proc.
    const missing: Array<string> = []
    for (let one = directory; !(await isDirectory(one)); one = path.dirname(one)) missing.push(one)
    for (const one of missing.toReversed()) {
      await makePrivate(one).catch(async (error: unknown) => {
        // Another process may have created it in the meantime.
        if (!(await isDirectory(one))) throw error
      })
      // The new name is an entry of the parent, which must be flushed as well.
      await syncDirectory(path.dirname(one))
    }
  })

/** `mkdir` applies the umask, `chmod` does not. */
const makePrivate = async (directory: string): Promise<void> => {
  await fs.mkdir(directory, { mode: 0o700 })
  await fs.chmod(directory, 0o700)
}

/** Throws if the path is not a directory, or cannot be examined. */
const isDirectory = async (file: string): Promise<boolean> => {
  try {
    if ((await fs.stat(file)).isDirectory()) return true
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT" && file !== path.dirname(file))
      return false
    throw error
  }
  throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${file}'`), { code: "ENOTDIR" })
}

/**
 * A file that is being written under its temporary name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unfinished {
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, StorageFailed>
  /**
   * The same as a promise that rejects with the error of the system, for the chunks of a transfer. Await each call
   * before the next.
   */
  readonly append: (bytes: Uint8Array) => Promise<void>
  /** Empties the file, to start again. */
  readonly reset: () => void
  /** Renames it to its final name, replacing an existing file. Nothing can be written afterwards. */
  readonly commit: (final: string) => Effect.Effect<void, StorageFailed>
}

/**
 * An {@link Unfinished} file of this module.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnfinishedFile extends Unfinished {
  /** Sets owner and permissions through the open descriptor, so that a file that replaced it is not affected. */
  readonly protect: (options: {
    readonly mode: number
    readonly owner?: { readonly uid: number; readonly gid: number } | undefined
  }) => Effect.Effect<void, StorageFailed>
}

/**
 * Creates a file under a temporary name, to be written and then committed under its final name.
 *
 * **When to use**: for bytes that arrive in pieces. {@link write} writes bytes that are at hand.
 *
 * **Details**: unless it is committed, the file is removed when the scope closes. Only a killed process leaves it behind.
 *
 * **Errors**: `StorageFailed`, also if the temporary name exists.
 *
 * @param temporary an absolute path, in the directory of the final name
 * @param mode permissions, less the umask for group and others; default `0o600`
 *
 * @example
 * ```ts
 * import * as DurableFile from "@privx-kit/files/DurableFile"
 * import * as Effect from "effect/Effect"
 *
 * export const stored = Effect.scoped(
 *   Effect.gen(function* () {
 *     const file = yield* DurableFile.begin("/var/lib/example/.script.part")
 *     yield* file.write(new TextEncoder().encode("#!/bin/sh\n"))
 *     yield* file.protect({ mode: 0o700 })
 *     yield* file.commit("/var/lib/example/script.sh")
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const begin = Effect.fnUntraced(function* (
  temporary: string,
  mode = 0o600
): Effect.fn.Return<UnfinishedFile, StorageFailed, Scope.Scope> {
  let committed = false
  // The caller can do nothing about errors of closing and removing.
  const handle = yield* Effect.acquireRelease(
    attempt(temporary, () => openPrivately(temporary, mode)),
    (handle) =>
      Effect.promise(async () => {
        await handle.close().catch(() => undefined)
        if (!committed) await fs.rm(temporary, { force: true }).catch(() => undefined)
      })
  )
  const flush = new Flush(handle)
  const append = async (bytes: Uint8Array): Promise<void> => {
    await writeAll(handle, bytes)
    flush.wrote(bytes.length)
  }
  return {
    write: (bytes) => attempt(temporary, () => append(bytes)),
    append,
    protect: ({ mode, owner }) =>
      attempt(temporary, async () => {
        // Changing the owner clears permission bits, so the permissions are set afterwards.
        if (owner !== undefined) await handle.chown(owner.uid, owner.gid)
        await handle.chmod(mode)
      }),
    reset: () => ftruncateSync(handle.fd, 0),
    commit: (final) =>
      Effect.uninterruptible(
        attempt(final, async () => {
          await flush.all()
          await fs.rename(temporary, final)
          committed = true
          await syncDirectory(path.dirname(final))
        })
      )
  }
})

/** Restores permissions of the owner that the mode grants and the umask removed. */
const openPrivately = async (file: string, mode: number): Promise<fs.FileHandle> => {
  const handle = await fs.open(file, "ax", mode)
  try {
    // The umask applies to group and others, as for any program. The owner's permissions are needed below.
    if (((await handle.stat()).mode & 0o700 & mode) !== (mode & 0o700)) await handle.chmod(mode & 0o700)
    return handle
  } catch (cause) {
    await handle.close()
    await fs.rm(file, { force: true })
    throw cause
  }
}

/** In bytes: after each interval, the written bytes are flushed while more bytes are written. */
const flushEvery = 32 * 1024 * 1024

/** Flushes a file to the disk. Flushing a large file starts early, so that the end does not wait for all of it. */
class Flush {
  private readonly handle: fs.FileHandle
  private written = 0
  private early: Promise<void> | undefined
  private failure: { readonly cause: unknown } | undefined

  constructor(handle: fs.FileHandle) {
    this.handle = handle
  }

  wrote(bytes: number): void {
    this.written += bytes
    if (this.written < flushEvery || this.early !== undefined) return
    this.written = 0
    this.early = this.handle.datasync().then(
      () => {
        this.early = undefined
      },
      (cause: unknown) => {
        // The system reports lost bytes only once: a later call would succeed.
        this.failure = { cause }
      }
    )
  }

  async all(): Promise<void> {
    await this.early
    if (this.failure !== undefined) throw this.failure.cause
    await this.handle.sync()
  }
}

/**
 * Writes a whole file, replacing an existing one.
 *
 * **Details**: a reader sees the old content or the new one, and never a part; also after a power failure.
 *
 * **Errors**: `StorageFailed`; the existing file is unchanged then.
 *
 * @param options.owner part of the temporary name: after a crash, the same owner removes its leftover file
 * @param options.mode permissions, less the umask for group and others; default `0o600`
 *
 * @example
 * ```ts
 * import * as DurableFile from "@privx-kit/files/DurableFile"
 *
 * export const written = DurableFile.write("/var/lib/example/note.txt", Buffer.from("hello\n"), { owner: "example" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const write = Effect.fnUntraced(function* (
  file: string,
  bytes: Uint8Array,
  options: { readonly owner: string; readonly mode?: number }
): Effect.fn.Return<void, StorageFailed> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${options.owner}.part`)
  yield* attempt(temporary, () => fs.rm(temporary, { force: true }))
  yield* Effect.scoped(
    Effect.gen(function* () {
      const unfinished = yield* begin(temporary, options.mode)
      yield* unfinished.write(bytes)
      yield* unfinished.commit(file)
    })
  )
})

/** `FileHandle.write` may write fewer bytes than requested. */
const writeAll = async (handle: fs.FileHandle, bytes: Uint8Array): Promise<void> => {
  let offset = 0
  while (offset < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset)
    offset += bytesWritten
  }
}

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await fs.open(directory, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
