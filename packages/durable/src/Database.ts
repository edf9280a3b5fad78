/**
 * The database in which a process stores its runs: its name and the meaning of its failures, in addition to Effect's
 * client. Everything above this module is written in SQL that both SQLite and Postgres understand.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"

/**
 * @since 0.1.0
 * @category services
 */
export class Database extends Context.Service<
  Database,
  {
    /** The path of the file, or the URL without user and password. */
    readonly name: string
    /** Converts an error of the database to a storage failure, even if another layer has wrapped it. */
    readonly failure: (error: unknown) => StorageFailed
    /** Retries an effect that can be repeated while the database is briefly unreachable. */
    readonly patient: <A, R>(effect: Effect.Effect<A, SqlError, R>) => Effect.Effect<A, SqlError, R>
    /** Whether an error comes from the database. */
    readonly isFailure: (error: unknown) => boolean
  }
>()("privx-kit/Database") {}
