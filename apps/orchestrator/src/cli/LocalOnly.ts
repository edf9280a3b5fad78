/** Refuses a command that works only on the data directory if the environment names a server. */
import * as Effect from "effect/Effect"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import type { Globals } from "./flags/GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"

export const refuse = (command: string, input: Globals & { readonly json?: unknown }) => {
  const { name } = Catalogue.ownEnvironment.server
  return Effect.fail(
    new SettingsError({
      problems: [
        {
          setting: `server (${name})`,
          problem: "is set, and this command works on the data directory of this machine only",
          fix: `Give --data-dir to use the data directory, or unset ${name}.`
        }
      ],
      looked: ["flags", "environment"]
    })
  ).pipe(
    Outcome.report<never>({
      command,
      json: input.json === true,
      verbose: input.verbose,
      toJson: (never) => never,
      toPerson: (never) => never
    })
  )
}
