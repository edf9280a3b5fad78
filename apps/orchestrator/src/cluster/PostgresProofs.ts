/** Keeps the proofs of runs in the database. The key that signs them stays on the machine that does. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Attestation from "../artifacts/Attestation.ts"
import * as Manifest from "../artifacts/Manifest.ts"
import { ProofStore } from "../artifacts/ProofStore.ts"
import * as SigningKey from "../artifacts/SigningKey.ts"
import { Database } from "../Database.ts"

/** @param keyFolder where this process has, or makes, a key of its own, for when none is given */
export const layer = (keyFolder: string): Layer.Layer<ProofStore, never, SqlClient.SqlClient | Database> =>
  Layer.effect(
    ProofStore,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const database = yield* Database
      return ProofStore.of({
        ownKey: SigningKey.own(keyFolder),
        keep: Effect.fn("PostgresProofs.keep")(function* (manifest, key) {
          const encoded = Manifest.encode(manifest)
          const row = {
            run_id: manifest.runId,
            manifest: Manifest.render(encoded).toString(),
            attestation: Attestation.sign(manifest, encoded, key),
            public_key: key.publicKey,
            written_at: yield* Clock.currentTimeMillis
          }
          yield* sql`
            INSERT INTO proofs ${sql.insert(row)} ON CONFLICT (run_id) DO UPDATE SET manifest = excluded.manifest,
              attestation = excluded.attestation, public_key = excluded.public_key, written_at = excluded.written_at`.pipe(
            database.patient,
            Effect.mapError(database.failure)
          )
          return `proof:${manifest.runId}`
        })
      })
    })
  )

/** A proof as it is kept. */
export interface Proof {
  readonly manifest: string
  readonly attestation: string
  readonly publicKey: string
}

export const find = Effect.fn("PostgresProofs.find")(function* (runId: string) {
  const sql = yield* SqlClient.SqlClient
  const database = yield* Database
  const [proof] = yield* sql<Proof>`
    SELECT manifest, attestation, public_key AS "publicKey" FROM proofs WHERE run_id = ${runId}`.pipe(
    database.patient,
    Effect.mapError(database.failure)
  )
  return proof
})
