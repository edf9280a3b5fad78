/** The tables of the playback domain: the key that seals session ids, and the state of each run's keep-alive. */
import type { TableMigrations } from "@privx-kit/runs/DomainMigrations"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const initial = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Ids are compared in the same way as those of runs.
  const id = sql.onDialectOrElse({ pg: () => sql.literal('TEXT COLLATE "C"'), orElse: () => sql.literal("TEXT") })
  const bytes = sql.onDialectOrElse({ pg: () => sql.literal("BYTEA"), orElse: () => sql.literal("BLOB") })
  yield* sql`CREATE TABLE playback_key (id INTEGER PRIMARY KEY NOT NULL, secret ${bytes} NOT NULL)`
  yield* sql`
    CREATE TABLE playback_keep_alives (
      run_id ${id} PRIMARY KEY NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      count INTEGER NOT NULL,
      authenticated_until BIGINT NOT NULL,
      last_call_at BIGINT,
      next_call_at BIGINT NOT NULL,
      failing INTEGER NOT NULL
    )`
})

const both = { "0001_initial": initial }

export const migrations: TableMigrations = { sqlite: both, postgres: both }
