/**
 * The migration histories of a database: one of the kit, and one for each domain that adds tables.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Migrator from "effect/sql/Migrator"
import { DomainMigrations, type Migrations, type TableMigrations } from "./DomainMigrations.ts"

/**
 * Migrations, and the table that records which of them were executed.
 *
 * @since 0.1.0
 * @category models
 */
export interface MigrationHistory {
  /** `undefined` for the kit itself. */
  readonly domain: string | undefined
  readonly table: string
  readonly migrations: Migrations
}

/**
 * Returns the migrations of the tables of the kit, and of those of every domain.
 *
 * @example
 * ```ts
 * import * as MigrationHistory from "@privx-kit/runs/MigrationHistory"
 * import { migrations } from "@privx-kit/runs/SqliteMigrations"
 *
 * export const all = MigrationHistory.histories("sqlite", migrations)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
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

/**
 * Returns the version to which a history leads; 0 if it has no migration.
 *
 * @example
 * ```ts
 * import * as MigrationHistory from "@privx-kit/runs/MigrationHistory"
 *
 * export const version = MigrationHistory.versionOf({ domain: "vault", table: "vault_migrations", migrations: {} }) // 0
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const versionOf = ({ migrations }: MigrationHistory): number =>
  Math.max(0, ...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))

/**
 * Applies the migrations of a history that the database does not have yet.
 *
 * @example
 * ```ts
 * import * as MigrationHistory from "@privx-kit/runs/MigrationHistory"
 *
 * export const migrated = MigrationHistory.migrate({ domain: "vault", table: "vault_migrations", migrations: {} })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const migrate = ({ migrations, table }: MigrationHistory) =>
  Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
