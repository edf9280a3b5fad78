/**
 * Which credentials are used: a token, or an API client. The stronger source decides; two of equal strength contradict
 * each other, and nobody guesses which was meant.
 */
import * as Redacted from "effect/Redacted"
import * as Catalogue from "./Catalogue.ts"
import * as Lookup from "./Lookup.ts"
import type { Problem } from "./SettingsError.ts"

export type Credentials =
  | { readonly _tag: "Token"; readonly token: Redacted.Redacted<string> }
  | {
      readonly _tag: "ApiClient"
      readonly clientId: string
      readonly clientSecret: Redacted.Redacted<string>
      readonly oauthClientId: string
      readonly oauthClientSecret: Redacted.Redacted<string>
    }

export interface Choice {
  readonly credentials: Credentials | undefined
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
}

const apiClientKeys = ["clientId", "clientSecret", "oauthClientId", "oauthClientSecret"] as const
const required = ["clientId", "clientSecret", "oauthClientSecret"] as const

export const choose = (found: (key: Catalogue.Key) => Lookup.Found | undefined): Choice => {
  const token = found("token")
  const given = apiClientKeys.flatMap((key) => found(key) ?? [])
  const exchange = found("exchangeToken") ?? found("exchangeScope")
  const warnings =
    exchange === undefined
      ? []
      : [`${Lookup.describe(exchange.source)} is not used: token exchange is not supported yet`]

  if (token !== undefined) {
    const strongest = Math.min(...given.map(({ source }) => Lookup.rank(source)))
    if (strongest < Lookup.rank(token.source)) return { ...apiClient(found), warnings: [...warnings, unused(token)] }
    const [rival] = given
    if (rival !== undefined && strongest === Lookup.rank(token.source)) {
      return {
        credentials: undefined,
        warnings,
        problems: [
          {
            setting: "credentials",
            problem: `are set twice: a token (${Lookup.describe(token.source)}) and an API client (${Lookup.describe(rival.source)})`,
            fix: "Unset one of them."
          }
        ]
      }
    }
    return bearer(token, rival === undefined ? warnings : [...warnings, unused(rival)])
  }
  if (given.length > 0) return { ...apiClient(found), warnings }
  return {
    credentials: undefined,
    warnings,
    problems: [
      {
        setting: "credentials",
        problem:
          found("exchangeToken") === undefined
            ? "are not set"
            : "are only an exchange token, which is not supported yet",
        fix: `Set ${required.map((key) => Catalogue.get(key).environment[0]).join(", ")}; or PRIVX_API_TOKEN for a token that you have.`
      }
    ]
  }
}

const unused = (found: Lookup.Found): string =>
  `${Lookup.describe(found.source)} is not used: stronger credentials are set`

const bearer = (found: Lookup.Found, warnings: ReadonlyArray<string>): Choice => {
  const value = found.values[0].trim()
  return isHeaderSafe(value)
    ? { credentials: { _tag: "Token", token: Redacted.make(value, { label: "token" }) }, problems: [], warnings }
    : {
        credentials: undefined,
        warnings,
        problems: [
          {
            setting: "token",
            problem: `(${Lookup.describe(found.source)}) has characters that a token cannot have`,
            fix: "Set the bare token, without Bearer and without line breaks."
          }
        ]
      }
}

const isHeaderSafe = (token: string): boolean => /^[\u0021-\u007e]+$/.test(token)

const apiClient = (found: (key: Catalogue.Key) => Lookup.Found | undefined): Omit<Choice, "warnings"> => {
  const value = (key: (typeof apiClientKeys)[number]) => found(key)?.values[0]
  const clientId = value("clientId")
  const clientSecret = value("clientSecret")
  const oauthClientSecret = value("oauthClientSecret")
  if (clientId === undefined || clientSecret === undefined || oauthClientSecret === undefined) {
    return {
      credentials: undefined,
      problems: required
        .filter((key) => value(key) === undefined)
        .map((key) => {
          const { environment, file, title } = Catalogue.get(key)
          return {
            setting: title,
            problem: "is not set, and an API client needs it",
            fix: `Set ${environment[0]}${file === undefined ? "" : `, or ${file[1]} in section [${file[0]}] of the TOML file`}.`
          }
        })
    }
  }
  return {
    problems: [],
    credentials: {
      _tag: "ApiClient",
      clientId,
      clientSecret: Redacted.make(clientSecret, { label: "client secret" }),
      oauthClientId: value("oauthClientId") ?? Catalogue.defaultOauthClientId,
      oauthClientSecret: Redacted.make(oauthClientSecret, { label: "oauth client secret" })
    }
  }
}
