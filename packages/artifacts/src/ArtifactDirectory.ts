/**
 * Reads the stored artifacts without the lock of the data directory, so that it works while another process uses it. A
 * file gets its name only when it is complete.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as DataDirectoryAccess from "@privx-kit/durable/DataDirectoryAccess"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { createHash, hash as hashOf } from "node:crypto"
import type { Stats } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import type { Manifest } from "./Manifest.ts"
import * as ProvenanceFiles from "./ProvenanceFiles.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Stored {
  readonly sha256: string
  readonly bytes: number
  /** When these bytes were last stored, including repeated downloads of the same bytes. */
  readonly storedAt: DateTime.Utc
  /** Absolute path of the file. */
  readonly path: string
  /** Whether users other than its owner can read or write the file. */
  readonly exposed: boolean
  /** Permissions, e.g. `0600`. */
  readonly mode: string
}

/**
 * The facts about an artifact from the manifests.
 *
 * @since 0.1.0
 * @category models
 */
export interface Described extends Stored {
  /** Latest first. */
  readonly runs: ReadonlyArray<Pick<Manifest, "runId" | "target" | "downloadedAt">>
}

/**
 * No artifact has the digest, or several digests start with the given text.
 *
 * @since 0.1.0
 * @category errors
 */
export class ArtifactNotFound extends Failure.Class<ArtifactNotFound>()(
  "ArtifactNotFound",
  {
    /** The data directory. */
    path: Schema.String,
    sha256: Schema.String,
    candidates: Schema.Array(Schema.String)
  },
  {
    message: (self) =>
      self.candidates.length === 0
        ? `No artifact in ${self.path} has a SHA-256 that starts with ${self.sha256}.`
        : `${self.candidates.length} artifacts have a SHA-256 that starts with ${self.sha256}: ${self.candidates.slice(0, 3).join(", ")}.`,
    hint: (self) =>
      self.candidates.length === 0
        ? "Run `privx-kit artifacts list` to see the stored artifacts."
        : "Enter more digits of the SHA-256."
  }
) {}

/**
 * Returns the directory of the artifacts in a data directory.
 *
 * @example
 * ```ts
 * import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
 *
 * export const directory = ArtifactDirectory.directoryOf("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const directoryOf = (dataDirectory: string): string => path.join(dataDirectory, "artifacts")

/**
 * Returns the path of an artifact, whether or not it exists.
 *
 * @param sha256 64 lower-case hexadecimal digits
 *
 * @example
 * ```ts
 * import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
 *
 * export const file = ArtifactDirectory.fileOf("/var/lib/privx-kit", "ab".repeat(32))
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const fileOf = (dataDirectory: string, sha256: string): string =>
  path.join(directoryOf(dataDirectory), "sha256", sha256.slice(0, 2), sha256)

const digest = /^[0-9a-f]{64}$/

/**
 * Lists the stored artifacts, latest first.
 *
 * **Details**: files are examined and not read. {@link listDescribed} adds the runs that downloaded them.
 *
 * **Errors**: `StorageFailed` if a directory cannot be read. A data directory without artifacts has none.
 *
 * @example
 * ```ts
 * import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
 *
 * export const stored = ArtifactDirectory.list("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const list = Effect.fn("ArtifactDirectory.list")(function* (
  dataDirectory: string
): Effect.fn.Return<ReadonlyArray<Stored>, StorageFailed> {
  const directory = path.join(directoryOf(dataDirectory), "sha256")
  const names = yield* Effect.tryPromise({
    try: () => fs.readdir(directory, { recursive: true }),
    catch: fromSystem(directory)
  }).pipe(
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed([])
    )
  )
  const found = yield* Effect.forEach(
    names.filter((name) => digest.test(path.basename(name))),
    (name) => stored(path.join(directory, name)),
    { concurrency: 16 }
  )
  return found
    .filter((one) => one !== undefined)
    .sort((a, b) => b.storedAt.epochMilliseconds - a.storedAt.epochMilliseconds || (a.sha256 < b.sha256 ? -1 : 1))
})

/** `undefined` if it was removed in the meantime, or is not a file. */
const stored = (file: string): Effect.Effect<Stored | undefined, StorageFailed> =>
  Effect.tryPromise({ try: () => fs.lstat(file), catch: fromSystem(file) }).pipe(
    Effect.map((stat) => (stat.isFile() ? describe(file, stat) : undefined)),
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed(undefined)
    )
  )

const describe = (file: string, stat: Stats): Stored => ({
  sha256: path.basename(file),
  bytes: stat.size,
  storedAt: DateTime.makeUnsafe(stat.mtimeMs),
  path: file,
  exposed: (stat.mode & 0o077) !== 0,
  mode: (stat.mode & 0o7777).toString(8).padStart(4, "0")
})

/**
 * Lists the stored artifacts with the runs that downloaded them, according to the manifests.
 *
 * **Errors**: `StorageFailed` if a directory cannot be read. A manifest that cannot be read is left out.
 *
 * @example
 * ```ts
 * import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
 * import * as Effect from "effect/Effect"
 *
 * export const hosts = Effect.map(ArtifactDirectory.listDescribed("/var/lib/privx-kit"), (all) => all.map(({ runs }) => runs.map(({ target }) => target)))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const listDescribed = Effect.fn("ArtifactDirectory.listDescribed")(function* (
  dataDirectory: string
): Effect.fn.Return<ReadonlyArray<Described>, StorageFailed> {
  yield* DataDirectoryAccess.check(dataDirectory)
  const manifests = Map.groupBy(yield* ProvenanceFiles.list(dataDirectory), ({ script }) => script.sha256)
  return (yield* list(dataDirectory)).map((one) => ({
    ...one,
    runs: (manifests.get(one.sha256) ?? [])
      .map(({ downloadedAt, runId, target }) => ({ runId, target, downloadedAt }))
      .sort((a, b) => b.downloadedAt.epochMilliseconds - a.downloadedAt.epochMilliseconds)
  }))
})

/**
 * Finds the artifact whose digest starts with the given text.
 *
 * **Errors**: `ArtifactNotFound` if none does, or several do; it then names the candidates. `StorageFailed` if a directory
 * cannot be read.
 *
 * @example
 * ```ts
 * import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
 *
 * export const artifact = ArtifactDirectory.find("/var/lib/privx-kit", "1f0c")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const find = Effect.fn("ArtifactDirectory.find")(function* (
  dataDirectory: string,
  prefix: string
): Effect.fn.Return<Described, StorageFailed | ArtifactNotFound> {
  const wanted = prefix.toLowerCase()
  const found = (yield* listDescribed(dataDirectory)).filter(({ sha256 }) => sha256.startsWith(wanted))
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  return yield* new ArtifactNotFound({
    path: dataDirectory,
    sha256: prefix,
    candidates: found.map(({ sha256 }) => sha256)
  })
})

/**
 * Reads a stored artifact, and compares its bytes with its digest.
 *
 * **Errors**: `StorageFailed`; `damaged` if the bytes no longer match their digest, `missing` if there is no such artifact.
 *
 * @example
 * ```ts
 * import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
 *
 * export const script = ArtifactDirectory.read("/var/lib/privx-kit", "ab".repeat(32))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = Effect.fn("ArtifactDirectory.read")(function* (
  dataDirectory: string,
  sha256: string
): Effect.fn.Return<Buffer, StorageFailed> {
  const file = fileOf(dataDirectory, sha256)
  const bytes = yield* Effect.tryPromise({ try: () => fs.readFile(file), catch: fromSystem(file) })
  return yield* intact(file, sha256, bytes)
})

/**
 * Returns the bytes if they match the digest under which they were stored.
 *
 * **Errors**: `StorageFailed` (`damaged`) if they do not.
 *
 * @example
 * ```ts
 * import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
 *
 * export const checked = ArtifactDirectory.intact("script.sh", "ab".repeat(32), new Uint8Array())
 * ```
 *
 * @since 0.1.0
 * @category validation
 */
export const intact = <Bytes extends Uint8Array>(
  path: string,
  sha256: string,
  bytes: Bytes
): Effect.Effect<Bytes, StorageFailed> => {
  const detail = "its bytes no longer match the hash under which they were stored"
  return hashOf("sha256", bytes, "hex") === sha256
    ? Effect.succeed(bytes)
    : Effect.fail(new StorageFailed({ path, reason: "damaged", detail }))
}

/**
 * Files are read and hashed in chunks of this size, which bounds the memory and the time that the event loop is
 * blocked.
 */
const piece = 1024 * 1024

/**
 * Computes the SHA-256 of a file.
 *
 * **Details**: the file is read in pieces, which bounds the memory and the time for which the event loop is blocked.
 * `onPiece` is called with the size of each piece, in bytes.
 *
 * **Errors**: `StorageFailed` if the file cannot be read.
 *
 * @returns 64 lower-case hexadecimal digits
 *
 * @example
 * ```ts
 * import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
 *
 * export const digest = ArtifactDirectory.hash("/var/lib/privx-kit/ueba/script.sh")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const hash = Effect.fn("ArtifactDirectory.hash")(function* (
  file: string,
  onPiece: (bytes: number) => Effect.Effect<void> = () => Effect.void
): Effect.fn.Return<string, StorageFailed> {
  const failed = fromSystem(file)
  return yield* Effect.acquireUseRelease(
    Effect.tryPromise({ try: () => fs.open(file, "r"), catch: failed }),
    (handle) =>
      Effect.gen(function* () {
        const sha256 = createHash("sha256")
        const buffer = Buffer.allocUnsafe(piece)
        for (;;) {
          const { bytesRead } = yield* Effect.tryPromise({ try: () => handle.read(buffer, 0, piece), catch: failed })
          if (bytesRead === 0) return sha256.digest("hex")
          sha256.update(buffer.subarray(0, bytesRead))
          yield* onPiece(bytesRead)
        }
      }),
    (handle) => Effect.promise(() => handle.close().catch(() => undefined))
  )
})
