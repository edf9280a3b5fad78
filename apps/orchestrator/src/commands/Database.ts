/** Makes the tables of a shared database, or looks whether they are there. */
import * as Effect from "effect/Effect"
import * as Postgres from "../cluster/Postgres.ts"
import { DatabaseUnusable } from "../cluster/PostgresFailure.ts"
import * as DatabaseUrl from "../settings/DatabaseUrl.ts"
import * as Settings from "../settings/Settings.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"

export interface Input extends Globals {
  readonly databaseUrl: string | undefined
  readonly check: boolean
  readonly json: boolean
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const url = yield* DatabaseUrl.resolve(input.databaseUrl, Settings.thisHost())
    if (!input.check) return yield* Postgres.migrate({ url })
    const found = yield* Postgres.inspect({ url })
    if (found.from === found.to) return found
    return yield* new DatabaseUnusable({
      database: found.database,
      reason: found.from > found.to ? "newerVersion" : "notMigrated",
      detail: `its tables have version ${found.from}, wanted is ${found.to}`
    })
  }).pipe(
    Outcome.report<Postgres.Migrated>({
      command: "database migrate",
      json: input.json,
      verbose: input.verbose,
      toJson: (migrated) => migrated,
      toPerson: ({ database, from, to }, out) => {
        const { green, sign } = out.style
        const what =
          from === to
            ? `has the tables of version ${to}; nothing was changed`
            : from === 0
              ? `now has the tables of version ${to}`
              : `was brought from version ${from} to ${to}`
        return out.line(`${green(sign.ok)} ${database} ${what}.`)
      }
    })
  )
