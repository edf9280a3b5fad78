/**
 * The token endpoint, as the official SDKs use it: an API client's password grant, and the refresh grant. The transport's
 * own code for it is not used here, so that one mistake cannot hide on both sides.
 *
 * @since 0.1.0
 */
import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
import { Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"

/**
 * Where the endpoint is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Paths {
  readonly token: `/${string}`
}

/**
 * The path that both official SDKs use.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultPaths: Paths = { token: "/auth/api/v1/oauth/token" }

/**
 * The form that is posted. Which fields a grant needs depends on `grant_type`: `password` needs `username` (the API client's
 * id) and `password` (its secret), `refresh_token` needs `refresh_token`. Source: both official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenRequest = Schema.Struct({
  grant_type: Schema.String,
  username: Schema.optionalKey(Schema.String),
  password: Schema.optionalKey(Schema.RedactedFromValue(Schema.String)),
  refresh_token: Schema.optionalKey(Schema.RedactedFromValue(Schema.String))
})

/**
 * The answer; `expires_in` is in seconds. Source: both official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenResponse = Schema.Struct({
  access_token: Schema.RedactedFromValue(Schema.String),
  token_type: Schema.Literal("Bearer"),
  expires_in: Schema.Int,
  refresh_token: Schema.RedactedFromValue(Schema.String)
})

/**
 * The api, with another path where a PrivX has it elsewhere.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (paths: Partial<Paths> = {}) =>
  HttpApi.make("privx-auth").add(
    HttpApiGroup.make("auth")
      .add(
        HttpApiEndpoint.post("token", paths.token ?? defaultPaths.token, {
          payload: TokenRequest.pipe(HttpApiSchema.asFormUrlEncoded()),
          success: TokenResponse.pipe(HttpApiSchema.status(200)),
          error: ErrorResponses.documented
        })
          .annotate(Operation, { name: "Auth.token", safeToRepeat: true, authorization: "none" })
          .annotateMerge(OpenApi.annotations({ summary: "Get an access token" }))
      )
      .middleware(PrivxMiddleware)
  )
