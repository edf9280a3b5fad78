/** Reads the script and the provenance of a run, for download. */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs/promises"
import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"

export interface Provenance {
  readonly manifest: string
  readonly attestation: string
  readonly publicKey: string
}

/** The properties of a stored script that do not depend on its storage. */
export interface StoredScript {
  readonly sha256: string
  readonly bytes: number
  /** When these bytes were last stored, approximately. */
  readonly storedAt: DateTime.Utc
  /** Whether the stored bytes still match the hash. */
  readonly intact: boolean
}

/** Replaces paths of the server in messages, because clients must not see them. */
export const place = "the server"

export class ProvenanceReader extends Context.Service<
  ProvenanceReader,
  {
    /** The bytes, whose hash has been verified. */
    readonly script: (sha256: string) => Effect.Effect<Uint8Array, StorageFailed>
    /** The stored script whose SHA-256 begins with the given text. */
    readonly stored: (
      beginning: string
    ) => Effect.Effect<StoredScript, StorageFailed | ArtifactDirectory.ArtifactNotFound>
    /** `undefined` if there is none. */
    readonly provenance: (runId: string) => Effect.Effect<Provenance | undefined, StorageFailed>
  }
>()("privx-kit/server/ProvenanceReader") {
  /** In the data directory, without its lock. */
  static readonly layerDirectory: Layer.Layer<ProvenanceReader, never, DataDirectory> = Layer.effect(
    ProvenanceReader,
    Effect.map(DataDirectory, ({ path: directory }) => ({
      script: (sha256: string) => ArtifactDirectory.read(directory, sha256),
      stored: Effect.fn("ProvenanceReader.stored")(function* (beginning: string) {
        const all = yield* ArtifactDirectory.list(directory)
        const { path, ...one } = yield* only(
          beginning,
          all.filter(({ sha256 }) => sha256.startsWith(beginning))
        )
        const intact = (yield* ArtifactDirectory.hash(path)) === one.sha256
        return { sha256: one.sha256, bytes: one.bytes, storedAt: one.storedAt, intact }
      }),
      provenance: Effect.fn("ProvenanceReader.provenance")(function* (runId: string) {
        const files = ProvenanceFiles.kept(directory, runId)
        const text = (file: string) =>
          Effect.tryPromise({ try: () => fs.readFile(file, "utf8"), catch: fromSystem(file) })
        return yield* Effect.all({
          manifest: text(files.manifest),
          attestation: text(files.attestation),
          publicKey: text(files.publicKey)
        }).pipe(
          Effect.catchIf(
            ({ reason }) => reason === "missing",
            () => Effect.undefined
          )
        )
      })
    }))
  )
}

/** The digest that begins with the given text. */
export const only = <A extends { readonly sha256: string }>(
  beginning: string,
  found: ReadonlyArray<A>
): Effect.Effect<A, ArtifactDirectory.ArtifactNotFound> => {
  const [one, ...others] = found
  return one !== undefined && others.length === 0
    ? Effect.succeed(one)
    : Effect.fail(
        new ArtifactDirectory.ArtifactNotFound({
          path: place,
          sha256: beginning,
          candidates: found.map(({ sha256 }) => sha256)
        })
      )
}
