/**
 * The URL of a Postgres database, with the parameters that libpq documents. An unknown parameter is refused: it may
 * have been meant to enable TLS. By default, a host other than this machine must present a certificate that is valid
 * for its name.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as tls from "node:tls"
import { DatabaseUnusable } from "./PostgresFailure.ts"

const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const

/**
 * @since 0.1.0
 * @category models
 */
export type Mode = (typeof modes)[number]

/**
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  /** The URL without secrets, for messages. */
  readonly name: string
  /** The URL without the parameters that the driver does not support. */
  readonly url: Redacted.Redacted
  readonly mode: Mode
  readonly tls: false | tls.ConnectionOptions
  readonly applicationName: string
  readonly startupParameters: Readonly<Record<string, string>>
}

/** Parameters that the driver reads, and those that this module reads. */
const parameters = [
  "application_name",
  "connect_timeout",
  "dbname",
  "host",
  "options",
  "password",
  "port",
  "search_path",
  "sslcert",
  "sslkey",
  "sslmode",
  "sslpassword",
  "sslrootcert",
  "user"
]

/** Names of other clients for the same parameter. */
const otherNames: Readonly<Record<string, string>> = {
  schema: "search_path",
  currentSchema: "search_path",
  ssl: "sslmode",
  sslMode: "sslmode",
  applicationName: "application_name"
}

/**
 * Removes the secrets of a URL, for messages.
 *
 * @example
 * ```ts
 * import * as PostgresUrl from "@privx-kit/durable/PostgresUrl"
 * import * as Redacted from "effect/Redacted"
 *
 * export const name = PostgresUrl.nameOf(Redacted.make("postgres://kit:secret@db.example.com/kit")) // postgres://db.example.com/kit
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const nameOf = (url: Redacted.Redacted): string => {
  const parsed = URL.parse(Redacted.value(url))
  // After an unencoded # comes the rest of the password, and the text before it would be parsed as the host.
  return parsed === null || parsed.hash !== ""
    ? "(the database URL)"
    : `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}

/**
 * Parses the URL of a Postgres database, with the parameters that libpq documents.
 *
 * **Details**: without `sslmode`, a host other than this machine must present a certificate that is valid for its name. An
 * unknown parameter is refused, because it may have been meant to enable TLS.
 *
 * **Errors**: `DatabaseUnusable` (`url`) says what is wrong and what to write instead. It never repeats a password.
 *
 * **Source**: the documentation of libpq, "Connection URIs" and "Parameter Key Words".
 *
 * @example
 * ```ts
 * import * as PostgresUrl from "@privx-kit/durable/PostgresUrl"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const url = Redacted.make("postgres://kit@db.example.com/kit?application_name=example")
 * export const mode = Effect.map(PostgresUrl.parse(url), ({ mode }) => mode) // verify-full
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (url: Redacted.Redacted): Effect.Effect<Settings, DatabaseUnusable> => {
  const name = nameOf(url)
  const refused = (detail: string) => Effect.fail(new DatabaseUnusable({ database: name, reason: "url", detail }))
  const text = Redacted.value(url)
  const scheme = /^postgres(ql)?:\/\//.test(text)
  const parsed = URL.parse(text)
  if (!scheme) return refused("it does not start with postgres:// or postgresql://")
  if (text.includes("#")) return refused("a # in the password must be written as %23")
  if (parsed === null) {
    return refused("a / ? [ or ] in the password must be written as %2F %3F %5B or %5D, and the port must be a number")
  }
  if ([parsed.username, parsed.password, parsed.pathname].some((part) => /%(?![0-9a-fA-F]{2})/.test(part))) {
    return refused("a % in the user, password or database must be written as %25")
  }
  const query = parsed.searchParams
  const names = [...query.keys()]
  const unknown = names.find((name) => !parameters.includes(name))
  if (unknown !== undefined) {
    const other = otherNames[unknown] ?? parameters.find((name) => distance(name, unknown) <= 2)
    const advice =
      other === undefined ? `the supported parameters are ${parameters.join(", ")}` : `use ${other} instead`
    return refused(`its parameter ${unknown} is not supported; ${advice}`)
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return refused(`its parameter ${twice} occurs twice`)
  const host = query.get("host") ?? parsed.hostname
  const given = query.get("sslmode")
  const mode = given === null ? (isLocal(host) ? "disable" : "verify-full") : modes.find((mode) => mode === given)
  if (mode === undefined) return refused(`its sslmode is not one of ${modes.join(", ")}`)

  return Effect.gen(function* () {
    const file = (parameter: string) => {
      const path = query.get(parameter)
      return path === null
        ? Effect.undefined
        : Effect.try({
            try: () => fs.readFileSync(path),
            catch: (cause) => {
              const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"
              const detail = `the file that its parameter ${parameter} names cannot be read (${code})`
              return new DatabaseUnusable({ database: name, reason: "url", detail })
            }
          })
    }
    const system = query.get("sslrootcert") === "system"
    const ca = system ? undefined : yield* file("sslrootcert")
    const cert = yield* file("sslcert")
    const key = yield* file("sslkey")
    const passphrase = query.get("sslpassword") ?? undefined
    // Like libpq: if a CA certificate is given, `require` verifies the chain.
    const verifies = mode === "verify-full" || mode === "verify-ca" || (mode === "require" && ca !== undefined)
    const options: tls.ConnectionOptions = {
      rejectUnauthorized: verifies,
      ...(ca === undefined ? undefined : { ca }),
      ...(system ? { ca: tls.getCACertificates("system") } : undefined),
      ...(cert === undefined ? undefined : { cert }),
      ...(key === undefined ? undefined : { key }),
      ...(passphrase === undefined ? undefined : { passphrase }),
      ...(mode === "verify-full" ? undefined : { checkServerIdentity: () => undefined })
    }
    const searchPath = query.get("search_path")
    const own = new URL(parsed)
    for (const name of ["search_path", "sslcert", "sslkey", "sslmode", "sslpassword", "sslrootcert"]) {
      own.searchParams.delete(name)
    }
    return {
      name,
      url: Redacted.make(own.href, { label: "database URL" }),
      mode,
      tls: mode === "disable" ? false : options,
      applicationName: query.get("application_name") ?? "privx-kit",
      startupParameters: searchPath === null ? {} : { search_path: searchPath }
    }
  })
}

/** A Unix socket, or the loopback interface. */
const isLocal = (host: string): boolean =>
  host === "" || host.startsWith("/") || /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host)

/** The edit distance: how many letters have to be changed, added or removed. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same))
    }
    row = next
  }
  return row[b.length] ?? 0
}
