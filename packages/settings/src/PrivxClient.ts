/** The client of one PrivX host, made from the settings. */
import * as ClientCredentials from "@privx-kit/http/ClientCredentials"
import { Connection } from "@privx-kit/http/Connection"
import * as TokenExchange from "@privx-kit/http/TokenExchange"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import type * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import type { Credentials } from "./Credentials.ts"
import type { Settings } from "./Settings.ts"

export interface Limits {
  readonly timeout: Duration.Duration | undefined
  readonly deadline: Duration.Duration | undefined
}

export type Target = Pick<Settings, "baseUrl" | "ca" | "credentials">

/** The connection for requests. It opens no socket before the first request. */
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
