/**
 * The models that a login and the token provider share. `TokenProvider` caches the tokens; a source only fetches them.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { PrivxFailure } from "./PrivxFailure.ts"

/**
 * The credentials of an API client, as PrivX shows them when it is created.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiClient {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  /** Default: `privx-external`. Source: both official SDKs. */
  readonly oauthClientId?: string | undefined
  readonly oauthClientSecret: Redacted.Redacted<string>
  /** Default: `/auth/api/v1/oauth/token`. Source: both official SDKs. */
  readonly tokenPath?: `/${string}` | undefined
  /** How long before its expiry a token is no longer used. Default 30 s, at most half of the token's lifetime. */
  readonly margin?: Duration.Input | undefined
}

/**
 * The result of a login.
 *
 * @since 0.1.0
 * @category models
 */
export interface Grant {
  readonly accessToken: Redacted.Redacted<string>
  /** Lifetime of the token, if the server reports it. */
  readonly lifetime?: Duration.Duration | undefined
  /** The OAuth `scope` of the token, if the server reports it. */
  readonly scope?: string | undefined
  /** The refresh token, with which another token can be fetched without a login. */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
}

/**
 * How to fetch tokens. Failures are reported under the operation `TokenProvider.get`. A source retries its own
 * requests; the transport does not retry them again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  readonly login: Effect.Effect<Grant, PrivxFailure>
  /** Tried instead of a login while there is a refresh token. */
  readonly refresh?: ((refreshToken: Redacted.Redacted<string>) => Effect.Effect<Grant, PrivxFailure>) | undefined
  /**
   * Whether a login needs a person. If so, a transient failure of a refresh fails the call instead of starting a login,
   * and a token of unknown lifetime is used until it is refused. Default `false`: any response to the refresh other
   * than a token leads to a login, and a token of unknown lifetime is used for 30 s.
   */
  readonly attended?: boolean | undefined
  /** How long before its expiry a token is no longer used. Default 30 s, at most half of the token's lifetime. */
  readonly margin?: Duration.Input | undefined
}
