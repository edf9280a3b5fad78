/**
 * The stored artifacts as whoever looks at them sees them: read without the lock of the data folder, so that it works while
 * another process does its job there. Files in it are whole from the moment they have their names.
 */
import * as Failure from "@privx-kit/core/Failure"
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import type { Stats } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import type { Manifest } from "./Manifest.ts"
import * as ProofFiles from "./ProofFiles.ts"

export interface Stored {
  readonly sha256: string
  readonly bytes: number
  /** When these bytes were last stored: a download of what is there already counts. */
  readonly storedAt: DateTime.Utc
  /** Absolute path of the file. */
  readonly path: string
  /** Whether others than its owner may read or write the file. */
  readonly exposed: boolean
  /** Permissions, e.g. `0600`. */
  readonly mode: string
}

/** What is known of an artifact from the manifests. */
export interface Described extends Stored {
  /** The latest first. */
  readonly runs: ReadonlyArray<Pick<Manifest, "runId" | "target" | "downloadedAt">>
}

/** No artifact has that digest, or several begin so. */
export class ArtifactNotFound extends Failure.rendered<{
  readonly path: string
  readonly sha256: string
  readonly candidates: ReadonlyArray<string>
}>({
  message: (self) =>
    self.candidates.length === 0
      ? `No artifact in ${self.path} has a SHA-256 that begins with ${self.sha256}.`
      : `${self.candidates.length} artifacts have a SHA-256 that begins with ${self.sha256}: ${self.candidates.slice(0, 3).join(", ")}.`,
  hint: (self) =>
    self.candidates.length === 0
      ? "See what there is: privx-kit artifacts list"
      : "Give more digits of the one you mean."
})(
  Schema.TaggedError<ArtifactNotFound, { readonly hint: string }>()("ArtifactNotFound", {
    /** The data folder. */
    path: Schema.String,
    sha256: Schema.String,
    candidates: Schema.Array(Schema.String)
  })
) {}

export const folderOf = (dataFolder: string): string => path.join(dataFolder, "artifacts")

const digest = /^[0-9a-f]{64}$/

/** The latest first. */
export const list = Effect.fn("ArtifactFolder.list")(function* (
  dataFolder: string
): Effect.fn.Return<ReadonlyArray<Stored>, StorageFailed> {
  const folder = path.join(folderOf(dataFolder), "sha256")
  const names = yield* Effect.tryPromise({
    try: () => fs.readdir(folder, { recursive: true }),
    catch: fromSystem(folder)
  }).pipe(
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed([])
    )
  )
  const found = yield* Effect.forEach(
    names.filter((name) => digest.test(path.basename(name))),
    (name) => stored(path.join(folder, name)),
    { concurrency: 16 }
  )
  return found
    .filter((one) => one !== undefined)
    .sort((a, b) => b.storedAt.epochMilliseconds - a.storedAt.epochMilliseconds || (a.sha256 < b.sha256 ? -1 : 1))
})

/** `undefined` when it has gone in the meantime, or is no file. */
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

/** With the runs that downloaded each. */
export const listDescribed = Effect.fn("ArtifactFolder.listDescribed")(function* (
  dataFolder: string
): Effect.fn.Return<ReadonlyArray<Described>, StorageFailed> {
  const manifests = Map.groupBy(yield* ProofFiles.list(dataFolder), ({ script }) => script.sha256)
  return (yield* list(dataFolder)).map((one) => ({
    ...one,
    runs: (manifests.get(one.sha256) ?? [])
      .map(({ downloadedAt, runId, target }) => ({ runId, target, downloadedAt }))
      .sort((a, b) => b.downloadedAt.epochMilliseconds - a.downloadedAt.epochMilliseconds)
  }))
})

/** The one whose digest begins so. */
export const find = Effect.fn("ArtifactFolder.find")(function* (
  dataFolder: string,
  prefix: string
): Effect.fn.Return<Described, StorageFailed | ArtifactNotFound> {
  const wanted = prefix.toLowerCase()
  const found = (yield* listDescribed(dataFolder)).filter(({ sha256 }) => sha256.startsWith(wanted))
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  return yield* new ArtifactNotFound({
    path: dataFolder,
    sha256: prefix,
    candidates: found.map(({ sha256 }) => sha256)
  })
})

/** Read and hashed in pieces of this size, so that a large file takes no memory and nothing else waits long. */
const piece = 1024 * 1024

/** The SHA-256 of what is in the file now; `onPiece` is told the bytes of each piece. */
export const hash = Effect.fn("ArtifactFolder.hash")(function* (
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
