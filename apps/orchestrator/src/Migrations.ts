/**
 * The kit's own tables, step by step. A step that has been released is never changed; a new one is added below it, and
 * sets `user_version`, by which an older privx-kit notices that it must keep its hands off.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** Times are milliseconds since 1970; JSON columns hold what the codecs in `Runs` and `Setup` write. */
const runs = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE runs (
      id TEXT PRIMARY KEY NOT NULL,
      kind TEXT NOT NULL,
      target TEXT NOT NULL,
      inputs TEXT NOT NULL,
      status TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      started_at INTEGER,
      ended_at INTEGER,
      result TEXT,
      failure TEXT
    ) WITHOUT ROWID`
  yield* sql`CREATE INDEX runs_by_time ON runs (created_at DESC)`
  // Few runs are open at a time: looking for one costs the same however long the history is.
  yield* sql`CREATE INDEX runs_open ON runs (created_at DESC) WHERE ended_at IS NULL`
  yield* sql`
    CREATE TABLE run_steps (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      step TEXT NOT NULL,
      status TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      ended_at INTEGER,
      bytes INTEGER,
      failures TEXT NOT NULL,
      PRIMARY KEY (run_id, step)
    ) WITHOUT ROWID`
  yield* sql`PRAGMA user_version = 1`
})

export const migrations: Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient.SqlClient>>> = {
  "0001_runs": Effect.asVoid(runs)
}
