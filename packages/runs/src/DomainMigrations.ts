/**
 * Tables that domains add to the runs database. Each domain has its own migration history. The database of a process
 * has the tables of every domain in its list; they are created after the tables of the runs, which they may reference.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/**
 * Named `0001_name`, each executed once, in this order. A released migration never changes.
 *
 * @since 0.1.0
 * @category models
 */
export type Migrations = Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient>>>

/**
 * The same tables for both databases. The name of a table starts with the name of its domain.
 *
 * @since 0.1.0
 * @category models
 */
export interface TableMigrations {
  readonly sqlite: Migrations
  readonly postgres: Migrations
}

/**
 * @since 0.1.0
 * @category models
 */
export interface DomainMigrations extends TableMigrations {
  /** Name of the domain. */
  readonly domain: string
}

/**
 * The migrations of the domains of this process. Default: none.
 *
 * @since 0.1.0
 * @category references
 */
export const DomainMigrations = Context.Reference<Effect.Effect<ReadonlyArray<DomainMigrations>>>(
  "@privx-kit/runs/DomainMigrations",
  { defaultValue: () => Effect.succeed([]) }
)
