/**
 * Where the proof of each run is kept, and the key that signs it: in the data folder, or wherever the processes of a
 * cluster share what they know.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DataFolder } from "../DataFolder.ts"
import type { Manifest } from "./Manifest.ts"
import * as ProofFiles from "./ProofFiles.ts"
import * as SigningKey from "./SigningKey.ts"

export class ProofStore extends Context.Service<
  ProofStore,
  {
    /** The key of this store's own, made when it is first needed. */
    readonly ownKey: Effect.Effect<SigningKey.SigningKey, StorageFailed>
    /** Keeps a manifest with its attestation, in place of an earlier one of the run; answers where it is. */
    readonly keep: (manifest: Manifest, key: SigningKey.SigningKey) => Effect.Effect<string, StorageFailed>
  }
>()("privx-kit/ProofStore") {
  static readonly layer: Layer.Layer<ProofStore, never, DataFolder> = Layer.effect(
    ProofStore,
    Effect.map(DataFolder, ({ path }) => ({
      ownKey: SigningKey.own(path),
      keep: (manifest: Manifest, key: SigningKey.SigningKey) => {
        const files = ProofFiles.kept(path, manifest.runId)
        return Effect.as(ProofFiles.write(files, manifest, key), files.manifest)
      }
    }))
  )
}
