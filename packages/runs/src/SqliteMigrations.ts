/**
 * The kit's own tables in the data directory. Until the first release there is one migration. Afterwards a released
 * migration never changes; a new one follows it. Each sets `user_version`, from which an older privx-kit sees that it
 * must not change the file.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Migrations } from "./DomainMigrations.ts"

/** Times are milliseconds since 1970. JSON columns contain what the codecs of `Runs` and of the kinds of run write. */
const initial = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Rows are ordered by a position and not by time: a clock can be set back.
  yield* sql`
    CREATE TABLE runs (
      position INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      parent_id TEXT REFERENCES runs (id) ON DELETE SET NULL,
      target TEXT NOT NULL,
      inputs TEXT NOT NULL,
      idempotency_key TEXT,
      status TEXT NOT NULL,
      attempt INTEGER NOT NULL DEFAULT 1,
      starts INTEGER NOT NULL DEFAULT 0,
      created_at INTEGER NOT NULL,
      claimed_at INTEGER,
      started_at INTEGER,
      ended_at INTEGER,
      end_position INTEGER,
      sha256 TEXT,
      review TEXT,
      report TEXT,
      result TEXT,
      failure TEXT
    )`
  // Few runs are open at a time, so the cost of finding them does not depend on the length of the history.
  yield* sql`CREATE INDEX runs_open ON runs (position) WHERE ended_at IS NULL`
  yield* sql`CREATE INDEX runs_ended ON runs (end_position) WHERE end_position IS NOT NULL`
  yield* sql`CREATE INDEX runs_ended_since ON runs (ended_at) WHERE ended_at IS NOT NULL`
  yield* sql`CREATE INDEX runs_by_status ON runs (parent_id, status)`
  yield* sql`CREATE INDEX runs_queued ON runs (position) WHERE status = 'queued'`
  yield* sql`CREATE INDEX runs_by_parent ON runs (parent_id, position) WHERE parent_id IS NOT NULL`
  yield* sql`CREATE INDEX runs_open_by_parent ON runs (parent_id, status) WHERE parent_id IS NOT NULL AND ended_at IS NULL`
  yield* sql`
    CREATE UNIQUE INDEX runs_by_key ON runs (kind, target, idempotency_key) WHERE idempotency_key IS NOT NULL`
  yield* sql`
    CREATE TABLE run_steps (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      step TEXT NOT NULL,
      position INTEGER NOT NULL,
      status TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      ended_at INTEGER,
      bytes INTEGER,
      total_bytes INTEGER,
      failures TEXT NOT NULL,
      PRIMARY KEY (run_id, attempt, step)
    ) WITHOUT ROWID`
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
  // Requests of other processes to the process that executes the runs.
  yield* sql`
    CREATE TABLE run_requests (
      position INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      action TEXT NOT NULL,
      approved INTEGER,
      sha256 TEXT,
      asked_by TEXT NOT NULL,
      asked_at INTEGER NOT NULL,
      comment TEXT,
      applied_at INTEGER,
      UNIQUE (run_id, attempt, action)
    )`
  yield* sql`CREATE INDEX run_requests_open ON run_requests (position) WHERE applied_at IS NULL`
  // How people who signed in at an issuer are shown.
  yield* sql`CREATE TABLE display_names (name TEXT PRIMARY KEY NOT NULL, display_name TEXT NOT NULL) WITHOUT ROWID`
  // Outlives the runs that it refers to. The last approval of a target has the highest position.
  yield* sql`
    CREATE TABLE approvals (
      target TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      position INTEGER NOT NULL,
      approved_at INTEGER NOT NULL,
      approved_by TEXT,
      comment TEXT,
      run_id TEXT NOT NULL,
      PRIMARY KEY (target, sha256)
    ) WITHOUT ROWID`
  // Written to check whether the database accepts writes.
  yield* sql`CREATE TABLE storage_probe (id INTEGER PRIMARY KEY, probed_at INTEGER NOT NULL)`
  // The exits of activities, some kilobytes each; see `ActivityJournal`.
  yield* sql`
    CREATE TABLE activity_exits (
      execution_id TEXT NOT NULL,
      activity TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      exit TEXT NOT NULL,
      PRIMARY KEY (execution_id, activity, attempt)
    )`
  yield* sql`PRAGMA user_version = 1`
})

/**
 * @since 0.1.0
 * @category constants
 */
export const migrations: Migrations = { "0001_initial": Effect.asVoid(initial) }
