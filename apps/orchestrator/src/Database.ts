/**
 * The database that a process keeps runs in, beside the client that Effect has for it: what it is called, and what its
 * failures mean. Everything above it is written in SQL that SQLite and Postgres both understand.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"

export class Database extends Context.Service<
  Database,
  {
    /** The path of the file, or the URL without user and password. */
    readonly name: string
    /** What went wrong, whatever layer it comes wrapped in. */
    readonly failure: (error: unknown) => StorageFailed
    /** Whether an error is the database's at all. */
    readonly isFailure: (error: unknown) => boolean
  }
>()("privx-kit/Database") {}
