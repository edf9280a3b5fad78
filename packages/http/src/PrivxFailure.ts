/**
 * Every failure of a call to PrivX: the error channel of each operation.
 *
 * @since 0.1.0
 */
import * as ApiError from "@privx-kit/core/ApiError"
import * as UnexpectedResponse from "@privx-kit/core/UnexpectedResponse"
import * as Schema from "effect/Schema"
import * as OAuthError from "./OAuthError.ts"
import * as TransportError from "./TransportError.ts"

/**
 * The union and its codec; a JSON round trip gives the same class.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PrivxFailure = Schema.Union([
  ApiError.ApiError,
  UnexpectedResponse.UnexpectedResponse,
  OAuthError.OAuthError,
  TransportError.TransportError
])

/**
 * @since 0.1.0
 * @category models
 */
export type PrivxFailure =
  | ApiError.ApiError
  | UnexpectedResponse.UnexpectedResponse
  | OAuthError.OAuthError
  | TransportError.TransportError
