/**
 * A Postgres database that any number of processes share: the record of the runs, the engine's journal, the stored
 * scripts and their provenance. Only an explicit command creates its tables.
 *
 * @since 0.1.0
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { randomUUID } from "node:crypto"
import { Database } from "@privx-kit/durable/Database"
import { DatabaseUnusable, fromPostgres, isAway, sqlError, unusable } from "@privx-kit/durable/PostgresFailure"
import * as PostgresUrl from "@privx-kit/durable/PostgresUrl"
import * as MigrationHistory from "./MigrationHistory.ts"
import { migrations } from "./PostgresMigrations.ts"

/**
 * The version of the tables that this privx-kit works with.
 *
 * @since 0.1.0
 * @category constants
 */
export const version = Object.keys(migrations).length

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly url: Redacted.Redacted
  /** Maximum number of connections of this process; default 10. One more is reserved for the locks of the cluster. */
  readonly maxConnections?: number | undefined
}

/**
 * The record of runs in a Postgres database, which the processes of a cluster share.
 *
 * **Details**: the database must have been migrated. The layer migrates nothing.
 *
 * **Errors**: `DatabaseUnusable` with the reason: it cannot be reached, is not migrated, is of a newer version, the role
 * lacks a privilege, or a pooler is in front of it that gives each transaction another connection.
 *
 * @example
 * ```ts
 * import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
 * import * as Redacted from "effect/Redacted"
 *
 * const url = Redacted.make("postgres://kit@db.example.com/kit")
 * export const layer = PostgresStorage.layer({ url, maxConnections: 10 })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient | Database, DatabaseUnusable> =>
  Layer.effectDiscard(Effect.suspend(() => Effect.andThen(examine, expectSession(options)))).pipe(
    Layer.provideMerge(client(options))
  )

const defaultConnections = 10

const client = ({
  maxConnections = defaultConnections,
  url
}: Options): Layer.Layer<SqlClient.SqlClient | Database, DatabaseUnusable> =>
  Layer.unwrap(
    Effect.map(PostgresUrl.parse(url), ({ applicationName, mode, name, startupParameters, tls, url }) => {
      const connected = (ssl: typeof tls) =>
        PgClient.layer({
          url,
          ssl,
          applicationName,
          startupParameters,
          maxConnections,
          connectTimeout: "5 seconds"
        }).pipe(Layer.catchTag("SqlError", (error) => Layer.effectContext(Effect.fail(unusable(name)(error)))))
      return Layer.mergeAll(
        mode === "prefer" || mode === "allow"
          ? // Like libpq: encrypted if the server supports it.
            Layer.unwrap(
              Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`).pipe(
                Effect.provide(connected(tls)),
                Effect.as(tls),
                Effect.catch((error) => {
                  const failure = unusable(name)(error)
                  return failure.reason === "tlsNotOffered" ? Effect.succeed(false as const) : Effect.fail(failure)
                }),
                Effect.map(connected)
              )
            )
          : connected(tls),
        Layer.succeed(Database, {
          name,
          failure: fromPostgres(name),
          patient: (effect) => Effect.retry(effect, { schedule: patience, while: isAway }),
          isFailure: (error) => sqlError(error) !== undefined
        })
      )
    })
  )

/** About two minutes: long enough for a restart of the server or a failover to a standby. */
const patience = Schedule.exponential("50 millis").pipe(
  Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.seconds(2)))),
  Schedule.jittered,
  Schedule.upTo({ times: 70 })
)

/** The kit's own. */
const ownTables = [
  "runs",
  "run_steps",
  "run_attempts",
  "run_requests",
  "approvals",
  "display_names",
  "artifacts",
  "provenance",
  "activity_exits",
  "cluster_secret",
  "storage_probe"
]

/** Tables of the engine, which has migrations of its own. */
const engineTables = ["cluster_messages", "cluster_replies", "cluster_runners", "cluster_locks"]

const histories = MigrationHistory.histories("postgres", migrations)

/** The version of each history; 0 if the database has none of its tables. */
interface Version {
  readonly history: MigrationHistory.MigrationHistory
  readonly found: number
}

const versions = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const all: Array<Version> = []
  for (const history of yield* histories) {
    const [there] = yield* sql<{ found: string | null }>`SELECT to_regclass(${history.table})::text AS found`
    if (there?.found === null || there === undefined) {
      all.push({ history, found: 0 })
    } else {
      const [latest] = yield* sql<{ id: number | null }>`SELECT max(migration_id)::int AS id FROM ${sql(history.table)}`
      all.push({ history, found: latest?.id ?? 0 })
    }
  }
  return all
})

/** Fails if the tables have a version that this process does not know. */
const refuseNewer = Effect.fnUntraced(function* (database: string, all: ReadonlyArray<Version>) {
  for (const { found, history } of all) {
    const known = MigrationHistory.versionOf(history)
    if (found <= known) continue
    const detail = `${tablesOf(history)} have version ${found}, and this privx-kit supports versions up to ${known}`
    return yield* new DatabaseUnusable({ database, reason: "newerVersion", detail })
  }
})

const tablesOf = ({ domain }: MigrationHistory.MigrationHistory): string =>
  domain === undefined ? "its tables" : `its tables of the domain ${domain}`

/**
 * Checks that the database has the tables of this version, and that the role may use them. Writes nothing.
 *
 * **Errors**: as of {@link layer}.
 *
 * @example
 * ```ts
 * import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
 *
 * export const examined = PostgresStorage.examine
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const examine: Effect.Effect<void, DatabaseUnusable, SqlClient.SqlClient | Database> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { name: database } = yield* Database
  const fail = (reason: DatabaseUnusable["reason"], detail: string) =>
    Effect.fail(new DatabaseUnusable({ database, reason, detail }))
  yield* expectEncoding(database)
  const all = yield* versions
  yield* refuseNewer(database, all)
  for (const { found, history } of all) {
    const wanted = MigrationHistory.versionOf(history)
    if (found === wanted) continue
    const tables = tablesOf(history)
    return yield* fail(
      "notMigrated",
      found === 0 ? `${tables} do not exist` : `${tables} have version ${found} instead of ${wanted}`
    )
  }
  const [missing] = yield* sql<{ name: string }>`
    SELECT name FROM unnest(string_to_array(${engineTables.join(" ")}, ' ')) AS name
    WHERE to_regclass(name) IS NULL ORDER BY name`
  if (missing !== undefined) return yield* fail("notMigrated", `its table ${missing.name} does not exist`)
  // Every table is read and written, and the engine's tables have sequences.
  const [lacking] = yield* sql<{ what: string }>`
    SELECT p.privilege || ' on ' || c.relname AS what
    FROM pg_class c JOIN (VALUES ('r', 'SELECT'), ('r', 'INSERT'), ('r', 'UPDATE'), ('r', 'DELETE'), ('S', 'USAGE'))
      AS p (kind, privilege) ON c.relkind::text = p.kind
    WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('runs'))
      AND (p.kind = 'S' AND EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'a'
            AND d.refobjid IN (SELECT to_regclass(name) FROM unnest(string_to_array(${engineTables.join(" ")}, ' ')) AS name))
          AND NOT has_sequence_privilege(c.oid, p.privilege)
        OR p.kind = 'r' AND c.relname IN (
            SELECT unnest(string_to_array(${[...ownTables, ...engineTables].join(" ")}, ' ')))
          AND NOT has_table_privilege(c.oid, p.privilege))
    ORDER BY what LIMIT 1`
  if (lacking !== undefined) return yield* fail("rights", `it may not ${lacking.what}`)
}).pipe(Effect.catch((error) => Effect.flatMap(Database, ({ name }) => Effect.fail(unusable(name)(error)))))

/** Only UTF-8 can store every character of a message. */
const expectEncoding = Effect.fnUntraced(function* (database: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ encoding: string }>`SELECT current_setting('server_encoding') AS encoding`
  if (row?.encoding === "UTF8") return
  const detail = `its encoding is ${row?.encoding ?? "unknown"}, and UTF8 is needed`
  return yield* new DatabaseUnusable({ database, reason: "encoding", detail })
})

/**
 * Whether the tables are those that this process works with.
 *
 * @since 0.1.0
 * @category operations
 */
export const isMigrated = Effect.map(versions, (all) =>
  all.every(({ found, history }) => found === MigrationHistory.versionOf(history))
)

/**
 * @since 0.1.0
 * @category models
 */
export interface Migrated {
  readonly database: string
  /** The previous version of the kit's own tables; 0 if there were none. */
  readonly from: number
  readonly to: number
}

/**
 * Connects to a database, and checks it as {@link layer} does.
 *
 * **When to use**: for a command that says whether a database can be used.
 *
 * **Errors**: as of {@link layer}.
 *
 * @example
 * ```ts
 * import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
 * import * as Redacted from "effect/Redacted"
 *
 * const url = Redacted.make("postgres://kit@db.example.com/kit")
 * export const version = PostgresStorage.inspect({ url })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const inspect = (options: Options): Effect.Effect<Migrated, DatabaseUnusable> =>
  Effect.gen(function* () {
    yield* examine
    yield* expectSession(options)
    const { name } = yield* Database
    return { database: name, from: version, to: version }
  }).pipe(Effect.provide(client(options)))

/**
 * Fails if a pooler assigns each transaction to any free connection: the session's locks and prepared statements would
 * be lost. One session sets a variable, which it must still have afterwards and which no other session may see.
 */
const expectSession = Effect.fnUntraced(
  function* ({ maxConnections = defaultConnections }: Options) {
    // With one connection there is nothing to compare, and `database migrate --check` finds it.
    const count = Math.min(3, maxConnections - 1)
    const sql = yield* SqlClient.SqlClient
    const { name: database } = yield* Database
    const ask = (connection: Connection, statement: string) =>
      Effect.map(connection.executeUnprepared(statement, [], undefined), (rows) =>
        String(Object.values(rows[0] ?? {})[0])
      )
    const variable = "privx_kit.session"
    const mark = randomUUID()
    const session = yield* sql.reserve
    yield* ask(session, `SELECT set_config('${variable}', '${mark}', false)`)
    // Each keeps a connection busy for a moment, so that a pooler has to assign another one to the first session.
    const other = Effect.scoped(
      Effect.flatMap(sql.reserve, (connection) =>
        ask(connection, `SELECT current_setting('${variable}', true) FROM pg_sleep(0.05)`)
      )
    )
    const [others, later] = yield* Effect.all(
      [
        Effect.all(
          Array.from({ length: count }, () => other),
          { concurrency: "unbounded" }
        ),
        Effect.delay(ask(session, `SELECT current_setting('${variable}', true)`), "20 millis")
      ],
      { concurrency: "unbounded" }
    )
    if (later === mark && !others.includes(mark)) return
    const detail = "statements of one session were executed by several server processes"
    return yield* new DatabaseUnusable({ database, reason: "pooler", detail })
  },
  Effect.scoped,
  // A pool that is too small keeps its clients waiting without a limit.
  Effect.timeoutOrElse({
    duration: "10 seconds",
    orElse: () =>
      Effect.flatMap(Database, ({ name: database }) => {
        const detail = "four connections were not available within 10 seconds"
        return Effect.fail(new DatabaseUnusable({ database, reason: "connections", detail }))
      })
  }),
  Effect.catch((error) => Effect.flatMap(Database, ({ name }) => Effect.fail(unusable(name)(error))))
)

/** Two processes that start at the same time create the tables one after the other. The number is arbitrary. */
const migrationLock = 7_249_001

/**
 * Creates the tables, or migrates them to this version.
 *
 * **Details**: processes that migrate at the same time wait for each other.
 *
 * **Gotchas**: the role must own the tables.
 *
 * **Errors**: `DatabaseUnusable`; nothing was changed then.
 *
 * @example
 * ```ts
 * import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
 * import * as Redacted from "effect/Redacted"
 *
 * const url = Redacted.make("postgres://kit@db.example.com/kit")
 * export const migrated = PostgresStorage.migrate({ url })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const migrate = (options: Options): Effect.Effect<Migrated, DatabaseUnusable> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { name: database } = yield* Database
    yield* expectEncoding(database)
    yield* expectSession(options)
    const [schema] = yield* sql<{ name: string | null; may: boolean | null }>`
      SELECT current_schema() AS name, has_schema_privilege(current_schema(), 'CREATE') AS may`
    if (schema?.may !== true) {
      const detail = `it may not CREATE in the schema ${schema?.name ?? "that its search_path names"}`
      return yield* new DatabaseUnusable({ database, reason: "rights", detail })
    }
    return yield* sql.withTransaction(
      Effect.gen(function* () {
        yield* sql`SELECT pg_advisory_xact_lock(${migrationLock})`
        const all = yield* versions
        yield* refuseNewer(database, all)
        for (const { history } of all) yield* MigrationHistory.migrate(history)
        // The engine's own layers use the same names of the histories.
        yield* Migrator.make({})({ loader: SqlMessageStorage.migrations({}), table: "cluster_migrations" })
        yield* Migrator.make({})({ loader: SqlRunnerStorage.migrations({}), table: "cluster_runner_migrations" })
        // Retention searches for the messages of a run; the engine never does.
        yield* sql`CREATE INDEX IF NOT EXISTS privx_kit_prune ON cluster_messages (entity_id)`
        return { database, from: all[0]?.found ?? 0, to: version }
      })
    )
  }).pipe(
    Effect.catchTag("MigrationError", (error) => Effect.fail(error.cause ?? error)),
    Effect.catchDefect(Effect.fail),
    Effect.provide(client(options)),
    Effect.mapError(unusable(PostgresUrl.nameOf(options.url)))
  )
