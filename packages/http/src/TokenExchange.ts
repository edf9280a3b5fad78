/**
 * Exchanges the token of another issuer that PrivX trusts, e.g. a CI system, for a PrivX token:
 * `POST /auth/api/v1/token/login`. Source: the official Go SDK.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Connection } from "./Connection.ts"
import * as Login from "./internal/login.ts"
import * as TokenResponse from "./internal/tokenResponse.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import { TokenProvider } from "./TokenProvider.ts"
import type { Source } from "./TokenSource.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The token to exchange, or an effect that gets it. The effect runs for each exchange, because such tokens often
   * expire before the program ends.
   */
  readonly token: Redacted.Redacted<string> | Effect.Effect<Redacted.Redacted<string>, PrivxFailure>
  /** E.g. `privx-user`; left out by default. */
  readonly scope?: string | undefined
  /**
   * OAuth client; left out of the exchange by default. A refresh needs one, and by default uses `privx-ui`, like the Go
   * SDK.
   */
  readonly clientId?: string | undefined
  /** Sent with a refresh. Default: `/privx/oauth-callback`. */
  readonly redirectUri?: string | undefined
  /** Default: `/auth/api/v1/token/login`. */
  readonly exchangePath?: `/${string}` | undefined
  /** Where refresh tokens are redeemed. Default: `/auth/api/v1/oauth/token`. */
  readonly tokenPath?: `/${string}` | undefined
  /** How long before its expiry a token is no longer used. Default 30 s, at most half of the token's lifetime. */
  readonly margin?: Duration.Input | undefined
}

const credentials = {
  client: "the OAuth client (client_id)",
  account: "the token to exchange (exchange_token), its issuer and its scope"
}

/**
 * Makes a token provider that exchanges the token of another issuer for one of PrivX.
 *
 * **When to use**: if a CI system or an identity provider gives the program a token that PrivX trusts.
 *
 * **Details**: exchanges the token when a call first needs one, and refreshes the result if the server issued a refresh
 * token. An effect for `token` runs at each exchange.
 *
 * **Gotchas**: a refresh needs an OAuth client; without `clientId` it is `privx-ui`, as in the Go SDK.
 *
 * **Errors**: `ApiError`, `OAuthError` or `UnexpectedResponse` when PrivX refuses the token; the failure of the effect
 * for `token`. Otherwise the errors of every login.
 *
 * Source: both official SDKs.
 *
 * @example
 * ```ts
 * import { Connection } from "@privx-kit/http/Connection"
 * import * as TokenExchange from "@privx-kit/http/TokenExchange"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const tokens = TokenExchange.layer({
 *   token: Redacted.make("the token of the CI system"),
 *   clientId: "privx-ui",
 *   scope: "privx-user"
 * }).pipe(Layer.provide(Connection.layer({ baseUrl: new URL("https://privx.example.com") })))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<TokenProvider, never, Connection> =>
  Layer.effect(
    TokenProvider,
    Effect.flatMap(Connection, (connection) => TokenProvider.make(source(connection, options)))
  )

const source = (connection: Connection["Service"], options: Options): Source => ({
  margin: options.margin,
  login: Effect.flatMap(Effect.isEffect(options.token) ? options.token : Effect.succeed(options.token), (token) =>
    Login.run(connection, { kind: "exchange", safeToRepeat: true, credentials }, (send) =>
      Effect.flatMap(
        send({
          method: "POST",
          path: connection.pathPrefix + (options.exchangePath ?? "/auth/api/v1/token/login"),
          body: Login.json({ token: Redacted.value(token), client_id: options.clientId, scope: options.scope }),
          secrets: [token]
        }),
        TokenResponse.read
      )
    )
  ),
  refresh: (refreshToken) =>
    Login.refresh(connection, {
      path: connection.pathPrefix + (options.tokenPath ?? "/auth/api/v1/oauth/token"),
      credentials,
      refreshToken,
      fields: {
        client_id: options.clientId ?? "privx-ui",
        redirect_uri: options.redirectUri ?? "/privx/oauth-callback"
      }
    })
})
