/**
 * Stores downloads under the SHA-256 of their bytes. A stored file is complete and never changes.
 *
 * ```
 * artifacts/sha256/ab/abcdef…    whole files, 0600
 * artifacts/partial/<name>.part  what is being written, where it is large or new; what a killed process left here is
 *                                removed at the next start
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { readFileSync, statSync, utimesSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { DataDirectory, type DataDirectoryUnusable, fromStorage } from "@privx-kit/durable/DataDirectory"
import * as ArtifactDirectory from "./ArtifactDirectory.ts"
import { SpooledFile } from "./SpooledFile.ts"
import { DirectoryFlush } from "@privx-kit/files/DirectoryFlush"
import * as DurableFile from "@privx-kit/files/DurableFile"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"

/**
 * @since 0.1.0
 * @category models
 */
export interface Artifact {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string
  readonly bytes: number
  /** Absolute path of the file. */
  readonly path: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StoreOptions {
  /** Prefix of the temporary file's name, for people who inspect the directory: a run id, for example. */
  readonly owner?: string | undefined
  /** Maximum size; more bytes fail as `tooLarge`. */
  readonly maxBytes?: number | undefined
  /** Called after each chunk, with the bytes so far. */
  readonly onProgress?: ((bytes: number) => Effect.Effect<void>) | undefined
}

/** In bytes. Smaller files are read synchronously: they are in the cache, and an asynchronous read takes longer. */
const readAtOnce = 1024 * 1024

/**
 * Stores bytes under their SHA-256, for the runs of this process.
 *
 * **When to use**: in a process that executes runs. `ArtifactDirectory` reads the same files without the lock of the data
 * directory.
 *
 * **Details**: `store` reads the stream to its end, and returns the artifact that has these bytes already if there is one.
 * `read` compares the bytes with their digest.
 *
 * **Errors**: `StorageFailed`; `store` also with those of the stream, and `tooLarge` if it has more bytes than allowed;
 * `read` with `damaged` if the bytes no longer match.
 *
 * @example
 * ```ts
 * import { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
 * import { DataDirectory } from "@privx-kit/durable/DataDirectory"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Stream from "effect/Stream"
 *
 * export const stored = ArtifactStore.use((artifacts) =>
 *   artifacts.store(Stream.make(new TextEncoder().encode("#!/bin/sh\n")), { maxBytes: 1024 })
 * ).pipe(Effect.provide(ArtifactStore.layer.pipe(Layer.provide(DataDirectory.layer("/var/lib/example")))))
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class ArtifactStore extends Context.Service<
  ArtifactStore,
  {
    /**
     * Reads the stream to its end, and only then gives the file its name. After a failure or an interruption, no file
     * remains.
     */
    readonly store: <E, R>(
      bytes: Stream.Stream<Uint8Array, E, R>,
      options?: StoreOptions
    ) => Effect.Effect<Artifact, StorageFailed | E, R>
    /** Reads the complete file into memory; fails as `damaged` if its bytes no longer match the hash. */
    readonly read: (sha256: string) => Effect.Effect<Uint8Array, StorageFailed>
    /** `undefined` if there is none. Checks only the name. */
    readonly find: (sha256: string) => Effect.Effect<Artifact | undefined, StorageFailed>
  }
>()("privx-kit/ArtifactStore") {
  static readonly layer: Layer.Layer<ArtifactStore, DataDirectoryUnusable, DataDirectory> = Layer.effect(
    ArtifactStore,
    Effect.gen(function* () {
      const directory = yield* DataDirectory
      return yield* make(path.join(directory.path, "artifacts")).pipe(Effect.mapError(fromStorage(directory.path)))
    })
  )
}

const make = Effect.fnUntraced(function* (directory: string) {
  const whole = path.join(directory, "sha256")
  const names = new DirectoryFlush()
  const partial = path.join(directory, "partial")
  yield* clear(partial)
  yield* DurableFile.makeDirectory(whole)

  const fileOf = (sha256: string): string => path.join(whole, sha256.slice(0, 2), sha256)

  const find = Effect.fn("ArtifactStore.find")(function* (sha256: string) {
    const file = fileOf(sha256)
    const stat = yield* Effect.try({
      try: () => statSync(file, { throwIfNoEntry: false }),
      catch: fromSystem(file)
    })
    return stat === undefined ? undefined : ({ sha256, bytes: stat.size, path: file } satisfies Artifact)
  })

  const store: ArtifactStore["Service"]["store"] = Effect.fn("ArtifactStore.store")(function* <E, R>(
    bytes: Stream.Stream<Uint8Array, E, R>,
    options: StoreOptions = {}
  ) {
    const { maxBytes = Number.POSITIVE_INFINITY, onProgress } = options
    const temporary = path.join(partial, `${options.owner ?? "artifact"}-${randomUUID()}.part`)
    const failed = fromSystem(temporary)
    const incoming = yield* Effect.acquireRelease(
      Effect.sync(() => new SpooledFile(temporary)),
      // An incomplete file is removed; the caller can do nothing if that fails.
      (incoming) => Effect.ignore(Effect.try({ try: () => incoming.close(), catch: failed }))
    )
    const toFile = Effect.uninterruptible(Effect.tryPromise({ try: () => incoming.toFile(), catch: failed }))
    yield* Stream.runForEach(bytes, (chunk) =>
      Effect.suspend(() => {
        if (incoming.size + chunk.length > maxBytes) {
          const detail = `received more than ${maxBytes} bytes`
          return Effect.fail(new StorageFailed({ path: temporary, reason: "tooLarge", detail }))
        }
        const taken = Effect.try({ try: () => incoming.take(chunk), catch: failed })
        const kept = Effect.flatMap(taken, () => (incoming.isLarge ? toFile : Effect.void))
        return onProgress === undefined ? kept : Effect.flatMap(kept, () => onProgress(incoming.size))
      })
    )
    const sha256 = incoming.digest()
    const known = yield* find(sha256)
    if (known !== undefined && known.bytes === incoming.size) {
      // It was downloaded again, and pruning counts its age from now.
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* Effect.try({ try: () => utimesSync(known.path, now, now), catch: fromSystem(known.path) })
      return known
    }
    const final = fileOf(sha256)
    yield* DurableFile.makeDirectory(path.dirname(final))
    yield* Effect.uninterruptible(
      Effect.tryPromise({ try: () => incoming.keep(final, names), catch: fromSystem(final) })
    )
    return { sha256, bytes: incoming.size, path: final }
  }, Effect.scoped)

  const read = Effect.fn("ArtifactStore.read")(function* (sha256: string) {
    const file = fileOf(sha256)
    const failed = fromSystem(file)
    const { size } = yield* Effect.try({ try: () => statSync(file), catch: failed })
    const bytes =
      size <= readAtOnce
        ? yield* Effect.try({ try: () => readFileSync(file), catch: failed })
        : yield* Effect.tryPromise({ try: () => fs.readFile(file), catch: failed })
    return yield* ArtifactDirectory.intact(file, sha256, bytes)
  })

  return ArtifactStore.of({ store, read, find })
})

/** This process has locked the data directory, so every partial file belongs to a process that has ended. */
const clear = Effect.fnUntraced(function* (partial: string) {
  yield* Effect.tryPromise({ try: () => fs.rm(partial, { recursive: true, force: true }), catch: fromSystem(partial) })
  yield* DurableFile.makeDirectory(partial)
})
