/**
 * Checks what a job needs before it is needed, one layer upon the other, and says of each what to do about it. What
 * cannot be checked because something below it failed is skipped, not failed.
 */
import * as Failure from "@privx-kit/core/Failure"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs/promises"
import * as net from "node:net"
import * as path from "node:path"
import * as DataFolder from "./DataFolder.ts"
import * as ExitCode from "./ExitCode.ts"
import * as HostProbe from "./settings/HostProbe.ts"
import * as PrivxClient from "./settings/PrivxClient.ts"
import type { Inspection } from "./settings/Settings.ts"

export interface Check {
  readonly name: "settings" | "host name" | "connection" | "certificate" | "credentials" | "data folder"
  readonly outcome: "ok" | "warning" | "failed" | "skipped"
  readonly detail: string
  /** What to do, when something is wrong. */
  readonly advice: string | undefined
  /** The class of the failure, when it failed. */
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
  limits: PrivxClient.Limits
): Effect.fn.Return<ReadonlyArray<Check>> {
  const host = yield* examineHost(inspection)
  const reachable = !host.some(({ outcome }) => outcome === "failed" || outcome === "skipped")
  const credentials = reachable
    ? yield* examineCredentials(inspection, limits)
    : skipped("credentials", "not tried: there is no trusted connection")
  return [examineSettings(inspection), ...host, credentials, yield* examineDataFolder(inspection.dataDir)]
})

const examineSettings = ({ problems, warnings }: Inspection): Check => {
  if (problems.length > 0) {
    return failed(
      "settings",
      "settings",
      problems.map(({ problem, setting }) => `the ${setting} ${problem}`).join("; "),
      problems.map(({ fix }) => fix).join(" ")
    )
  }
  return warnings.length > 0
    ? warning("settings", warnings.join("; "), "The job runs all the same.")
    : ok("settings", "complete")
}

const examineHost = Effect.fnUntraced(function* (inspection: Inspection): Effect.fn.Return<ReadonlyArray<Check>> {
  const { baseUrl } = inspection.partial
  if (baseUrl === undefined) {
    return (["host name", "connection", "certificate"] as const).map((name) => skipped(name, "not tried: no base URL"))
  }
  const host = HostProbe.hostOf(baseUrl)
  const port = HostProbe.portOf(baseUrl)
  const resolved = yield* Effect.promise(() => HostProbe.resolve(host))
  if (!resolved.ok) {
    return [
      failed(
        "host name",
        "unreachable",
        `${host} does not resolve (${resolved.code})`,
        "Check the host name in the base URL, and the name server of this machine."
      ),
      ...(["connection", "certificate"] as const).map((name) => skipped(name, "not tried: no address"))
    ]
  }
  const name = ok(
    "host name",
    net.isIP(host) === 0 ? `${host} is ${resolved.addresses.join(", ")}` : `${host} is an address: nothing to resolve`
  )
  const connected = yield* Effect.promise(() => HostProbe.connect(host, port))
  if (!connected.ok) {
    return [
      name,
      failed(
        "connection",
        connected.code === "ETIMEDOUT" ? "timeout" : "unreachable",
        `nothing answers on port ${port} (${connected.code})`,
        "Check host and port, that PrivX is up, and that no firewall is in between."
      ),
      skipped("certificate", "not tried: no connection")
    ]
  }
  const connection = ok("connection", `port ${port} answers (${Math.max(1, Math.round(connected.millis))} ms)`)
  return [name, connection, yield* examineCertificate(baseUrl, inspection.partial.ca ?? [])]
})

const examineCertificate = Effect.fnUntraced(function* (
  baseUrl: URL,
  ca: ReadonlyArray<string>
): Effect.fn.Return<Check> {
  if (baseUrl.protocol === "http:") {
    return warning("certificate", "none: plain http", "Use https for anything but this machine.")
  }
  const host = HostProbe.hostOf(baseUrl)
  const seen = yield* Effect.promise(() => HostProbe.certificate(host, HostProbe.portOf(baseUrl), ca))
  if (!seen.ok) {
    return failed(
      "certificate",
      "tls",
      `the TLS handshake failed (${seen.code})`,
      "Check that the port speaks TLS, version 1.2 or newer."
    )
  }
  const { distrust, issuer, names, subject, validFrom, validTo } = seen.certificate
  if (distrust === undefined) {
    const left = Math.floor((validTo.getTime() - Date.now()) / 86_400_000)
    const detail = `trusted: ${subject}, issued by ${issuer}, valid until ${day(validTo)}`
    return left < soon
      ? warning("certificate", detail, `It expires in ${left} days: renew it.`)
      : ok("certificate", detail)
  }
  const [detail, advice] = distrustful[distrust]?.({ host, issuer, names, validFrom, validTo }) ?? [
    `not trusted (${distrust})`,
    "Check the certificate of PrivX and those of its CAs."
  ]
  return failed("certificate", "tls", `${detail}; ${subject}, issued by ${issuer}`, advice)
})

/** Days before its end at which a certificate is worth a word. */
const soon = 14

interface Distrusted {
  readonly host: string
  readonly issuer: string
  readonly names: ReadonlyArray<string>
  readonly validFrom: Date
  readonly validTo: Date
}

const unknownCa = ({ issuer }: Distrusted) =>
  [
    "signed by an unknown CA",
    `Give the certificate of the CA "${issuer}" with --ca-file or PRIVX_API_CA_FILE (PEM).`
  ] as const

const distrustful: Readonly<Record<string, (seen: Distrusted) => readonly [detail: string, advice: string]>> = {
  UNABLE_TO_GET_ISSUER_CERT: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCa,
  SELF_SIGNED_CERT_IN_CHAIN: unknownCa,
  DEPTH_ZERO_SELF_SIGNED_CERT: () => [
    "self-signed",
    "If it is the right one, give it with --ca-file or PRIVX_API_CA_FILE (PEM)."
  ],
  CERT_HAS_EXPIRED: ({ validTo }) => [`expired on ${day(validTo)}`, "Renew the certificate of PrivX."],
  CERT_NOT_YET_VALID: ({ validFrom }) => [
    `valid only from ${day(validFrom)} on`,
    "Check the clocks of this machine and of PrivX."
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host, names }) => [
    `not for ${host}, but for ${names.join(", ")}`,
    "Use one of these names in the base URL, or give PrivX a certificate for this one."
  ]
}

const day = (date: Date): string => date.toISOString().slice(0, 10)

const examineCredentials = Effect.fnUntraced(function* (
  { partial: { baseUrl, ca, credentials } }: Inspection,
  limits: PrivxClient.Limits
): Effect.fn.Return<Check> {
  if (baseUrl === undefined || ca === undefined || credentials === undefined) {
    return skipped("credentials", "not tried: they are not set, or not rightly")
  }
  if (credentials._tag === "Token") return examineToken(credentials.token)
  return yield* Effect.flatMap(TokenProvider, (tokens) =>
    // What the server says with the token counts; an opaque one says nothing of itself.
    Effect.flatMap(tokens.get, (token) =>
      Effect.map(tokens.scope, (scope) =>
        ok("credentials", `accepted: PrivX gave a token${describeScope(scope ?? scopeOf(token))}`)
      )
    )
  ).pipe(
    Effect.catch((failure) =>
      Effect.succeed(failed("credentials", ExitCode.of(failure), failure.message, credentialAdvice(failure)))
    ),
    Effect.provide(PrivxClient.layer({ baseUrl, ca, credentials }, limits))
  )
})

const credentialAdvice = (failure: Failure.Failure & Parameters<typeof ExitCode.of>[0]): string =>
  ExitCode.of(failure) === "authentication"
    ? "Check id and secret of the API client, and those of the OAuth client, as PrivX shows them."
    : failure.hint

/** There is no harmless request to try a token with; what can be read from it without one is its end. */
const examineToken = (token: Redacted.Redacted<string>): Check => {
  const end = claims(token)["exp"]
  const date = typeof end === "number" ? new Date(end * 1000) : undefined
  if (date !== undefined && date.getTime() < Date.now()) {
    return failed("credentials", "authentication", `the token expired at ${date.toISOString()}`, "Get a new token.")
  }
  const until = date === undefined ? "" : `, valid until ${date.toISOString()}`
  return ok(
    "credentials",
    `a token is set${until}${describeScope(scopeOf(token))}; whether PrivX accepts it shows with the first job`
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

/** What a token says of itself where it is a JWT; nothing is verified, and nothing relies on it. */
const claims = (token: Redacted.Redacted<string>): Readonly<Record<string, unknown>> => {
  try {
    const payload: unknown = JSON.parse(Buffer.from(Redacted.value(token).split(".")[1] ?? "", "base64url").toString())
    return typeof payload === "object" && payload !== null ? { ...payload } : {}
  } catch {
    return {}
  }
}

const examineDataFolder = Effect.fnUntraced(function* (folder: string): Effect.fn.Return<Check> {
  const missing = yield* Effect.promise(() =>
    fs.access(folder).then(
      () => false,
      (cause) => cause.code === "ENOENT"
    )
  )
  if (missing) return yield* Effect.promise(() => examineParent(folder))
  return yield* Effect.scoped(Layer.build(DataFolder.DataFolder.layer(folder))).pipe(
    Effect.as(ok("data folder", `${folder} can be written, and nobody else works in it`)),
    Effect.catchTags({
      DataFolderBusy: (busy) => Effect.succeed(warning("data folder", busy.message, busy.hint)),
      DataFolderUnusable: (unusable) =>
        Effect.succeed(failed("data folder", "storage", unusable.message, unusable.hint))
    })
  )
})

/** A folder that is not there yet is made by the first job, if the next one above it can be written. */
const examineParent = async (folder: string): Promise<Check> => {
  for (let parent = path.dirname(folder); ; parent = path.dirname(parent)) {
    try {
      await fs.access(parent, fs.constants.W_OK | fs.constants.X_OK)
      return ok("data folder", `${folder} is not there yet; the first job makes it`)
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : "unknown"
      if (code === "ENOENT" && parent !== path.dirname(parent)) continue
      return failed(
        "data folder",
        "storage",
        `${folder} is not there, and cannot be made in ${parent} (${code})`,
        "Give this user the right to write there, or give another folder with --data-dir."
      )
    }
  }
}
