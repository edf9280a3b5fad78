/**
 * A Postgres database that any number of processes share: the record of the runs, the engine's journal, the stored scripts
 * and their proofs. Its tables are made by an explicit command, never on the way.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import { DatabaseUnusable, fromPostgres, isAway, sqlError, unusable } from "./PostgresFailure.ts"
import { migrations } from "./PostgresMigrations.ts"

/** The version of the tables that this privx-kit works with. */
export const version = Object.keys(migrations).length

const table = "privx_kit_migrations"

/** What may be shown of a URL. */
export const nameOf = (url: Redacted.Redacted): string => {
  const parsed = URL.parse(Redacted.value(url))
  return parsed === null ? "(no URL)" : `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}

export interface Options {
  readonly url: Redacted.Redacted
  /** Connections of this process at most; default 10, one more is kept for the locks of the cluster. */
  readonly maxConnections?: number | undefined
}

/** The database, when its tables are those that this privx-kit works with. */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient | Database, DatabaseUnusable> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const name = nameOf(options.url)
      const found = yield* Effect.mapError(installed, unusable(name))
      if (found > version) {
        const detail = `its tables have version ${found}, this privx-kit knows up to ${version}`
        return yield* new DatabaseUnusable({ database: name, reason: "newerVersion", detail })
      }
      if (found < version) {
        const detail = found === 0 ? "there are none" : `they have version ${found}, wanted is ${version}`
        return yield* new DatabaseUnusable({ database: name, reason: "notMigrated", detail })
      }
    })
  ).pipe(Layer.provideMerge(client(options)))

const client = (options: Options): Layer.Layer<SqlClient.SqlClient | Database, DatabaseUnusable> => {
  const name = nameOf(options.url)
  const parsed = URL.parse(Redacted.value(options.url))
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    const failure = new DatabaseUnusable({ database: name, reason: "url", detail: "it is no postgres:// URL" })
    return Layer.effectContext(Effect.fail(failure))
  }
  return Layer.mergeAll(
    PgClient.layer({
      url: options.url,
      applicationName: "privx-kit",
      maxConnections: options.maxConnections ?? 10,
      connectTimeout: "5 seconds"
    }).pipe(Layer.catchTag("SqlError", (error) => Layer.effectContext(Effect.fail(unusable(name)(error))))),
    Layer.succeed(Database, {
      name,
      failure: fromPostgres(name),
      patient: (effect) => Effect.retry(effect, { schedule: patience, while: isAway }),
      isFailure: (error) => sqlError(error) !== undefined
    })
  )
}

/** A server that is restarted, or a standby that takes over, is back by then: about two minutes. */
const patience = Schedule.exponential("50 millis").pipe(
  Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.seconds(2)))),
  Schedule.jittered,
  Schedule.upTo({ times: 70 })
)

/** The version of the tables that are there; 0 when there are none. */
const installed = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [there] = yield* sql<{ found: string | null }>`SELECT to_regclass(${table})::text AS found`
  if (there?.found === null || there === undefined) return 0
  const [latest] = yield* sql<{ id: number }>`SELECT max(migration_id)::int AS id FROM ${sql(table)}`
  return latest?.id ?? 0
})

export interface Migrated {
  readonly database: string
  /** 0 when there were no tables. */
  readonly from: number
  readonly to: number
}

/** Which version of the tables is there, without changing anything. */
export const inspect = (options: Options): Effect.Effect<Migrated, DatabaseUnusable> =>
  installed.pipe(
    Effect.map((from) => ({ database: nameOf(options.url), from, to: version })),
    Effect.provide(client(options)),
    Effect.mapError(unusable(nameOf(options.url)))
  )

/** Makes the tables, the kit's and the engine's, or brings them up to date. Done twice, it changes nothing. */
export const migrate = (options: Options): Effect.Effect<Migrated, DatabaseUnusable> =>
  Effect.gen(function* () {
    const from = yield* installed
    if (from > version) {
      const detail = `its tables have version ${from}, this privx-kit knows up to ${version}`
      return yield* new DatabaseUnusable({ database: nameOf(options.url), reason: "newerVersion", detail })
    }
    yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
    // The engine's own tables. Its migrations have no typed failures.
    yield* Layer.build(
      Layer.mergeAll(SqlMessageStorage.layerMigrations({}), SqlRunnerStorage.layerMigrations({}))
    ).pipe(Effect.scoped)
    return { database: nameOf(options.url), from, to: version }
  }).pipe(
    Effect.catchTag("MigrationError", (error) => Effect.fail(error.cause ?? error)),
    Effect.catchDefect(Effect.fail),
    Effect.provide(client(options)),
    Effect.mapError(unusable(nameOf(options.url)))
  )
