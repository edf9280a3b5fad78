/** Creates the tables of a shared database, or checks whether they exist. */
import * as Effect from "effect/Effect"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import * as DatabaseUrl from "../flags/DatabaseUrl.ts"
import * as Settings from "@privx-kit/settings/Settings"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import * as RoleScript from "./RoleScript.ts"

export interface Input extends Globals {
  readonly databaseUrl: string | undefined
  readonly check: boolean
  readonly json: boolean
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const url = yield* DatabaseUrl.resolve(input.databaseUrl, Settings.thisHost())
    return yield* input.check ? PostgresStorage.inspect({ url }) : PostgresStorage.migrate({ url })
  }).pipe(
    Outcome.report<PostgresStorage.Migrated>({
      command: "database migrate",
      json: input.json,
      verbose: input.verbose,
      context: RoleScript.context,
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
