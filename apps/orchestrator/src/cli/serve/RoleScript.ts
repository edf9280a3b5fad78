/** The SQL script that grants a Postgres role the privileges that workers and servers need. The package contains it. */
import type * as Failure from "@privx-kit/core/Failure"
import { DatabaseUnusable } from "@privx-kit/durable/PostgresFailure"
import * as fs from "node:fs"
import * as path from "node:path"
import type * as Outcome from "../Outcome.ts"

const here = import.meta.dirname

/** Relative to a module in the bundle, to a published module or to a source file. */
const candidates = [path.join(here, "../sql"), path.join(here, "../../../sql")].map((directory) =>
  path.join(directory, "postgres-role.sql")
)

/** The path of the script, for a message. */
export const file = (): string => candidates.find((file) => fs.existsSync(file)) ?? "sql/postgres-role.sql"

/** The advice for a missing privilege. */
export const advice = (failure: unknown): string | undefined =>
  failure instanceof DatabaseUnusable && failure.reason === "rights"
    ? `Run it as the owner of the tables: psql "$OWNER_URL" --set=role=NAME -f ${file()}`
    : undefined

export const context = (_: "interrupted" | "failed", failure?: Failure.Failure): Outcome.Context => ({
  fields: {},
  advice: advice(failure)
})
