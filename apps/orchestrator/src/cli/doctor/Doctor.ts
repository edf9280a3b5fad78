/**
 * Checks the requirements of a run, layer by layer, with advice for each fault. If a check fails, the checks of the
 * layers above are skipped.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as CertificateDiagnosis from "@privx-kit/http/CertificateDiagnosis"
import { OAuthError } from "@privx-kit/http/OAuthError"
import * as Proxy from "@privx-kit/http/Proxy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs/promises"
import * as net from "node:net"
import * as path from "node:path"
import * as DataDirectory from "@privx-kit/durable/DataDirectory"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import { RunClient } from "../../client/RunClient.ts"
import type { Domains } from "../../domain/Domains.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import * as ExitCode from "../ExitCode.ts"
import * as HostProbe from "@privx-kit/settings/HostProbe"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import type { Credentials } from "@privx-kit/settings/Credentials"
import type { Inspection } from "@privx-kit/settings/Settings"
import { subject } from "@privx-kit/settings/ProblemText"

export interface Check {
  readonly name:
    | "settings"
    | "host name"
    | "connection"
    | "certificate"
    | "credentials"
    | "data directory"
    | "server"
    | "database"
  readonly outcome: "ok" | "warning" | "failed" | "skipped"
  readonly detail: string
  /** The advice, if something is wrong. */
  readonly advice: string | undefined
  /** The class of the failure, if there is one. */
  readonly exitName: ExitCode.Name | undefined
}

type Of = Check["name"]

const ok = (name: Of, detail: string): Check => ({
  name,
  outcome: "ok",
  detail,
  advice: undefined,
  exitName: undefined
})
const warning = (name: Of, detail: string, advice: string): Check => ({
  ...ok(name, detail),
  outcome: "warning",
  advice
})
const skipped = (name: Of, detail: string): Check => ({ ...ok(name, detail), outcome: "skipped" })
const failed = (name: Of, exitName: ExitCode.Name, detail: string, advice: string): Check => ({
  name,
  outcome: "failed",
  detail,
  advice,
  exitName
})

export const examine = Effect.fn("Doctor.examine")(function* (
  inspection: Inspection,
  limits: PrivxClient.Limits,
  /** Whether to check a server, and its connection settings. */
  server: ServerSettings.Flags | undefined,
  /** The URL of the database that workers and servers share, if set. */
  database: Redacted.Redacted | undefined
): Effect.fn.Return<ReadonlyArray<Check>, never, Domains> {
  const host = yield* examineHost(inspection)
  const reachable = !host.some(({ outcome }) => outcome === "failed" || outcome === "skipped")
  const credentials = reachable
    ? yield* examineCredentials(inspection, limits)
    : skipped("credentials", "not checked: no trusted connection")
  return [
    examineSettings(inspection),
    ...host,
    credentials,
    yield* examineDataDirectory(inspection.dataDir),
    ...(server === undefined ? [] : [yield* examineServer(server)]),
    ...(database === undefined ? [] : [yield* examineDatabase(database)])
  ]
})

const examineSettings = ({ problems, warnings }: Inspection): Check => {
  if (problems.length > 0) {
    return failed(
      "settings",
      "settings",
      problems.map((problem) => `${subject(problem)} ${problem.problem}`).join("; "),
      problems.map(({ fix }) => fix).join(" ")
    )
  }
  return warnings.length > 0
    ? warning("settings", warnings.join("; "), "Jobs run nevertheless.")
    : ok("settings", "complete")
}

const examineHost = Effect.fnUntraced(function* (inspection: Inspection): Effect.fn.Return<ReadonlyArray<Check>> {
  const { baseUrl } = inspection.partial
  if (baseUrl === undefined) {
    return (["host name", "connection", "certificate"] as const).map((name) =>
      skipped(name, "not checked: no base URL")
    )
  }
  const route = Proxy.choose(baseUrl)
  if (route._tag === "Invalid") {
    return [
      skipped("host name", "not checked: the proxy cannot be used"),
      failed(
        "connection",
        "settings",
        `${route.source} names no usable proxy: ${route.problem}`,
        `Correct ${route.source}, for example http://proxy.example.com:3128.`
      ),
      skipped("certificate", "not checked: no connection")
    ]
  }
  const proxy = route._tag === "Proxied" ? route.proxy : undefined
  const through =
    proxy === undefined ? "" : ` of the proxy ${proxy.origin} (${route._tag === "Proxied" ? route.source : ""})`
  // Behind a proxy, the proxy resolves names.
  const host = proxy?.host ?? Proxy.hostOf(baseUrl)
  const port = proxy?.port ?? Proxy.portOf(baseUrl)
  const resolved = yield* Effect.promise(() => HostProbe.resolve(host))
  if (!resolved.ok) {
    return [
      failed(
        "host name",
        "unreachable",
        `${host} does not resolve (${resolved.code})${proxy === undefined ? "" : `; it is the host${through}`}`,
        proxy === undefined
          ? "Check the host name in the base URL and the name server of this machine. If only a proxy can resolve it, set HTTPS_PROXY."
          : `Correct the proxy, or add ${Proxy.hostOf(baseUrl)} to NO_PROXY.`
      ),
      ...(["connection", "certificate"] as const).map((name) => skipped(name, "not checked: no address"))
    ]
  }
  const name =
    proxy !== undefined
      ? ok(
          "host name",
          `${Proxy.hostOf(baseUrl)} is resolved by the proxy; ${host} is ${resolved.addresses.join(", ")}`
        )
      : ok("host name", net.isIP(host) === 0 ? `${host} is ${resolved.addresses.join(", ")}` : `${host} is an address`)
  const connected = yield* Effect.promise(() => HostProbe.connect(host, port))
  if (!connected.ok) {
    return [
      name,
      failed(
        "connection",
        connected.code === "ETIMEDOUT" ? "timeout" : "unreachable",
        `nothing answers on port ${port}${through} (${connected.code})`,
        proxy === undefined
          ? "Check the host and the port, that PrivX is running, and that no firewall blocks the connection."
          : `Correct the proxy, or add ${Proxy.hostOf(baseUrl)} to NO_PROXY.`
      ),
      skipped("certificate", "not checked: no connection")
    ]
  }
  const took = `(${Math.max(1, Math.round(connected.millis))} ms)`
  const connection = ok("connection", `port ${port}${through} answers ${took}`)
  return [name, connection, yield* examineCertificate(baseUrl, inspection.bundles, proxy)]
})

const examineCertificate = Effect.fnUntraced(function* (
  baseUrl: URL,
  ca: Inspection["bundles"],
  proxy: Proxy.Proxy | undefined
): Effect.fn.Return<Check> {
  if (baseUrl.protocol === "http:") {
    return warning("certificate", "none: plain http", "Use https, except for a PrivX on this machine.")
  }
  const diagnosis = yield* Effect.promise(() => CertificateDiagnosis.examine({ url: baseUrl, ca, proxy }))
  switch (diagnosis._tag) {
    case "Unreachable": {
      const { failure } = diagnosis
      return failed("certificate", ExitCode.of(failure), `not seen: ${failure.message}`, failure.hint)
    }
    case "Distrusted":
      return failed(
        "certificate",
        "tls",
        diagnosis.problem,
        // The library does not know how its callers configure CAs.
        diagnosis.advice.includes("PEM")
          ? `${diagnosis.advice} Specify CAs with --ca-file or PRIVX_API_CA_FILE.`
          : diagnosis.advice
      )
    case "Trusted": {
      const [own] = diagnosis.chain
      if (own === undefined) return ok("certificate", "trusted")
      const left = Math.floor((own.validTo.getTime() - Date.now()) / 86_400_000)
      const detail = `trusted: ${own.subject}, issued by ${own.issuer}, valid until ${day(own.validTo)}`
      return left < soon
        ? warning("certificate", detail, `It expires in ${left} days: renew it.`)
        : ok("certificate", detail)
    }
  }
})

/** The remaining days of validity below which a certificate causes a warning. */
const soon = 14

const day = (date: Date): string => date.toISOString().slice(0, 10)

const examineCredentials = Effect.fnUntraced(function* (
  { partial: { baseUrl, ca, credentials } }: Inspection,
  limits: PrivxClient.Limits
): Effect.fn.Return<Check> {
  if (baseUrl === undefined || ca === undefined || credentials === undefined) {
    return skipped("credentials", "not checked: they are missing or contradictory")
  }
  if (credentials._tag === "Token") return examineToken(credentials.token)
  return yield* Effect.flatMap(TokenProvider, (tokens) =>
    // The scope is in the response; an opaque token does not contain it.
    Effect.flatMap(tokens.get, (token) =>
      Effect.map(tokens.scope, (scope) =>
        ok(
          "credentials",
          `accepted: PrivX issued a token ${loginOf(credentials)}${describeScope(scope ?? scopeOf(token))}`
        )
      )
    )
  ).pipe(
    Effect.catch((failure) =>
      Effect.succeed(
        failed(
          "credentials",
          ExitCode.of(failure),
          `${failure.message} The token was requested ${loginOf(credentials)}.`,
          `${failure.hint}${otherLogin(credentials, failure)}`
        )
      )
    ),
    Effect.provide(PrivxClient.layer({ baseUrl, ca, credentials }, limits))
  )
})

/** For `PrivX issued a token …`. */
const loginOf = (credentials: Exclude<Credentials, { readonly _tag: "Token" }>): string => {
  switch (credentials._tag) {
    case "ApiClient":
      return `by password login, for the API client ${credentials.clientId} and the OAuth client ${credentials.oauthClientId}`
    case "ClientCredentials":
      return `by client credentials login, for the API client ${credentials.clientId} in the domain ${credentials.domain}`
    case "Exchange":
      return `by token exchange${credentials.clientId === undefined ? "" : `, for the OAuth client ${credentials.clientId}`}`
  }
}

/** If PrivX refuses the login or does not know the client, the user may mean a different one. */
const otherLogin = (credentials: Credentials, failure: Failure.Failure): string => {
  if (!(failure instanceof OAuthError) || !isOfClient.has(failure.code)) return ""
  switch (credentials._tag) {
    case "ApiClient":
      return " A client of the type public logs in with PRIVX_API_CLIENT_DOMAIN instead of PRIVX_API_OAUTH_CLIENT_SECRET."
    case "ClientCredentials":
      return " A client that is not of the type public logs in with PRIVX_API_OAUTH_CLIENT_SECRET instead of PRIVX_API_CLIENT_DOMAIN."
    default:
      return ""
  }
}

const isOfClient: ReadonlySet<string> = new Set(["invalid_client", "unauthorized_client", "unsupported_grant_type"])

/** No harmless request exists that would test a token, so only its expiry is checked. */
const examineToken = (token: Redacted.Redacted<string>): Check => {
  const end = claims(token)["exp"]
  const date = typeof end === "number" ? new Date(end * 1000) : undefined
  if (date !== undefined && date.getTime() < Date.now()) {
    return failed("credentials", "authentication", `the token expired on ${date.toISOString()}`, "Get a new token.")
  }
  const until = date === undefined ? "" : `, valid until ${date.toISOString()}`
  return ok(
    "credentials",
    `a token is set${until}${describeScope(scopeOf(token))}; the first job shows whether PrivX accepts it`
  )
}

const describeScope = (scope: unknown): string => {
  const text = Array.isArray(scope) ? scope.join(" ") : scope
  return typeof text === "string" && text !== "" ? `, scope ${Failure.singleLine(text, 200)}` : ""
}

const scopeOf = (token: Redacted.Redacted<string>): unknown => {
  const { scope, scopes } = claims(token)
  return scopes ?? scope
}

/** The claims of a JWT. They are not verified, only shown. */
const claims = (token: Redacted.Redacted<string>): Readonly<Record<string, unknown>> => {
  try {
    const payload: unknown = JSON.parse(Buffer.from(Redacted.value(token).split(".")[1] ?? "", "base64url").toString())
    return typeof payload === "object" && payload !== null ? { ...payload } : {}
  } catch {
    return {}
  }
}

const examineDataDirectory = Effect.fnUntraced(function* (directory: string): Effect.fn.Return<Check> {
  const missing = yield* Effect.promise(() =>
    fs.access(directory).then(
      () => false,
      (cause) => cause.code === "ENOENT"
    )
  )
  if (missing) return yield* Effect.promise(() => examineParent(directory))
  const database = SqliteStorage.databaseFile(directory)
  return yield* Effect.scoped(Layer.build(DataDirectory.DataDirectory.layer(directory))).pipe(
    Effect.andThen(SqliteStorage.check(directory)),
    Effect.as(ok("data directory", `${directory} is writable, and no other process uses it`)),
    Effect.catchTags({
      DataDirectoryBusy: (busy) => Effect.succeed(warning("data directory", busy.message, busy.hint)),
      DataDirectoryUnusable: (unusable) =>
        Effect.succeed(failed("data directory", "storage", unusable.message, unusable.hint))
    }),
    Effect.catchDefect((defect) =>
      Effect.succeed(
        failed(
          "data directory",
          "storage",
          `${database} cannot be used (${Failure.singleLine(String(defect))})`,
          "Check its permissions, or choose another directory with --data-dir."
        )
      )
    )
  )
})

/** Requests a single run with the token, which needs the lowest role. */
const examineServer = Effect.fnUntraced(function* (flags: ServerSettings.Flags): Effect.fn.Return<Check> {
  const ServerLayer = yield* Effect.promise(() => import("../ServerLayer.ts"))
  return yield* RunClient.use((client) =>
    client.list({ limit: 1, status: [], target: undefined, since: undefined })
  ).pipe(
    Effect.provide(ServerLayer.layer(flags)),
    Effect.match({
      onSuccess: () => ok("server", "reachable, and the token is accepted"),
      onFailure: (failure) =>
        failure._tag === "SettingsError"
          ? failed(
              "server",
              "settings",
              failure.problems.map((problem) => `${subject(problem)} ${problem.problem}`).join("; "),
              failure.problems.map(({ fix }) => fix).join(" ")
            )
          : failed("server", ExitCode.of(failure), failure.message, failure.hint)
    })
  )
})

const examineDatabase = Effect.fnUntraced(function* (url: Redacted.Redacted): Effect.fn.Return<Check, never, Domains> {
  const [PostgresStorage, RoleScript] = yield* Effect.promise(() =>
    Promise.all([import("@privx-kit/runs/PostgresStorage"), import("../serve/RoleScript.ts")])
  )
  return yield* PostgresStorage.inspect({ url }).pipe(
    Effect.match({
      onSuccess: ({ database }) => ok("database", `${database} is ready for workers and servers`),
      onFailure: (failure) =>
        failed(
          "database",
          ExitCode.of(failure),
          failure.message,
          [failure.hint, RoleScript.advice(failure) ?? []].flat().join(" ")
        )
    })
  )
})

/** The first run creates a missing directory, if the nearest existing parent is writable. */
const examineParent = async (directory: string): Promise<Check> => {
  for (let parent = path.dirname(directory); ; parent = path.dirname(parent)) {
    try {
      await fs.access(parent, fs.constants.W_OK | fs.constants.X_OK)
      return ok("data directory", `${directory} does not exist yet; the first job creates it`)
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : "unknown"
      if (code === "ENOENT" && parent !== path.dirname(parent)) continue
      return failed(
        "data directory",
        "storage",
        `${directory} does not exist, and cannot be created in ${parent} (${code})`,
        "Give this user write permission there, or choose another directory with --data-dir."
      )
    }
  }
}
