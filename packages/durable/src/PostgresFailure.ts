/**
 * Translates errors of Postgres, and of the connection to it, into failures of storage.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import { describe, type Reason, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Schema from "effect/Schema"
import { isSqlError, type SqlError } from "effect/sql/SqlError"

const UnusableReason = Schema.Literals([
  "url",
  "unreachable",
  "authentication",
  "tlsRequired",
  "tlsNotOffered",
  "certificate",
  "rights",
  "encoding",
  "pooler",
  "connections",
  "notMigrated",
  "newerVersion",
  "other"
])

type UnusableReason = typeof UnusableReason.Type

/**
 * The database cannot be used. Nothing in it was changed.
 *
 * @since 0.1.0
 * @category errors
 */
export class DatabaseUnusable extends Failure.Class<DatabaseUnusable>()(
  "DatabaseUnusable",
  {
    /** The URL without user and password. */
    database: Schema.String,
    reason: UnusableReason,
    detail: Schema.String
  },
  {
    message: (self) => `The database ${self.database} cannot be used: ${what[self.reason]} (${self.detail}).`,
    hint: (self) => hints[self.reason]
  }
) {}

const hints: Record<UnusableReason, string> = {
  url: "Use the form postgres://user:password@host:5432/database, preferably in PRIVX_KIT_DATABASE_URL.",
  unreachable: "Check the host and the port, and that Postgres is running.",
  authentication: "Check the user, the password and pg_hba.conf.",
  tlsRequired:
    "Set sslmode=verify-full in the URL, or sslmode=require if the server has no certificate that can be verified.",
  tlsNotOffered: "Enable TLS on the server (ssl = on), or set sslmode=disable in the URL if the network is trusted.",
  certificate:
    "Set sslrootcert=FILE in the URL to the certificate of the CA that issued it, or set sslmode=require to encrypt without verification.",
  rights:
    "Grant it. The script postgres-role.sql, which is part of privx-kit, grants all privileges that workers and servers need.",
  encoding: "Create a database with ENCODING 'UTF8' and use that one.",
  pooler: "Connect to Postgres itself, or through a pool in session mode.",
  connections:
    "Raise max_connections in Postgres, or the size of the pool in front of it: a worker uses up to 17 connections.",
  notMigrated: "Run `privx-kit database migrate` to create or update the tables.",
  newerVersion: "Update this privx-kit, or use another database.",
  other: "Check the log of Postgres."
}

const what: Record<UnusableReason, string> = {
  url: "its URL is not valid",
  unreachable: "it cannot be reached",
  authentication: "it rejects this user",
  tlsRequired: "it accepts only encrypted connections from this host",
  tlsNotOffered: "it does not offer TLS, which the URL or this host requires",
  certificate: "its certificate cannot be verified",
  rights: "this user lacks a privilege",
  encoding: "it cannot store every character",
  pooler: "a pooler in transaction or statement mode is in front of it, and locks do not last there",
  connections: "it allows too few connections",
  notMigrated: "it does not have the tables that this privx-kit requires",
  newerVersion: "a newer privx-kit has used it",
  other: "it reported an error"
}

/** Classes and codes of SQLSTATE on which a user can act. */
const reasons: { readonly [state: string]: Reason } = {
  "53100": "full",
  "53200": "full",
  "42501": "notPermitted",
  "25006": "readOnly", // read_only_sql_transaction
  XX001: "damaged",
  XX002: "damaged"
}

/**
 * Converts an error of Postgres, from the client or wrapped by the engine, to a failure of storage.
 *
 * @param name the URL without user and password
 *
 * @example
 * ```ts
 * import * as PostgresFailure from "@privx-kit/durable/PostgresFailure"
 *
 * export const failure = PostgresFailure.fromPostgres("postgres://db.example.com/kit")(new Error("connection refused"))
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export const fromPostgres =
  (name: string) =>
  (error: unknown): StorageFailed => {
    const found = sqlError(error)
    if (found === undefined) return new StorageFailed({ path: name, reason: "other", detail: describe(error) })
    const state = stateOf(found)
    const reason = reasons[state ?? ""] ?? (isAway(found) ? "unreachable" : "other")
    return new StorageFailed({ path: name, reason, detail: detailOf(found) })
  }

/**
 * Converts an error to the failure to open a database, with the reason on which a user can act.
 *
 * @param name the URL without user and password
 *
 * @example
 * ```ts
 * import * as PostgresFailure from "@privx-kit/durable/PostgresFailure"
 *
 * export const { hint } = PostgresFailure.unusable("postgres://db.example.com/kit")(new Error("connection refused"))
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export const unusable =
  (name: string) =>
  (error: unknown): DatabaseUnusable => {
    if (error instanceof DatabaseUnusable) return error
    const found = sqlError(error)
    const state = found === undefined ? undefined : stateOf(found)
    const said = found === undefined ? "" : detailOf(found)
    const reason = /no encryption|SSL off/.test(said)
      ? "tlsRequired"
      : /does not support TLS/.test(said)
        ? "tlsNotOffered"
        : /certificate|altnames|self.signed/i.test(said) && state === undefined
          ? "certificate"
          : state === "42501"
            ? "rights"
            : state === "26000" || state === "42P05" || /statement pooling/.test(said)
              ? "pooler"
              : state === "53300"
                ? "connections"
                : state?.startsWith("28") === true || found?.reason._tag === "AuthenticationError"
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

/**
 * Returns whether the server is temporarily unreachable: it is restarting, or the network is interrupted.
 *
 * **Source**: SQLSTATE classes 08 and 57P0, and 53300.
 *
 * @example
 * ```ts
 * import * as PostgresFailure from "@privx-kit/durable/PostgresFailure"
 * import type { SqlError } from "effect/sql/SqlError"
 *
 * export const retries = (error: SqlError): boolean => PostgresFailure.isAway(error)
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAway = (error: SqlError): boolean => {
  const state = stateOf(error)
  return state === undefined
    ? error.reason._tag === "ConnectionError"
    : state.startsWith("08") || state.startsWith("57P0") || state === "53300"
}

/**
 * Returns the error of the client that caused a failure; `undefined` if the failure has another cause.
 *
 * @example
 * ```ts
 * import * as PostgresFailure from "@privx-kit/durable/PostgresFailure"
 *
 * export const cause = (error: unknown) => PostgresFailure.sqlError(error)?.reason
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const sqlError = (error: unknown): SqlError | undefined => {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    if (isSqlError(cause)) return cause
    cause = cause.cause
  }
  return undefined
}

/** SQLSTATE, if the server sent one. No class of it begins with E: a code such as EPIPE is one of the system. */
const stateOf = ({ reason }: SqlError): string | undefined => {
  for (
    let cause: unknown = reason.cause, depth = 0;
    typeof cause === "object" && cause !== null && depth < 4;
    depth++
  ) {
    if ("code" in cause && typeof cause.code === "string" && /^(?!E)[0-9A-Z]{5}$/.test(cause.code)) return cause.code
    cause = "cause" in cause ? cause.cause : undefined
  }
  return undefined
}

const detailOf = (error: SqlError): string => {
  const { cause } = error.reason
  return cause instanceof Error && cause.message !== "" ? describe(cause) : error.message
}
