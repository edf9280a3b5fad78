/**
 * Chooses the credentials: a token, an API client with an OAuth client or in a domain, or a token to exchange. The
 * source with the higher precedence wins. Two kinds with the same precedence are an error.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Catalogue from "./Catalogue.ts"
import * as Lookup from "./Lookup.ts"
import type { Problem } from "./SettingsError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Credentials =
  | { readonly _tag: "Token"; readonly token: Redacted.Redacted<string> }
  | {
      readonly _tag: "ApiClient"
      readonly clientId: string
      readonly clientSecret: Redacted.Redacted<string>
      readonly oauthClientId: string
      readonly oauthClientSecret: Redacted.Redacted<string>
    }
  | {
      /** An API client without an OAuth client: the client credentials login of a domain. */
      readonly _tag: "ClientCredentials"
      readonly clientId: string
      readonly clientSecret: Redacted.Redacted<string>
      readonly domain: string
    }
  | {
      readonly _tag: "Exchange"
      readonly token: Redacted.Redacted<string>
      readonly scope?: string
      /** The OAuth client, as in the official Go SDK. */
      readonly clientId?: string
    }

/**
 * @since 0.1.0
 * @category models
 */
export interface Choice {
  readonly credentials: Credentials | undefined
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
}

type Find = (key: Catalogue.Key) => Lookup.Found | undefined

/** One way to log in: its settings, and the credentials that they make. */
interface Way {
  readonly name: string
  readonly given: ReadonlyArray<Lookup.Found>
  readonly make: (found: Find) => Omit<Choice, "warnings">
}

const apiClientKeys = ["clientId", "clientSecret", "oauthClientId", "oauthClientSecret"] as const
const required = ["clientId", "clientSecret", "oauthClientSecret"] as const
/** The settings that select an API client if an exchange token is set as well: both use the OAuth client. */
const ownKeys = ["clientId", "clientSecret"] as const
/** What the two logins of an API client do not share. */
const distinctive = { apiClient: ["oauthClientSecret"], domain: ["clientDomain"] } as const

/**
 * Chooses the way to log in from the settings that are given.
 *
 * **Details**: the source with the higher precedence wins, and the credentials of the others are named in warnings.
 *
 * **Errors**: none; missing settings, and two ways to log in with the same precedence, are problems in the result.
 *
 * @param found the value of each setting with its source, as `Lookup.find` returns it
 *
 * @example
 * ```ts
 * import * as Credentials from "@privx-kit/settings/Credentials"
 *
 * const { problems } = Credentials.choose(() => undefined)
 * export const advice = problems.map(({ fix }) => fix)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const choose = (found: Find): Choice => {
  const given = (keys: ReadonlyArray<Catalogue.Key>) => keys.flatMap((key) => found(key) ?? [])
  const ways: ReadonlyArray<Way> = [
    { name: "a token", given: given(["token"]), make: bearer },
    {
      name: "an API client",
      given: given(
        found("clientDomain") !== undefined
          ? distinctive.apiClient
          : found("exchangeToken") === undefined
            ? apiClientKeys
            : ownKeys
      ),
      make: apiClient
    },
    { name: "an API client in a domain", given: given(distinctive.domain), make: clientCredentials },
    // A scope without a token to exchange is not a login.
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
  warnings: scope === undefined ? [] : [`${Lookup.describe(scope.source)} is not used: no token to exchange is set`],
  problems: [
    {
      setting: "credentials",
      problem: "are not set",
      fix: `Set ${required.map((key) => Catalogue.get(key).environment[0]).join(", ")}; or set PRIVX_API_TOKEN to an existing token.`
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
  `${Lookup.describe(found.source)} is not used: other credentials take precedence`

const bearer = (found: Find): Omit<Choice, "warnings"> => {
  const token = secret(found, "token")
  return "problem" in token
    ? { credentials: undefined, problems: [token.problem] }
    : { credentials: { _tag: "Token", token: token.value }, problems: [] }
}

const exchange = (found: Find): Omit<Choice, "warnings"> => {
  const token = secret(found, "exchangeToken")
  const scope = found("exchangeScope")?.values[0]
  const clientId = found("oauthClientId")?.values[0]
  return "problem" in token
    ? { credentials: undefined, problems: [token.problem] }
    : {
        credentials: {
          _tag: "Exchange",
          token: token.value,
          ...(scope === undefined ? undefined : { scope }),
          ...(clientId === undefined ? undefined : { clientId })
        },
        problems: []
      }
}

/** Checks that a token is valid in a header. */
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
          problem: `(${where === undefined ? "" : Lookup.describe(where.source)}) contains characters that a token cannot have`,
          fix: "Set only the token, without Bearer and without line breaks."
        }
      }
}

const isHeaderSafe = (token: string): boolean => /^[\u0021-\u007e]+$/.test(token)

const missing = (found: Find, keys: ReadonlyArray<Catalogue.Key>): ReadonlyArray<Problem> =>
  keys
    .filter((key) => found(key) === undefined)
    .map((key) => {
      const { environment, file, title } = Catalogue.get(key)
      const domain =
        key === "oauthClientSecret"
          ? ` A client of the type public needs ${Catalogue.get("clientDomain").environment[0]} instead.`
          : ""
      return {
        setting: title,
        problem: "is not set, but an API client requires it",
        fix: `Set ${environment[0]}${file === undefined ? "" : `, or ${file[1]} in section [${file[0]}] of the config file`}.${domain}`
      }
    })

const clientCredentials = (found: Find): Omit<Choice, "warnings"> => {
  const value = (key: Catalogue.Key) => found(key)?.values[0]
  const clientId = value("clientId")
  const clientSecret = value("clientSecret")
  if (clientId === undefined || clientSecret === undefined) {
    return { credentials: undefined, problems: missing(found, ownKeys) }
  }
  return {
    problems: [],
    credentials: {
      _tag: "ClientCredentials",
      clientId,
      clientSecret: Redacted.make(clientSecret, { label: "client secret" }),
      domain: value("clientDomain") ?? Catalogue.defaultOauthClientId
    }
  }
}

const apiClient = (found: Find): Omit<Choice, "warnings"> => {
  const value = (key: (typeof apiClientKeys)[number]) => found(key)?.values[0]
  const clientId = value("clientId")
  const clientSecret = value("clientSecret")
  const oauthClientSecret = value("oauthClientSecret")
  if (clientId === undefined || clientSecret === undefined || oauthClientSecret === undefined) {
    return { credentials: undefined, problems: missing(found, required) }
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
