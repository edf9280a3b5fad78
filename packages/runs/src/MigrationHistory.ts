/** The migration histories of a database: one of the kit, and one for each domain that adds tables. */
import * as Effect from "effect/Effect"
import * as Migrator from "effect/sql/Migrator"
import { DomainMigrations, type Migrations, type TableMigrations } from "./DomainMigrations.ts"

/** Migrations, and the table that records which of them were executed. */
export interface MigrationHistory {
  /** `undefined` for the kit itself. */
  readonly domain: string | undefined
  readonly table: string
  readonly migrations: Migrations
}

/** The histories of a database, in the order in which they are executed. */
export const histories = (
  dialect: keyof TableMigrations,
  own: Migrations
): Effect.Effect<ReadonlyArray<MigrationHistory>> =>
  Effect.map(Effect.flatten(DomainMigrations), (domains) => [
    { domain: undefined, table: "privx_kit_migrations", migrations: own },
    ...domains.map(({ domain, [dialect]: migrations }) => ({
      domain,
      table: `privx_kit_${domain.replace(/\W/g, "_").toLowerCase()}_migrations`,
      migrations
    }))
  ])

/** The version that a history leads to. */
export const versionOf = ({ migrations }: MigrationHistory): number =>
  Math.max(0, ...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))

/** Executes the pending migrations of a history. */
export const migrate = ({ migrations, table }: MigrationHistory) =>
  Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
