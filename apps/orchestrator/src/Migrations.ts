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

/**
 * Runs that are tried again and keep what came before, wait for an approval, are cancelled from elsewhere; and which
 * script of a target was approved. `begun` counts the processes and activities that began an attempt.
 */
const attempts = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const column of [
    "attempt INTEGER NOT NULL DEFAULT 1",
    "begun INTEGER NOT NULL DEFAULT 0",
    "idempotency_key TEXT",
    "sha256 TEXT",
    "review TEXT"
  ]) {
    yield* sql`ALTER TABLE runs ADD COLUMN ${sql.literal(column)}`
  }
  yield* sql`UPDATE runs SET begun = 1 WHERE started_at IS NOT NULL`
  yield* sql`
    CREATE UNIQUE INDEX runs_by_key ON runs (kind, target, idempotency_key) WHERE idempotency_key IS NOT NULL`
  yield* sql`
    CREATE TABLE run_attempt_steps (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      step TEXT NOT NULL,
      status TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      ended_at INTEGER,
      bytes INTEGER,
      failures TEXT NOT NULL,
      PRIMARY KEY (run_id, attempt, step)
    ) WITHOUT ROWID`
  yield* sql`
    INSERT INTO run_attempt_steps
    SELECT run_id, 1, step, status, attempts, started_at, ended_at, bytes, failures FROM run_steps`
  yield* sql`DROP TABLE run_steps`
  yield* sql`ALTER TABLE run_attempt_steps RENAME TO run_steps`
  yield* sql`
    CREATE TABLE run_attempts (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      status TEXT NOT NULL,
      started_at INTEGER,
      ended_at INTEGER,
      failure TEXT,
      PRIMARY KEY (run_id, attempt)
    ) WITHOUT ROWID`
  // What other processes ask of the one that carries the runs out.
  yield* sql`
    CREATE TABLE run_requests (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      action TEXT NOT NULL,
      approved INTEGER,
      asked_by TEXT NOT NULL,
      asked_at INTEGER NOT NULL,
      comment TEXT,
      applied_at INTEGER,
      PRIMARY KEY (run_id, attempt, action)
    ) WITHOUT ROWID`
  yield* sql`CREATE INDEX run_requests_open ON run_requests (asked_at) WHERE applied_at IS NULL`
  // Outlives the runs that it speaks of.
  yield* sql`
    CREATE TABLE approvals (
      target TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      approved_at INTEGER NOT NULL,
      approved_by TEXT,
      comment TEXT,
      run_id TEXT NOT NULL,
      PRIMARY KEY (target, sha256)
    ) WITHOUT ROWID`
  yield* sql`PRAGMA user_version = 2`
})

/** Runs that are parts of another one, and runs that wait for a process to begin them. */
const queue = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE runs ADD COLUMN parent_id TEXT REFERENCES runs (id) ON DELETE SET NULL`
  yield* sql`CREATE INDEX runs_by_parent ON runs (parent_id, created_at DESC) WHERE parent_id IS NOT NULL`
  yield* sql`ALTER TABLE runs ADD COLUMN claimed_at INTEGER`
  yield* sql`CREATE INDEX runs_queued ON runs (created_at, id) WHERE status = 'queued'`
  yield* sql`PRAGMA user_version = 3`
})

/** What fleet runs are to do, and their parts that are not over. */
const fleets = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE fleet_plans (
      run_id TEXT PRIMARY KEY NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      concurrency INTEGER NOT NULL,
      plan TEXT NOT NULL
    ) WITHOUT ROWID`
  yield* sql`CREATE INDEX runs_open_by_parent ON runs (parent_id, status) WHERE parent_id IS NOT NULL AND ended_at IS NULL`
  yield* sql`PRAGMA user_version = 4`
})

/** What activities of executions have come to, see `ActivityJournal`; some kilobytes each. */
const activities = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE activity_exits (
      execution_id TEXT NOT NULL,
      activity TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      exit TEXT NOT NULL,
      PRIMARY KEY (execution_id, activity, attempt)
    )`
  yield* sql`PRAGMA user_version = 5`
})

export const migrations: Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient.SqlClient>>> = {
  "0001_runs": Effect.asVoid(runs),
  "0002_attempts": Effect.asVoid(attempts),
  "0003_queue": Effect.asVoid(queue),
  "0004_fleets": Effect.asVoid(fleets),
  "0005_activities": Effect.asVoid(activities)
}
