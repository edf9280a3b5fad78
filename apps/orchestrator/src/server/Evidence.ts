/** What came of a run, for whoever downloads it: the script, and the proof of what was done. */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
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

export class Evidence extends Context.Service<
  Evidence,
  {
    /** The bytes, whose hash has been compared. */
    readonly script: (sha256: string) => Effect.Effect<Uint8Array, StorageFailed>
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
