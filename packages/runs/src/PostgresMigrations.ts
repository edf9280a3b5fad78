/**
 * The kit's tables in Postgres: those of the data directory, and tables for what a data directory stores in files.
 * Until the first release there is one migration. Afterwards a released migration never changes; a new one follows it.
 *
 * Times (milliseconds since 1970) and byte counts are whole numbers in double precision: exact up to 2^53, and read as
 * numbers by JavaScript. Ids are compared byte by byte, whatever the collation of the database.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Migrations } from "./DomainMigrations.ts"

const initial = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Rows are ordered by a position and not by time: clocks differ between machines, and can be set back. Identity
  // columns need no privilege on their sequence.
  yield* sql`
    CREATE TABLE runs (
      position BIGINT GENERATED ALWAYS AS IDENTITY,
      id TEXT COLLATE "C" PRIMARY KEY,
      kind TEXT NOT NULL,
      parent_id TEXT COLLATE "C" REFERENCES runs (id) ON DELETE SET NULL,
      target TEXT NOT NULL,
      inputs TEXT NOT NULL,
      idempotency_key TEXT,
      status TEXT NOT NULL,
      attempt INTEGER NOT NULL DEFAULT 1,
      starts INTEGER NOT NULL DEFAULT 0,
      created_at DOUBLE PRECISION NOT NULL,
      claimed_at DOUBLE PRECISION,
      started_at DOUBLE PRECISION,
      ended_at DOUBLE PRECISION,
      end_position BIGINT,
      sha256 TEXT,
      review TEXT,
      report TEXT,
      result TEXT,
      failure TEXT
    )`
  yield* sql`CREATE INDEX runs_in_order ON runs (position)`
  yield* sql`CREATE INDEX runs_open ON runs (position) WHERE ended_at IS NULL`
  yield* sql`CREATE INDEX runs_ended ON runs (end_position) WHERE end_position IS NOT NULL`
  yield* sql`CREATE INDEX runs_ended_since ON runs (ended_at) WHERE ended_at IS NOT NULL`
  yield* sql`CREATE INDEX runs_by_status ON runs (parent_id, status)`
  yield* sql`CREATE INDEX runs_queued ON runs (position) WHERE status = 'queued'`
  yield* sql`CREATE INDEX runs_by_parent ON runs (parent_id, position) WHERE parent_id IS NOT NULL`
  yield* sql`CREATE INDEX runs_open_by_parent ON runs (parent_id, status) WHERE parent_id IS NOT NULL AND ended_at IS NULL`
  yield* sql`CREATE UNIQUE INDEX runs_by_key ON runs (kind, target, idempotency_key) WHERE idempotency_key IS NOT NULL`
  yield* sql`
    CREATE TABLE run_steps (
      run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      step TEXT NOT NULL,
      position INTEGER NOT NULL,
      status TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      started_at DOUBLE PRECISION NOT NULL,
      ended_at DOUBLE PRECISION,
      bytes DOUBLE PRECISION,
      total_bytes DOUBLE PRECISION,
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
      position BIGINT GENERATED ALWAYS AS IDENTITY,
      run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      action TEXT NOT NULL,
      approved INTEGER,
      sha256 TEXT,
      asked_by TEXT NOT NULL,
      asked_at DOUBLE PRECISION NOT NULL,
      comment TEXT,
      applied_at DOUBLE PRECISION,
      PRIMARY KEY (run_id, attempt, action)
    )`
  yield* sql`CREATE INDEX run_requests_open ON run_requests (position) WHERE applied_at IS NULL`
  // How people who signed in at an issuer are shown.
  yield* sql`CREATE TABLE display_names (name TEXT PRIMARY KEY, display_name TEXT NOT NULL)`
  yield* sql`
    CREATE TABLE approvals (
      target TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      position BIGINT NOT NULL,
      approved_at DOUBLE PRECISION NOT NULL,
      approved_by TEXT,
      comment TEXT,
      run_id TEXT NOT NULL,
      PRIMARY KEY (target, sha256)
    )`
  // What a data directory stores in files.
  yield* sql`
    CREATE TABLE artifacts (
      sha256 TEXT COLLATE "C" PRIMARY KEY,
      bytes BYTEA NOT NULL,
      stored_at DOUBLE PRECISION NOT NULL
    )`
  yield* sql`
    CREATE TABLE provenance (
      run_id TEXT COLLATE "C" PRIMARY KEY,
      manifest TEXT NOT NULL,
      attestation TEXT NOT NULL,
      public_key TEXT NOT NULL,
      written_at DOUBLE PRECISION NOT NULL
    )`
  // Written to check whether the database accepts writes.
  yield* sql`CREATE TABLE storage_probe (id INTEGER PRIMARY KEY, probed_at DOUBLE PRECISION NOT NULL)`
  // The exits of activities, see `ActivityJournal`.
  yield* sql`
    CREATE TABLE activity_exits (
      execution_id TEXT COLLATE "C" NOT NULL,
      activity TEXT COLLATE "C" NOT NULL,
      attempt INTEGER NOT NULL,
      exit TEXT NOT NULL,
      PRIMARY KEY (execution_id, activity, attempt)
    )`
  // The secret by which the processes of a cluster authenticate each other, see `ClusterSecret`.
  yield* sql`CREATE TABLE cluster_secret (id INTEGER PRIMARY KEY CHECK (id = 1), secret BYTEA NOT NULL)`
})

/**
 * @since 0.1.0
 * @category constants
 */
export const migrations: Migrations = { "0001_initial": Effect.asVoid(initial) }
