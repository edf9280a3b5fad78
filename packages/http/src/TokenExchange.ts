/**
 * A PrivX token for a token of another issuer that PrivX trusts, e.g. that of a CI system: `POST /auth/api/v1/token/login`.
 * Source: the official Go SDK.
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
import { type Source, TokenProvider } from "./TokenProvider.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The token to exchange, or how to get it: an effect is run for each exchange, because such tokens tend to live shorter
   * than the program that uses them.
   */
  readonly token: Redacted.Redacted<string> | Effect.Effect<Redacted.Redacted<string>, PrivxFailure>
  /** E.g. `privx-user`; left out by default. */
  readonly scope?: string | undefined
  /** OAuth client; left out of the exchange by default. A refresh needs one: `privx-ui`, as the Go SDK sends it. */
  readonly clientId?: string | undefined
  /** Sent with a refresh. Default: `/privx/oauth-callback`. */
  readonly redirectUri?: string | undefined
  /** Default: `/auth/api/v1/token/login`. */
  readonly exchangePath?: `/${string}` | undefined
  /** Where refresh tokens are redeemed. Default: `/auth/api/v1/oauth/token`. */
  readonly tokenPath?: `/${string}` | undefined
  /** How long before its end a token is no longer used. Default 30 s, and never more than half of the token's life. */
  readonly margin?: Duration.Input | undefined
}

const credentials = {
  client: "the OAuth client (client_id)",
  account: "the token to exchange (exchange_token), its issuer and its scope"
}

/**
 * Exchanges the token when a call first needs one, and refreshes where the server gave a refresh token.
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
