/** The tables of the fleet domain, which contain the task of each fleet run. */
import type { TableMigrations } from "@privx-kit/runs/DomainMigrations"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const plans = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Ids are compared in the same way as those of runs.
  const id = sql.onDialectOrElse({ pg: () => sql.literal('TEXT COLLATE "C"'), orElse: () => sql.literal("TEXT") })
  yield* sql`
    CREATE TABLE fleet_plans (
      run_id ${id} PRIMARY KEY NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      concurrency INTEGER NOT NULL,
      plan TEXT NOT NULL
    )`
})

const both = { "0001_initial": plans }

export const migrations: TableMigrations = { sqlite: both, postgres: both }
