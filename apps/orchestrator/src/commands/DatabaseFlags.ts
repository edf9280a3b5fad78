/** Flags of the commands that work on a database which processes share. */
import * as Flag from "effect/cli/Flag"

export const databaseUrl = Flag.String("database-url").pipe(
  Flag.withMetavar("URL"),
  Flag.withDescription(
    "Postgres database, postgres://user@host:5432/name; with a password best in PRIVX_KIT_DATABASE_URL"
  ),
  Flag.optional
)
