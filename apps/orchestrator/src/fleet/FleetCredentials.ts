/**
 * Resolves the credentials that a fleet file references: environment variables, files with one value, TOML files of the
 * official tools. Many hosts share them, so each reference is resolved once.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as path from "node:path"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as TrustAnchors from "@privx-kit/settings/TrustAnchors"
import * as Credentials from "@privx-kit/settings/Credentials"
import * as TomlFile from "@privx-kit/settings/TomlFile"
import type { CredentialsReference } from "@privx-kit/settings/CredentialsReference"
import * as SettingsFile from "@privx-kit/settings/SettingsFile"
import { subject } from "@privx-kit/settings/ProblemText"

/** A problem with one key of a reference; without `key`, with the whole reference. */
export interface Fault {
  readonly key: keyof CredentialsReference | undefined
  readonly problem: string
  readonly fix: string
}

export interface Found {
  readonly credentials: Credentials.Credentials | undefined
  /** CA certificates from the same reference, as PEM texts. */
  readonly ca: ReadonlyArray<string>
  readonly faults: ReadonlyArray<Fault>
  readonly warnings: ReadonlyArray<string>
}

/** @param directory the directory of the fleet file */
export const reader = (
  environment: Readonly<Record<string, string | undefined>>,
  directory: string
): ((reference: CredentialsReference) => Effect.Effect<Found>) => {
  const known = new Map<string, Found>()
  return Effect.fnUntraced(function* (reference) {
    const key = JSON.stringify(reference)
    const found = known.get(key) ?? (yield* follow(reference, environment, directory))
    known.set(key, found)
    return found
  })
}

/** The login methods, each with the keys that only it uses. */
const ways: Readonly<Record<string, ReadonlyArray<keyof CredentialsReference>>> = {
  "a TOML file": ["toml_file"],
  "a token": ["token_env", "token_file"],
  "an API client": [
    "client_id",
    "client_id_env",
    "client_secret_env",
    "client_secret_file",
    "client_domain",
    "oauth_client_id",
    "oauth_client_secret_env",
    "oauth_client_secret_file"
  ],
  "an exchange token": ["exchange_token_env", "exchange_token_file", "exchange_scope"]
}

/** The single login method that a reference names. Reads nothing. */
export const wayOf = (reference: CredentialsReference): string | Fault => {
  const given = Object.entries(ways).flatMap(([name, keys]) =>
    keys.some((key) => reference[key] !== undefined) ? [name] : []
  )
  const [only] = given
  if (only !== undefined && given.length === 1) return only
  const fix =
    "Specify exactly one login: toml_file; token_env or token_file; exchange_token_env or exchange_token_file; or client_id with client_secret_env or client_secret_file, and with oauth_client_secret_env, oauth_client_secret_file or client_domain."
  return {
    key: undefined,
    problem:
      only === undefined ? "specifies no way to log in" : `specifies several ways to log in: ${given.join(", ")}`,
    fix
  }
}

const follow = Effect.fnUntraced(function* (
  reference: CredentialsReference,
  environment: Readonly<Record<string, string | undefined>>,
  directory: string
): Effect.fn.Return<Found> {
  const nothing = { credentials: undefined, ca: [], warnings: [] }
  const only = wayOf(reference)
  if (typeof only !== "string") return { ...nothing, faults: [only] }
  if (reference.toml_file !== undefined) return yield* fromToml(path.resolve(directory, reference.toml_file))

  const faults: Array<Fault> = []
  const warnings: Array<string> = []

  /** A value that one of two keys names. Both keys are a contradiction; neither is one if the value is required. */
  const value = Effect.fnUntraced(function* (
    name: "token" | "client_secret" | "oauth_client_secret" | "exchange_token"
  ): Effect.fn.Return<string> {
    const [variable, file] = [reference[`${name}_env`], reference[`${name}_file`]]
    if ((variable === undefined) === (file === undefined)) {
      faults.push({
        key: variable === undefined ? undefined : `${name}_env`,
        problem:
          variable === undefined ? `has neither ${name}_env nor ${name}_file` : `cannot be combined with ${name}_file`,
        fix: variable === undefined ? "Name the variable or the file that contains the value." : "Remove one of them."
      })
      return ""
    }
    if (variable !== undefined) {
      const found = environment[variable] ?? ""
      if (found === "")
        faults.push({ key: `${name}_env`, problem: `names ${variable}, which is not set`, fix: "Set the variable." })
      return found
    }
    const found = yield* secretOf(path.resolve(directory, file ?? ""))
    if ("problem" in found) faults.push({ key: `${name}_file`, ...found })
    else warnings.push(...found.warnings)
    return "text" in found ? found.text : ""
  })

  const redacted = (text: string, label: string) => Redacted.make(text, { label })
  const bare = (text: string, key: keyof CredentialsReference) => {
    if (text !== "" && !/^[\u0021-\u007e]+$/.test(text)) {
      faults.push({
        key,
        problem: "refers to text that is not a valid token",
        fix: "Store only the token, without Bearer and line breaks."
      })
    }
    return text
  }
  const made = (credentials: Credentials.Credentials): Found =>
    faults.length > 0 ? { ...nothing, faults, warnings } : { credentials, ca: [], faults, warnings }

  if (only === "a token") {
    const token = bare(yield* value("token"), reference.token_env === undefined ? "token_file" : "token_env")
    return made({ _tag: "Token", token: redacted(token, "token") })
  }
  if (only === "an exchange token") {
    const key = reference.exchange_token_env === undefined ? "exchange_token_file" : "exchange_token_env"
    const token = bare(yield* value("exchange_token"), key)
    const scope = reference.exchange_scope
    return made({
      _tag: "Exchange",
      token: redacted(token, "token"),
      ...(scope === undefined ? undefined : { scope })
    })
  }
  const clientId =
    reference.client_id ?? (reference.client_id_env === undefined ? undefined : environment[reference.client_id_env])
  if (clientId === undefined || clientId === "") {
    faults.push(
      reference.client_id_env === undefined
        ? { key: undefined, problem: "has neither client_id nor client_id_env", fix: "Specify the API client." }
        : {
            key: "client_id_env",
            problem: `names ${reference.client_id_env}, which is not set`,
            fix: "Set the variable."
          }
    )
  }
  const clientSecret = redacted(yield* value("client_secret"), "client secret")
  const { client_domain: domain } = reference
  if (domain !== undefined) {
    const other = (["oauth_client_id", "oauth_client_secret_env", "oauth_client_secret_file"] as const).find(
      (key) => reference[key] !== undefined
    )
    if (other !== undefined) {
      faults.push({ key: other, problem: "cannot be combined with client_domain", fix: "Remove one of them." })
    }
    return made({ _tag: "ClientCredentials", clientId: clientId ?? "", clientSecret, domain })
  }
  return made({
    _tag: "ApiClient",
    clientId: clientId ?? "",
    clientSecret,
    oauthClientId: reference.oauth_client_id ?? Catalogue.defaultOauthClientId,
    oauthClientSecret: redacted(yield* value("oauth_client_secret"), "oauth client secret")
  })
})

/** The first line of a file, and whether accounts other than its owner can read it. */
const secretOf = Effect.fnUntraced(function* (
  file: string
): Effect.fn.Return<{ readonly text: string; readonly warnings: ReadonlyArray<string> } | Omit<Fault, "key">> {
  const read = yield* Effect.result(SettingsFile.read(file, { maxBytes: largest }))
  if (Result.isFailure(read)) return { problem: `names ${file}, which ${read.failure.problem}`, fix: read.failure.fix }
  const text = read.success.trim()
  if (text === "") return { problem: `names ${file}, which is empty`, fix: "Write the value into the file." }
  const exposed = yield* SettingsFile.isReadableByOthers(file)
  return {
    text,
    warnings: exposed ? [`${file} contains a secret that other users can read. Run: chmod 600 ${file}`] : []
  }
})

/** Tokens are hardly ever larger. */
const largest = 64 * 1024

const fromToml = Effect.fnUntraced(function* (file: string): Effect.fn.Return<Found> {
  const toml = yield* TomlFile.read(file, true)
  const choice = Credentials.choose((key) => {
    const value = toml.values.get(key)
    const { file: place } = Catalogue.get(key)
    return value === undefined || place === undefined
      ? undefined
      : { values: [value], source: { kind: "file", path: file, key: place.join(".") }, hidden: [] }
  })
  const pem = toml.values.get("ca")
  const ca = pem === undefined ? undefined : TrustAnchors.parse(pem, `${file} [api] api_ca_crt`)
  // If the file cannot be read, missing names in it are not reported as well.
  const problems = toml.problems.length > 0 ? toml.problems : [...choice.problems, ...(ca?.problems ?? [])]
  return {
    credentials: choice.credentials,
    ca: ca?.pems ?? [],
    warnings: [...toml.warnings, ...choice.warnings, ...(ca?.warnings ?? [])],
    faults: problems.map((problem) => ({
      key: "toml_file",
      problem: `names a file that cannot be used: ${subject(problem)} ${problem.problem}`,
      fix: "Correct that file."
    }))
  }
})
