/**
 * Stores the provenance of runs in the database. The signing key stays on the machine that signs.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Attestation from "./Attestation.ts"
import * as Manifest from "./Manifest.ts"
import { ProvenanceStore } from "./ProvenanceStore.ts"
import * as SigningKey from "./SigningKey.ts"
import { Database } from "@privx-kit/durable/Database"

/**
 * Stores the provenance of runs in the shared database of a cluster.
 *
 * **Details**: the provenance of a run that has ended, or is at another attempt, is not replaced: a process that was paused
 * may be too late.
 *
 * @param keyDirectory the directory with the key of this worker, which is created when it is first needed
 *
 * @example
 * ```ts
 * import * as PostgresProvenanceStore from "@privx-kit/artifacts/PostgresProvenanceStore"
 *
 * export const layer = PostgresProvenanceStore.layer("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (keyDirectory: string): Layer.Layer<ProvenanceStore, never, SqlClient.SqlClient | Database> =>
  Layer.effect(
    ProvenanceStore,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const database = yield* Database
      return ProvenanceStore.of({
        ownKey: SigningKey.own(keyDirectory),
        keep: Effect.fn("PostgresProvenanceStore.keep")(function* (document, key, attempt) {
          const { runId } = document.manifest
          const text = Manifest.render(document.json).toString()
          const attestation = Attestation.sign(document, key)
          const now = yield* Clock.currentTimeMillis
          // The lock prevents the run from ending between the read and the write.
          yield* sql`
            WITH run AS (SELECT attempt, ended_at FROM runs WHERE id = ${runId} FOR SHARE)
            INSERT INTO provenance (run_id, manifest, attestation, public_key, written_at)
            SELECT ${runId}, ${text}, ${attestation}, ${key.publicKey}, ${now}
            WHERE NOT EXISTS (SELECT 1 FROM run WHERE ended_at IS NOT NULL OR attempt <> ${attempt})
            ON CONFLICT (run_id) DO UPDATE SET manifest = excluded.manifest,
              attestation = excluded.attestation, public_key = excluded.public_key, written_at = excluded.written_at`.pipe(
            database.patient,
            Effect.mapError(database.failure)
          )
          return `provenance:${runId}`
        })
      })
    })
  )

/**
 * The stored provenance of a run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Provenance {
  readonly manifest: string
  readonly attestation: string
  readonly publicKey: string
}

/**
 * Returns the provenance of a run; `undefined` if there is none.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import * as PostgresProvenanceStore from "@privx-kit/artifacts/PostgresProvenanceStore"
 *
 * export const provenance = PostgresProvenanceStore.find("0f8fad5b-d9cb-469f-a165-70867728950e")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const find = Effect.fn("PostgresProvenanceStore.find")(function* (runId: string) {
  const sql = yield* SqlClient.SqlClient
  const database = yield* Database
  const [provenance] = yield* sql<Provenance>`
    SELECT manifest, attestation, public_key AS "publicKey" FROM provenance WHERE run_id = ${runId}`.pipe(
    database.patient,
    Effect.mapError(database.failure)
  )
  return provenance
})
