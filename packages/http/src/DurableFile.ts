/**
 * Files that are whole or not there. A file is written under a temporary name, forced to the disk, and only then gets its
 * final name; the folder is forced to the disk last, so that the name survives a loss of power too.
 *
 * Everything is private to the user (0600, folders 0700) unless the caller says otherwise.
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
 * Creates the folder and those above it that are missing, for this user alone.
 *
 * @param folder an absolute path
 * @since 0.1.0
 * @category folders
 */
export const makeFolder = (folder: string): Effect.Effect<void, StorageFailed> =>
  attempt(folder, async () => {
    const first = await fs.mkdir(folder, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    // Each new name is in the folder above it, which has to reach the disk as well.
    for (let made = folder; made.length >= first.length; made = path.dirname(made)) {
      await syncFolder(path.dirname(made))
    }
  })

/**
 * A file that is being written and has no final name yet.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unfinished {
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, StorageFailed>
  /** The same as a promise, which fails with what the system says: for a chunk of a transfer. One at a time. */
  readonly append: (bytes: Uint8Array) => Promise<void>
  /** Begins again with an empty file. */
  readonly reset: () => void
  /** Gives it its final name, replacing what has that name. Nothing can be written afterwards. */
  readonly commit: (final: string) => Effect.Effect<void, StorageFailed>
}

/**
 * Begins a file. Unless it is committed, it is gone when the scope closes, whatever the reason; only a killed process
 * leaves it behind, under its temporary name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begin = Effect.fnUntraced(function* (
  temporary: string,
  mode = 0o600
): Effect.fn.Return<Unfinished, StorageFailed, Scope.Scope> {
  let committed = false
  // Errors of closing and removing change nothing for the caller.
  const handle = yield* Effect.acquireRelease(
    attempt(temporary, () => fs.open(temporary, "ax", mode)),
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
    reset: () => ftruncateSync(handle.fd, 0),
    commit: (final) =>
      Effect.uninterruptible(
        attempt(final, async () => {
          await flush.all()
          await fs.rename(temporary, final)
          committed = true
          await syncFolder(path.dirname(final))
        })
      )
  }
})

/** So much goes to the disk while more is being written. */
const flushEvery = 32 * 1024 * 1024

/** Forces a file to the disk. What is large is begun early, so that the end does not have to wait for all of it. */
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
        // The system tells of lost bytes once only: no later call would fail.
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
 * Writes a whole file at once, in the place of what is there.
 *
 * @param options.owner goes into the temporary name: the same owner, trying again after a crash, removes what it left
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

/** `FileHandle.write` may write less than it was given. */
const writeAll = async (handle: fs.FileHandle, bytes: Uint8Array): Promise<void> => {
  let offset = 0
  while (offset < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset)
    offset += bytesWritten
  }
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await fs.open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
