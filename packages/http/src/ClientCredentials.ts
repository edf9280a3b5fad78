/**
 * The login of an API client by its own id and secret alone, without an OAuth client's secret: the client credentials
 * grant of a domain, `POST /auth/api/v1/oauth/clientcredentials/{domain}/token`. Source: the vendor's reference. It is
 * available for the domain `privx-external` and clients of the type `public`.
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
import { TokenProvider } from "./TokenProvider.ts"
import type { Source } from "./TokenSource.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  /** Default: `privx-external`, the only domain that the reference names. */
  readonly domain?: string | undefined
  /** Path, including the domain. Default: `/auth/api/v1/oauth/clientcredentials/{domain}/token`. */
  readonly tokenPath?: `/${string}` | undefined
  /** How long before its expiry a token is no longer used. Default 30 s, at most half of the token's lifetime. */
  readonly margin?: Duration.Input | undefined
}

const client = "the API client's id and secret, and that its type (client_type) is public"
const credentials = { client, account: client }

/**
 * Makes a token provider that logs in as an API client, with the client's id and secret alone.
 *
 * **When to use**: for an API client of the type `public` in the domain `privx-external`. Use
 * `TokenProvider.layerApiClient` for an API client that also has an OAuth client's secret.
 *
 * **Details**: logs in when a call first needs a token, and again when the token expires. The reference documents no
 * refresh for this grant. A login is safe to repeat and is retried like a call.
 *
 * **Errors**: `OAuthError` with the code `invalid_client` for a wrong id or secret, and `unauthorized_client` for a
 * client that is not public. Otherwise the errors of every login.
 *
 * Source: the vendor's reference.
 *
 * @example
 * ```ts
 * import * as ClientCredentials from "@privx-kit/http/ClientCredentials"
 * import { Connection } from "@privx-kit/http/Connection"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const tokens = ClientCredentials.layer({ clientId: "my-client", clientSecret: Redacted.make("its secret") }).pipe(
 *   Layer.provide(Connection.layer({ baseUrl: new URL("https://privx.example.com") }))
 * )
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

const source = (connection: Connection["Service"], options: Options): Source => {
  const domain = encodeURIComponent(options.domain ?? "privx-external")
  return {
    margin: options.margin,
    // An unused token does no harm.
    login: Login.run(connection, { kind: "client_credentials", safeToRepeat: true, credentials }, (send) =>
      Effect.flatMap(
        send({
          method: "POST",
          path: connection.pathPrefix + (options.tokenPath ?? `/auth/api/v1/oauth/clientcredentials/${domain}/token`),
          body: Login.form({
            grant_type: "client_credentials",
            client_id: options.clientId,
            client_secret: Redacted.value(options.clientSecret)
          }),
          secrets: [options.clientSecret]
        }),
        TokenResponse.read
      )
    )
  }
}
