/**
 * The client of one PrivX host, made from the settings.
 *
 * @since 0.1.0
 */
import * as ClientCredentials from "@privx-kit/http/ClientCredentials"
import { Connection } from "@privx-kit/http/Connection"
import * as TokenExchange from "@privx-kit/http/TokenExchange"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import type * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import type { Credentials } from "./Credentials.ts"
import type { Settings } from "./Settings.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly timeout: Duration.Duration | undefined
  readonly deadline: Duration.Duration | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export type Target = Pick<Settings, "baseUrl" | "ca" | "credentials">

/**
 * Makes the connection to one PrivX host from its settings, for the clients of every domain.
 *
 * **Details**: it opens no socket before the first request. The credentials decide how it logs in: a token, an API client
 * with an OAuth client or in a domain, or a token to exchange.
 *
 * **Errors**: none here; a request fails with a `PrivxFailure`.
 *
 * @param limits of one attempt, and of a call with its retries; default: those of the connection
 *
 * @example
 * ```ts
 * import * as PrivxClient from "@privx-kit/settings/PrivxClient"
 * import * as Settings from "@privx-kit/settings/Settings"
 * import { Ueba } from "@privx-kit/ueba/Ueba"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const flags = { baseUrl: undefined, caFiles: [], insecureHttp: false, config: undefined, dataDir: undefined }
 *
 * export const configuration = Effect.flatMap(Settings.resolve(flags, Settings.thisHost()), ({ settings }) =>
 *   Ueba.use((ueba) => ueba.configuration).pipe(
 *     Effect.provide(
 *       Ueba.layer().pipe(Layer.provide(PrivxClient.layer(settings, { timeout: undefined, deadline: undefined })))
 *     )
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (target: Target, limits: Limits): Layer.Layer<Transport | TokenProvider | Connection> =>
  Transport.layer.pipe(
    Layer.provideMerge(tokens(target.credentials)),
    Layer.provideMerge(
      Connection.layer({
        baseUrl: target.baseUrl,
        ca: target.ca,
        attemptTimeout: limits.timeout,
        deadline: limits.deadline
      })
    )
  )

const tokens = (credentials: Credentials): Layer.Layer<TokenProvider, never, Connection> => {
  switch (credentials._tag) {
    case "Token":
      return TokenProvider.layerStatic(credentials.token)
    case "ApiClient":
      return TokenProvider.layerApiClient(credentials)
    case "ClientCredentials":
      return ClientCredentials.layer(credentials)
    case "Exchange":
      return TokenExchange.layer(credentials)
  }
}
