/**
 * The URL of the shared database of a cluster. It may contain a password: `ps` shows command lines, so the environment is
 * safer.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import type { Host } from "@privx-kit/settings/Settings"
import { SettingsError } from "@privx-kit/settings/SettingsError"

export const resolve = (
  flag: string | undefined,
  { environment }: Pick<Host, "environment">
): Effect.Effect<Redacted.Redacted, SettingsError> => {
  const { name } = Catalogue.ownEnvironment.databaseUrl
  const value = flag ?? environment[name] ?? ""
  return value === ""
    ? Effect.fail(
        new SettingsError({
          problems: [
            {
              setting: "database URL",
              problem: "is not set",
              fix: `Set ${name}, or give --database-url postgres://user@host:5432/database.`
            }
          ],
          looked: ["flags", "environment"]
        })
      )
    : Effect.succeed(Redacted.make(value, { label: "database URL" }))
}
