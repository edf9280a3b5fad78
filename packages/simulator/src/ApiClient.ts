/**
 * The credentials that a simulated PrivX accepts.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import { secret } from "./internal/tokens.ts"

/**
 * An API client with its OAuth client, in the format of `TokenProvider.layerApiClient`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiClient {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  readonly oauthClientId: string
  readonly oauthClientSecret: Redacted.Redacted<string>
}

/**
 * Creates an API client with the ids `simulator` and `privx-external` and random secrets, except for the given values.
 *
 * @example
 * ```ts
 * import * as ApiClient from "@privx-kit/simulator/ApiClient"
 * import { Simulator } from "@privx-kit/simulator/Simulator"
 *
 * const apiClient = ApiClient.make({ clientId: "my-client" })
 * const simulator = Simulator.layer({ apiClient })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (given: Partial<ApiClient> = {}): ApiClient => ({
  clientId: "simulator",
  clientSecret: Redacted.make(secret(), { label: "clientSecret" }),
  oauthClientId: "privx-external",
  oauthClientSecret: Redacted.make(secret(), { label: "oauthClientSecret" }),
  ...given
})
