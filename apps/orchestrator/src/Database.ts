/**
 * The database that a process keeps runs in, beside the client that Effect has for it: what it is called, and what its
 * failures mean. Everything above it is written in SQL that SQLite and Postgres both understand.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"

export class Database extends Context.Service<
  Database,
  {
    /** The path of the file, or the URL without user and password. */
    readonly name: string
    /** What went wrong, whatever layer it comes wrapped in. */
    readonly failure: (error: unknown) => StorageFailed
    /** Tries again what can be repeated, as long as the database is away for a moment. */
    readonly patient: <A, R>(effect: Effect.Effect<A, SqlError, R>) => Effect.Effect<A, SqlError, R>
    /** Whether an error is the database's at all. */
    readonly isFailure: (error: unknown) => boolean
  }
>()("privx-kit/Database") {}
