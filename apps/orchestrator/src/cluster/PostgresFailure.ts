/** What Postgres says, or the way to it, as the failure of storage that it is. */
import * as Failure from "@privx-kit/core/Failure"
import { describe, type Reason, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Schema from "effect/Schema"
import { isSqlError, type SqlError } from "effect/sql/SqlError"

const UnusableReason = Schema.Literals(["url", "unreachable", "authentication", "notMigrated", "newerVersion", "other"])

type UnusableReason = typeof UnusableReason.Type

/** A database cannot be worked with as it is. Nothing in it was changed. */
export class DatabaseUnusable extends Failure.rendered<object>({
  message: (self) => message(self as DatabaseUnusable),
  hint: (self) => hint(self as DatabaseUnusable)
})(
  Schema.TaggedError<DatabaseUnusable, { readonly hint: string }>()("DatabaseUnusable", {
    /** The URL without user and password. */
    database: Schema.String,
    reason: UnusableReason,
    detail: Schema.String
  })
) {}

const hint = (self: DatabaseUnusable): string => hints[self.reason]

const hints: Record<UnusableReason, string> = {
  url: "Give it as postgres://user:password@host:5432/database, best in PRIVX_KIT_DATABASE_URL.",
  unreachable: "Check host and port, and that Postgres listens there.",
  authentication: "Check user, password and what pg_hba.conf allows.",
  notMigrated: "Make its tables, or bring them up to date, with: privx-kit database migrate",
  newerVersion: "Update this privx-kit, or give another database.",
  other: "See what Postgres logs."
}

const what: Record<UnusableReason, string> = {
  url: "its URL makes no sense",
  unreachable: "it cannot be reached",
  authentication: "it does not let this user in",
  notMigrated: "it does not have the tables that this privx-kit works with",
  newerVersion: "a newer privx-kit has been here",
  other: "something is wrong with it"
}

const message = (self: DatabaseUnusable): string =>
  `The database ${self.database} cannot be used: ${what[self.reason]} (${self.detail}).`

/** Classes and codes of SQLSTATE that say something a user can act on. */
const reasons: { readonly [state: string]: Reason } = {
  "53100": "full",
  "53200": "full",
  "42501": "notPermitted",
  "25006": "notPermitted", // read_only_sql_transaction
  XX001: "damaged",
  XX002: "damaged"
}

/** The failure for what Postgres said, whether it comes from the client or wrapped by the engine. */
export const fromPostgres =
  (name: string) =>
  (error: unknown): StorageFailed => {
    const found = sqlError(error)
    if (found === undefined) return new StorageFailed({ path: name, reason: "other", detail: describe(error) })
    const state = stateOf(found)
    return new StorageFailed({ path: name, reason: reasons[state ?? ""] ?? "other", detail: detailOf(found) })
  }

/** The failure to begin with a database at all. */
export const unusable =
  (name: string) =>
  (error: unknown): DatabaseUnusable => {
    if (error instanceof DatabaseUnusable) return error
    const found = sqlError(error)
    const state = found === undefined ? undefined : stateOf(found)
    const reason =
      state?.startsWith("28") === true || found?.reason._tag === "AuthenticationError"
        ? "authentication"
        : found?.reason._tag === "ConnectionError" && state === undefined
          ? "unreachable"
          : "other"
    return new DatabaseUnusable({
      database: name,
      reason,
      detail: found === undefined ? describe(error) : detailOf(found)
    })
  }

/** Whether the server cannot be talked to at the moment: it is restarted, or the way to it is cut. */
export const isAway = (error: SqlError): boolean => {
  const state = stateOf(error)
  return state === undefined
    ? error.reason._tag === "ConnectionError"
    : state.startsWith("08") || state.startsWith("57P0") || state === "53300"
}

/** The client's error at the bottom of a failure, or `undefined` when it is about something else. */
export const sqlError = (error: unknown): SqlError | undefined => {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    if (isSqlError(cause)) return cause
    cause = cause.cause
  }
  return undefined
}

/** SQLSTATE, where the server said it. */
const stateOf = ({ reason }: SqlError): string | undefined => {
  for (
    let cause: unknown = reason.cause, depth = 0;
    typeof cause === "object" && cause !== null && depth < 4;
    depth++
  ) {
    if ("code" in cause && typeof cause.code === "string" && /^[0-9A-Z]{5}$/.test(cause.code)) return cause.code
    cause = "cause" in cause ? cause.cause : undefined
  }
  return undefined
}

const detailOf = (error: SqlError): string => {
  const { cause } = error.reason
  return cause instanceof Error && cause.message !== "" ? describe(cause) : error.message
}
