/** The flags and help of `privx-kit database …`. */
import * as Command from "effect/cli/Command"
import * as FlagKinds from "../flags/FlagKinds.ts"
import { lazyCommand } from "../LazyCommand.ts"
import * as DatabaseFlags from "./DatabaseFlags.ts"

const migrate = lazyCommand("migrate", {
  parameters: {
    databaseUrl: DatabaseFlags.databaseUrl,
    check: FlagKinds.toggle("check", "Only show what would be done; fail if anything would"),
    json: FlagKinds.json
  },
  description:
    "Create or update the tables of a shared Postgres database. Workers and servers never do this: stop those of an earlier version first. A second call changes nothing.",
  shortDescription: "Create or update the tables",
  examples: [
    { command: "PRIVX_KIT_DATABASE_URL=postgres://kit@db/kit privx-kit database migrate" },
    { command: "privx-kit database migrate --check --json", description: "Before an upgrade" }
  ],
  exitCodes: ["settings", "database"],
  settings: { own: ["databaseUrl"] },
  load: () => import("./Database.ts").then(({ run }) => run)
})

export const database = Command.make("database").pipe(
  Command.withDescription("Manage the Postgres database that the workers and servers of a cluster share."),
  Command.withShortDescription("Create the tables of a shared database"),
  Command.withSubcommands([migrate])
)
