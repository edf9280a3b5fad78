/** `privx-kit database …`: what can be given, and what it means. The work is in the module loaded on demand. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as DatabaseFlags from "./DatabaseFlags.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"

const json = Flag.Boolean("json").pipe(
  Flag.withoutNegation,
  Flag.withDescription("Print one JSON document instead of text"),
  Flag.withDefault(false)
)

const migrate = Command.make(
  "migrate",
  {
    databaseUrl: DatabaseFlags.databaseUrl,
    check: Flag.Boolean("check").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Only say what would be done; fails where something would"),
      Flag.withDefault(false)
    ),
    json
  },
  Effect.fnUntraced(function* ({ check, databaseUrl, json }) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./Database.ts"))
    yield* run({ ...globals, databaseUrl: Option.getOrUndefined(databaseUrl), check, json })
  })
).pipe(
  Command.withDescription(
    "Make the tables of a shared Postgres database, or bring them up to date. Workers and servers never do this by " +
      "themselves: stop those of an earlier version first. Done again, it changes nothing."
  ),
  Command.withShortDescription("Make the tables, or bring them up to date"),
  Command.withExamples([
    { command: "PRIVX_KIT_DATABASE_URL=postgres://kit@db.example.com/kit privx-kit database migrate" },
    { command: "privx-kit database migrate --check --json", description: "Before an upgrade" }
  ]),
  Command.annotate(HelpSections.HelpSections, [HelpSections.environment, HelpSections.exitCodes])
)

export const database = Command.make("database").pipe(
  Command.withDescription("The Postgres database that the workers and servers of a cluster share."),
  Command.withShortDescription("Make the tables of a shared database"),
  Command.withSubcommands([migrate])
)
