/**
 * The authentication endpoints of the official SDKs and the vendor's reference: the token endpoint (password,
 * authorization code and refresh grants), PrivX's own login of a user, token exchange, client credentials of a domain,
 * and logout. It shares no code with the transport, so that the same mistake is not made on both sides.
 *
 * @since 0.1.0
 */
import { type Definition, Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"

/**
 * The paths of the endpoints.
 *
 * @since 0.1.0
 * @category models
 */
export interface Paths {
  readonly token: `/${string}`
  readonly authorize: `/${string}`
  readonly login: `/${string}`
  readonly exchange: `/${string}`
  /** Must contain `:domain`. */
  readonly clientCredentials: `/${string}`
  readonly logout: `/${string}`
}

/**
 * The paths of both official SDKs; the path of the client credentials is from the vendor's reference.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultPaths: Paths = {
  token: "/auth/api/v1/oauth/token",
  authorize: "/auth/api/v1/oauth/authorize",
  login: "/auth/api/v1/login",
  exchange: "/auth/api/v1/token/login",
  clientCredentials: "/auth/api/v1/oauth/clientcredentials/:domain/token",
  logout: "/auth/api/v1/logout"
}

/**
 * The response of every login. `expires_in` is in seconds. Source: the vendor's reference, which uses lower case for
 * the type.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenResponse = Schema.Struct({
  access_token: Schema.String,
  token_type: Schema.Literal("bearer"),
  expires_in: Schema.Int,
  refresh_token: Schema.optionalKey(Schema.String),
  scope: Schema.String
})

/**
 * An error of an authentication endpoint. Source: the vendor's reference (RFC 6749, 5.2).
 *
 * @since 0.1.0
 * @category schemas
 */
export const OAuthErrorBody = Schema.Struct({
  error: Schema.String,
  error_description: Schema.optionalKey(Schema.String)
})

/** The handlers parse forms and JSON, because invalid ones must become an OAuth error. */
const endpoint = (name: string, options: Partial<Definition> = {}) =>
  ({ name: `Auth.${name}`, safeToRepeat: true, authorization: "none", ...options }) as const

const success = TokenResponse.pipe(HttpApiSchema.status(200))

/**
 * Makes the API, with other paths if PrivX has the endpoints elsewhere.
 *
 * **When to use**: to read what the simulator serves, for example for an OpenAPI document.
 *
 * Source: both official SDKs, and the vendor's reference.
 *
 * @example
 * ```ts
 * import * as AuthApi from "@privx-kit/simulator/AuthApi"
 * import * as OpenApi from "effect/http-api/OpenApi"
 *
 * const document = OpenApi.fromApi(AuthApi.make({ token: "/sso/oauth/token" }))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (paths: Partial<Paths> = {}) => {
  const at = { ...defaultPaths, ...paths }
  return HttpApi.make("privx-auth").add(
    HttpApiGroup.make("auth")
      .add(
        HttpApiEndpoint.post("token", at.token, { success })
          .annotate(Operation, endpoint("token"))
          .annotateMerge(OpenApi.annotations({ summary: "Get an access token" })),
        HttpApiEndpoint.get("authorize", at.authorize, { success: HttpApiSchema.Empty(307) })
          .annotate(Operation, endpoint("authorize"))
          .annotateMerge(OpenApi.annotations({ summary: "Begin the login of a user" })),
        HttpApiEndpoint.post("login", at.login, {
          success: Schema.Struct({ code: Schema.String, state: Schema.String }).pipe(HttpApiSchema.status(200))
        })
          .annotate(Operation, endpoint("login"))
          .annotateMerge(OpenApi.annotations({ summary: "Log in with user name and password" })),
        HttpApiEndpoint.post("exchange", at.exchange, { success })
          .annotate(Operation, endpoint("exchange"))
          .annotateMerge(OpenApi.annotations({ summary: "Exchange a token of another issuer" })),
        HttpApiEndpoint.post("clientCredentials", at.clientCredentials, {
          params: { domain: Schema.String },
          success
        })
          .annotate(Operation, endpoint("clientCredentials"))
          .annotateMerge(OpenApi.annotations({ summary: "Get an access token with client credentials" })),
        HttpApiEndpoint.post("logout", at.logout, { success: HttpApiSchema.Empty(200) })
          .annotate(Operation, endpoint("logout"))
          .annotateMerge(OpenApi.annotations({ summary: "Log out" }))
      )
      .middleware(PrivxMiddleware)
  )
}

/**
 * @since 0.1.0
 * @category models
 */
export type AuthApi = ReturnType<typeof make>
