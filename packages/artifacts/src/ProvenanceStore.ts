/**
 * The store of each run's provenance, and the key that signs it: in the data directory, or in the shared database of a
 * cluster.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import type { Document } from "./Manifest.ts"
import * as ProvenanceFiles from "./ProvenanceFiles.ts"
import { ProvenanceWriter } from "./ProvenanceWriter.ts"
import * as SigningKey from "./SigningKey.ts"

/**
 * @since 0.1.0
 * @category services
 */
export class ProvenanceStore extends Context.Service<
  ProvenanceStore,
  {
    /** The store's own key, created when it is first needed. */
    readonly ownKey: Effect.Effect<SigningKey.SigningKey, StorageFailed>
    /**
     * Stores a manifest with its attestation, replacing an earlier one of the run, and returns its location. In a
     * shared store, a process that was paused may be too late: the provenance of a run that has ended, or is at another
     * attempt, is not replaced.
     */
    readonly keep: (
      manifest: Document,
      key: SigningKey.SigningKey,
      attempt: number
    ) => Effect.Effect<string, StorageFailed>
  }
>()("privx-kit/ProvenanceStore") {
  static readonly layer: Layer.Layer<ProvenanceStore, never, DataDirectory> = Layer.effect(
    ProvenanceStore,
    Effect.map(DataDirectory, ({ path }) => {
      const writer = new ProvenanceWriter()
      return {
        ownKey: SigningKey.own(path),
        keep: (document: Document, key: SigningKey.SigningKey) => {
          const files = ProvenanceFiles.kept(path, document.manifest.runId)
          return Effect.as(writer.write(files, document, key), files.manifest)
        }
      }
    })
  )
}
