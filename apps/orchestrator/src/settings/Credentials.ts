/**
 * Which credentials are used: a token, an API client, or a token to exchange. The stronger source decides; two of equal strength contradict
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
  | { readonly _tag: "Exchange"; readonly token: Redacted.Redacted<string>; readonly scope?: string }

export interface Choice {
  readonly credentials: Credentials | undefined
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
}

type Find = (key: Catalogue.Key) => Lookup.Found | undefined

/** One way to log in: what is set for it, and what becomes of that. */
interface Way {
  readonly name: string
  readonly given: ReadonlyArray<Lookup.Found>
  readonly make: (found: Find) => Omit<Choice, "warnings">
}

const apiClientKeys = ["clientId", "clientSecret", "oauthClientId", "oauthClientSecret"] as const
const required = ["clientId", "clientSecret", "oauthClientSecret"] as const

export const choose = (found: Find): Choice => {
  const given = (keys: ReadonlyArray<Catalogue.Key>) => keys.flatMap((key) => found(key) ?? [])
  const ways: ReadonlyArray<Way> = [
    { name: "a token", given: given(["token"]), make: bearer },
    { name: "an API client", given: given(apiClientKeys), make: apiClient },
    // A scope without a token to exchange is no way to log in.
    { name: "an exchange token", given: given(["exchangeToken"]), make: exchange }
  ]
  const strength = (way: Way) => Math.min(...way.given.map(({ source }) => Lookup.rank(source)))
  const [strongest, ...others] = ways
    .filter((way) => way.given.length > 0)
    .toSorted((one, other) => strength(one) - strength(other))
  if (strongest === undefined) return unset(found("exchangeScope"))

  const rival = others.find((way) => strength(way) === strength(strongest))
  if (rival !== undefined) return contradiction(strongest, rival)
  const warnings = others.flatMap((way) => way.given.slice(0, 1)).map(unused)
  return { ...strongest.make(found), warnings }
}

const unset = (scope: Lookup.Found | undefined): Choice => ({
  credentials: undefined,
  warnings: scope === undefined ? [] : [`${Lookup.describe(scope.source)} is not used: there is no token to exchange`],
  problems: [
    {
      setting: "credentials",
      problem: "are not set",
      fix: `Set ${required.map((key) => Catalogue.get(key).environment[0]).join(", ")}; or PRIVX_API_TOKEN for a token that you have.`
    }
  ]
})

const contradiction = (one: Way, other: Way): Choice => ({
  credentials: undefined,
  warnings: [],
  problems: [
    {
      setting: "credentials",
      problem: `are set twice: ${[one, other].map(({ given, name }) => `${name} (${given[0] === undefined ? "" : Lookup.describe(given[0].source)})`).join(" and ")}`,
      fix: "Unset one of them."
    }
  ]
})

const unused = (found: Lookup.Found): string =>
  `${Lookup.describe(found.source)} is not used: stronger credentials are set`

const bearer = (found: Find): Omit<Choice, "warnings"> => {
  const token = secret(found, "token")
  return "problem" in token
    ? { credentials: undefined, problems: [token.problem] }
    : { credentials: { _tag: "Token", token: token.value }, problems: [] }
}

const exchange = (found: Find): Omit<Choice, "warnings"> => {
  const token = secret(found, "exchangeToken")
  const scope = found("exchangeScope")?.values[0]
  return "problem" in token
    ? { credentials: undefined, problems: [token.problem] }
    : {
        credentials: { _tag: "Exchange", token: token.value, ...(scope === undefined ? undefined : { scope }) },
        problems: []
      }
}

/** A token that can stand in a header. */
const secret = (
  found: Find,
  key: "token" | "exchangeToken"
): { readonly value: Redacted.Redacted<string> } | { readonly problem: Problem } => {
  const where = found(key)
  const value = where?.values[0].trim() ?? ""
  return isHeaderSafe(value)
    ? { value: Redacted.make(value, { label: "token" }) }
    : {
        problem: {
          setting: Catalogue.get(key).title,
          problem: `(${where === undefined ? "" : Lookup.describe(where.source)}) has characters that a token cannot have`,
          fix: "Set the bare token, without Bearer and without line breaks."
        }
      }
}

const isHeaderSafe = (token: string): boolean => /^[\u0021-\u007e]+$/.test(token)

const apiClient = (found: Find): Omit<Choice, "warnings"> => {
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
