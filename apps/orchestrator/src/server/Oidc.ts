/**
 * Sign-in through an OpenID Connect issuer: the identity of a person (issuer and subject), and the role that results from
 * the claims. Tokens are verified with the keys of the issuer, which are fetched again when a token names an unknown one.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createRemoteJWKSet, errors, jwtVerify } from "jose"
import * as OpenIdClient from "openid-client"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import type { Role } from "./Role.ts"

export interface Options {
  readonly issuer: URL
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
  /**
   * The id of the public client of the command line at the issuer. Without it, people cannot sign in with the command
   * line.
   */
  readonly commandLineClientId?: string | undefined
  /** The audience of access tokens for the API. Default: the client id. */
  readonly audience?: string | undefined
  /** Default `roles`. */
  readonly roleClaim?: string | undefined
  /** The values of the claim for each role. */
  readonly roles: ReadonlyArray<{ readonly role: Role; readonly value: string }>
  /** The URL of this server for browsers; default: its listen address. */
  readonly publicUrl?: URL | undefined
  /** Further scopes besides `openid profile` that add the claim to the token. */
  readonly scope?: string | undefined
}

/** A person, as identified by the issuer. */
export interface Person {
  /** Issuer and subject, which the four-eyes rule compares. */
  readonly name: string
  readonly displayName: string
  readonly role: Role
}

/** Why a person or a token is refused. */
export type Refusal = "invalid" | "expired" | "noRole" | "unavailable"

/** The role and tokens of a person until the next request to the issuer. */
export interface SignedIn {
  readonly person: Person
  readonly refreshToken: string | undefined
}

export class Oidc extends Context.Service<
  Oidc,
  {
    readonly options: Options
    /** The URL to which the browser is redirected, with a redirect back to `callback`. */
    readonly authorize: (request: {
      readonly callback: URL
      readonly state: string
      readonly nonce: string
      readonly verifier: string
    }) => Effect.Effect<URL, Refusal>
    /** Processes the redirect back. */
    readonly exchange: (
      callback: URL,
      expected: { readonly state: string; readonly nonce: string; readonly verifier: string }
    ) => Effect.Effect<SignedIn, Refusal>
    /** Requests the identity and the current role of the person from the issuer again. */
    readonly renew: (person: Person, refreshToken: string) => Effect.Effect<SignedIn, Refusal>
    /** The person of an access token of the issuer. */
    readonly verify: (token: Redacted.Redacted) => Effect.Effect<Person, Refusal>
    /**
     * Revokes the refresh token, and returns the URL at which the browser ends the session of the issuer, if there is
     * one.
     */
    readonly signOut: (refreshToken: string | undefined, back: URL) => Effect.Effect<URL | undefined>
  }
>()("privx-kit/server/Oidc") {
  static readonly layer = (options: Options): Layer.Layer<Oidc, SettingsError> => Layer.effect(Oidc, make(options))
}

/** Accepted difference between the clocks of servers, in seconds. */
const clockTolerance = 30

/** Signatures that prove the key of the issuer; `none` and shared secrets do not. */
const algorithms = ["RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA"]

const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Oidc["Service"], SettingsError> {
  const { clientId, clientSecret, issuer, roleClaim = "roles" } = options
  const insecure = issuer.protocol === "http:"
  const config = yield* Effect.tryPromise({
    try: () =>
      OpenIdClient.discovery(
        issuer,
        clientId,
        { [OpenIdClient.clockTolerance]: clockTolerance },
        OpenIdClient.ClientSecretBasic(Redacted.value(clientSecret)),
        {
          // Signatures of ID tokens are verified too, although they come from the issuer itself.
          execute: [OpenIdClient.enableNonRepudiationChecks, ...(insecure ? [OpenIdClient.allowInsecureRequests] : [])]
        }
      ),
    catch: (cause) =>
      new SettingsError({
        problems: [
          {
            setting: "--oidc-issuer",
            problem: `does not provide its configuration (${cause instanceof Error ? cause.message : String(cause)})`,
            fix: "Check the URL: the issuer must serve /.well-known/openid-configuration below it."
          }
        ],
        looked: ["flags"]
      })
  })
  const metadata = config.serverMetadata()
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri ?? ""), { cooldownDuration: 1000 })

  const personOf = (claims: Readonly<Record<string, unknown>>): Effect.Effect<Person, Refusal> => {
    const role = roleOf(options.roles, claims[roleClaim])
    const subject = claims["sub"]
    if (typeof subject !== "string" || subject === "") return Effect.fail("invalid")
    if (role === undefined) return Effect.fail("noRole")
    const shown = ["name", "preferred_username", "email"].map((name) => claims[name]).find(isText)
    return Effect.succeed({ name: nameOf(metadata.issuer, subject), displayName: shown ?? subject, role })
  }

  const signedIn = Effect.fnUntraced(function* (tokens: Tokens): Effect.fn.Return<SignedIn, Refusal> {
    const claims = tokens.claims()
    if (claims === undefined) return yield* Effect.fail("invalid" as const)
    return { person: yield* personOf(claims), refreshToken: tokens.refresh_token }
  })

  return Oidc.of({
    options,
    authorize: ({ callback, nonce, state, verifier }) =>
      asked(async () =>
        OpenIdClient.buildAuthorizationUrl(config, {
          redirect_uri: callback.href,
          scope: scopeOf(options),
          code_challenge: await OpenIdClient.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
          state,
          nonce
        })
      ),
    exchange: (callback, { nonce, state, verifier }) =>
      Effect.flatMap(
        asked(() =>
          OpenIdClient.authorizationCodeGrant(config, callback, {
            pkceCodeVerifier: verifier,
            expectedState: state,
            expectedNonce: nonce,
            idTokenExpected: true
          })
        ),
        signedIn
      ),
    renew: Effect.fnUntraced(function* (person, refreshToken) {
      const tokens = yield* asked(() => OpenIdClient.refreshTokenGrant(config, refreshToken))
      const renewed = yield* signedIn(tokens)
      if (renewed.person.name !== person.name) return yield* Effect.fail("invalid" as const)
      return { ...renewed, refreshToken: renewed.refreshToken ?? refreshToken }
    }),
    verify: Effect.fnUntraced(function* (token) {
      const { payload } = yield* asked(() =>
        jwtVerify(Redacted.value(token), keys, {
          issuer: metadata.issuer,
          audience: options.audience ?? clientId,
          algorithms,
          clockTolerance,
          requiredClaims: ["exp", "sub"],
          // An ID token is not accepted as an access token.
          typ: "at+jwt"
        })
      )
      return yield* personOf(payload)
    }),
    signOut: (refreshToken, back) =>
      Effect.promise(async () => {
        if (refreshToken !== undefined && metadata.revocation_endpoint !== undefined) {
          await OpenIdClient.tokenRevocation(config, refreshToken).catch(() => undefined)
        }
        return metadata.end_session_endpoint === undefined
          ? undefined
          : OpenIdClient.buildEndSessionUrl(config, { post_logout_redirect_uri: back.href, client_id: clientId })
      })
  })
})

/** The scopes of the request to the issuer. */
export const scopeOf = ({ scope = "" }: Options): string => ["openid profile", scope].join(" ").trim()

type Tokens = Pick<Awaited<ReturnType<typeof OpenIdClient.refreshTokenGrant>>, "claims" | "refresh_token">

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/** Names of tokens cannot contain these characters, so a person is never confused with a token. */
export const nameOf = (issuer: string, subject: string): string => `${issuer}#${subject}`

/** Whether an identity is a person of an issuer instead of the name of a token or an account. */
export const isOfIssuer = (name: string): boolean => /^https?:\/\/[^#]*#./u.test(name)

/** The strongest role first, in case several values match. */
const strength = ["admin", "approver", "operator", "viewer"] as const satisfies ReadonlyArray<Role>

const roleOf = (roles: Options["roles"], claim: unknown): Role | undefined => {
  const values = new Set(Array.isArray(claim) ? claim : typeof claim === "string" ? claim.split(" ") : [])
  return strength.find((role) => roles.some((mapping) => mapping.role === role && values.has(mapping.value)))
}

const asked = <A>(ask: () => Promise<A>): Effect.Effect<A, Refusal> => Effect.tryPromise({ try: ask, catch: refusalOf })

const refusalOf = (cause: unknown): Refusal => {
  if (cause instanceof errors.JWTExpired) return "expired"
  if (cause instanceof errors.JOSEError) return cause instanceof errors.JWKSTimeout ? "unavailable" : "invalid"
  if (cause instanceof TypeError && !(cause instanceof OpenIdClient.ClientError)) return "unavailable"
  return "invalid"
}
