/** What came of a run, for whoever downloads it: the script, and the proof of what was done. */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as crypto from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as ArtifactFolder from "../artifacts/ArtifactFolder.ts"
import * as ProofFiles from "../artifacts/ProofFiles.ts"
import { DataFolder } from "../DataFolder.ts"

export interface Proof {
  readonly manifest: string
  readonly attestation: string
  readonly publicKey: string
}

/** A stored script, as far as it is the same wherever it is stored. */
export interface StoredScript {
  readonly sha256: string
  readonly bytes: number
  /** When these bytes were last stored, more or less. */
  readonly storedAt: DateTime.Utc
  /** Whether its bytes still have that hash. */
  readonly intact: boolean
}

/** What stands for the place in messages: where a server keeps things is its own business. */
export const place = "the server"

export class Evidence extends Context.Service<
  Evidence,
  {
    /** The bytes, whose hash has been compared. */
    readonly script: (sha256: string) => Effect.Effect<Uint8Array, StorageFailed>
    /** The stored script whose SHA-256 begins so. */
    readonly stored: (beginning: string) => Effect.Effect<StoredScript, StorageFailed | ArtifactFolder.ArtifactNotFound>
    /** `undefined` where there is none. */
    readonly proof: (runId: string) => Effect.Effect<Proof | undefined, StorageFailed>
  }
>()("privx-kit/server/Evidence") {
  /** In the data folder, without its lock. */
  static readonly layerFolder: Layer.Layer<Evidence, never, DataFolder> = Layer.effect(
    Evidence,
    Effect.map(DataFolder, ({ path: folder }) => ({
      script: Effect.fn("Evidence.script")(function* (sha256: string) {
        const file = path.join(ArtifactFolder.folderOf(folder), "sha256", sha256.slice(0, 2), sha256)
        const bytes = yield* Effect.tryPromise({ try: () => fs.readFile(file), catch: fromSystem(file) })
        if (crypto.hash("sha256", bytes, "hex") === sha256) return bytes
        const detail = "its bytes no longer have the hash under which they were stored"
        return yield* new StorageFailed({ path: file, reason: "damaged", detail })
      }),
      stored: Effect.fn("Evidence.stored")(function* (beginning: string) {
        const all = yield* ArtifactFolder.list(folder)
        const { path, ...one } = yield* only(
          beginning,
          all.filter(({ sha256 }) => sha256.startsWith(beginning))
        )
        const intact = (yield* ArtifactFolder.hash(path)) === one.sha256
        return { sha256: one.sha256, bytes: one.bytes, storedAt: one.storedAt, intact }
      }),
      proof: Effect.fn("Evidence.proof")(function* (runId: string) {
        const files = ProofFiles.kept(folder, runId)
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

/** The one that is meant by a beginning. */
export const only = <A extends { readonly sha256: string }>(
  beginning: string,
  found: ReadonlyArray<A>
): Effect.Effect<A, ArtifactFolder.ArtifactNotFound> => {
  const [one, ...others] = found
  return one !== undefined && others.length === 0
    ? Effect.succeed(one)
    : Effect.fail(
        new ArtifactFolder.ArtifactNotFound({
          path: place,
          sha256: beginning,
          candidates: found.map(({ sha256 }) => sha256)
        })
      )
}
