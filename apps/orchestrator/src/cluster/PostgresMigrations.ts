/**
 * The kit's tables in Postgres, step by step: the same as those of the data folder, and what a data folder keeps in files.
 * A step that has been released is never changed; a new one is added below it.
 *
 * Times are milliseconds since 1970 and counts of bytes whole numbers, in double precision: exact to 2^53, and read as
 * what they are in JavaScript. Ids are compared byte by byte, whatever the collation of the database.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

const first = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE runs (
      id TEXT COLLATE "C" PRIMARY KEY,
      kind TEXT NOT NULL,
      parent_id TEXT COLLATE "C" REFERENCES runs (id) ON DELETE SET NULL,
      target TEXT NOT NULL,
      inputs TEXT NOT NULL,
      idempotency_key TEXT,
      status TEXT NOT NULL,
      attempt INTEGER NOT NULL DEFAULT 1,
      begun INTEGER NOT NULL DEFAULT 0,
      created_at DOUBLE PRECISION NOT NULL,
      claimed_at DOUBLE PRECISION,
      started_at DOUBLE PRECISION,
      ended_at DOUBLE PRECISION,
      sha256 TEXT,
      review TEXT,
      result TEXT,
      failure TEXT
    )`
  yield* sql`CREATE INDEX runs_by_time ON runs (created_at DESC)`
  yield* sql`CREATE INDEX runs_open ON runs (created_at DESC) WHERE ended_at IS NULL`
  yield* sql`CREATE INDEX runs_ended ON runs (ended_at DESC, id) WHERE ended_at IS NOT NULL`
  yield* sql`CREATE INDEX runs_queued ON runs (created_at, id) WHERE status = 'queued'`
  yield* sql`CREATE INDEX runs_by_parent ON runs (parent_id, created_at DESC) WHERE parent_id IS NOT NULL`
  yield* sql`CREATE UNIQUE INDEX runs_by_key ON runs (kind, target, idempotency_key) WHERE idempotency_key IS NOT NULL`
  yield* sql`
    CREATE TABLE run_steps (
      run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      step TEXT NOT NULL,
      status TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      started_at DOUBLE PRECISION NOT NULL,
      ended_at DOUBLE PRECISION,
      bytes DOUBLE PRECISION,
      failures TEXT NOT NULL,
      PRIMARY KEY (run_id, attempt, step)
    )`
  yield* sql`
    CREATE TABLE run_attempts (
      run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      status TEXT NOT NULL,
      started_at DOUBLE PRECISION,
      ended_at DOUBLE PRECISION,
      failure TEXT,
      PRIMARY KEY (run_id, attempt)
    )`
  yield* sql`
    CREATE TABLE run_requests (
      run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      action TEXT NOT NULL,
      approved INTEGER,
      asked_by TEXT NOT NULL,
      asked_at DOUBLE PRECISION NOT NULL,
      comment TEXT,
      applied_at DOUBLE PRECISION,
      PRIMARY KEY (run_id, attempt, action)
    )`
  yield* sql`CREATE INDEX run_requests_open ON run_requests (asked_at) WHERE applied_at IS NULL`
  yield* sql`
    CREATE TABLE approvals (
      target TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      approved_at DOUBLE PRECISION NOT NULL,
      approved_by TEXT,
      comment TEXT,
      run_id TEXT NOT NULL,
      PRIMARY KEY (target, sha256)
    )`
  // What lies in files of the data folder on one machine.
  yield* sql`
    CREATE TABLE artifacts (
      sha256 TEXT COLLATE "C" PRIMARY KEY,
      bytes BYTEA NOT NULL,
      stored_at DOUBLE PRECISION NOT NULL
    )`
  yield* sql`
    CREATE TABLE proofs (
      run_id TEXT COLLATE "C" PRIMARY KEY,
      manifest TEXT NOT NULL,
      attestation TEXT NOT NULL,
      public_key TEXT NOT NULL,
      written_at DOUBLE PRECISION NOT NULL
    )`
})

/** What fleet runs are to do, and their parts that are not over. */
const fleets = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE fleet_plans (
      run_id TEXT COLLATE "C" PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
      concurrency INTEGER NOT NULL,
      plan TEXT NOT NULL
    )`
  yield* sql`CREATE INDEX runs_open_by_parent ON runs (parent_id, status) WHERE parent_id IS NOT NULL AND ended_at IS NULL`
})

/** What activities of executions have come to, see `ActivityJournal`. */
const activities = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE activity_exits (
      execution_id TEXT COLLATE "C" NOT NULL,
      activity TEXT COLLATE "C" NOT NULL,
      attempt INTEGER NOT NULL,
      exit TEXT NOT NULL,
      PRIMARY KEY (execution_id, activity, attempt)
    )`
})

export const migrations: Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient.SqlClient>>> = {
  "0001_runs": Effect.asVoid(first),
  "0002_fleets": Effect.asVoid(fleets),
  "0003_activities": Effect.asVoid(activities)
}
