/** Flags of the commands that use a shared database. */
import * as FlagKinds from "../flags/FlagKinds.ts"

export const databaseUrl = FlagKinds.text(
  "database-url",
  "URL",
  "Postgres database, postgres://user@host:5432/name; put a URL with a password into PRIVX_KIT_DATABASE_URL"
)
