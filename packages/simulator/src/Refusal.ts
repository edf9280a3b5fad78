/**
 * The error responses of the simulator, for the handlers of its domains: a handler fails with one of them, and the
 * client receives its error body. The statuses are documented. The code of each status is not documented; the codes are
 * a choice (unverified).
 *
 * @since 0.1.0
 */
import * as ApiError from "@privx-kit/core/ApiError"
import type { ErrorCode } from "@privx-kit/core/ErrorCode"

/**
 * Makes the refusals of one status and code. `property` is the name of the field at fault.
 *
 * @example
 * ```ts
 * import * as Refusal from "@privx-kit/simulator/Refusal"
 * import * as Effect from "effect/Effect"
 *
 * const duplicate = Refusal.refuse(400, "VALUE_DUPLICATE", "A secret of this name exists")
 * const handler = Effect.fail(duplicate("name"))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const refuse =
  (status: number, code: ErrorCode, errorMessage: string) =>
  (property?: string): ApiError.ApiError =>
    ApiError.make(
      { code, errorMessage, ...(property === undefined ? undefined : { property }), details: [] },
      { status, operation: "Simulator" }
    )

// The messages of 401, 403 and 404 are the descriptions of the seed pages.

/**
 * 400 `BAD_REQUEST`: the request is malformed.
 *
 * @example
 * ```ts
 * import * as Refusal from "@privx-kit/simulator/Refusal"
 * import * as Effect from "effect/Effect"
 *
 * const handler = Effect.fail(Refusal.badRequest())
 * ```
 *
 * @since 0.1.0
 * @category refusals
 */
export const badRequest = refuse(400, "BAD_REQUEST", "Bad request")

/**
 * 400 `REQUIRED_VALUE_MISSING`: a required field is absent.
 *
 * @example
 * ```ts
 * import * as Refusal from "@privx-kit/simulator/Refusal"
 * import * as Effect from "effect/Effect"
 *
 * const nameOf = (payload: { readonly name?: string }) =>
 *   payload.name === undefined ? Effect.fail(Refusal.missing("name")) : Effect.succeed(payload.name)
 * ```
 *
 * @since 0.1.0
 * @category refusals
 */
export const missing = refuse(400, "REQUIRED_VALUE_MISSING", "Required value missing")

/**
 * 400 `VALUE_INCORRECT_FORMAT`: a value has the wrong format.
 *
 * @example
 * ```ts
 * import * as Refusal from "@privx-kit/simulator/Refusal"
 * import * as Effect from "effect/Effect"
 *
 * const checked = (name: string) =>
 *   /^[a-z]+$/.test(name) ? Effect.succeed(name) : Effect.fail(Refusal.wrongFormat("name"))
 * ```
 *
 * @since 0.1.0
 * @category refusals
 */
export const wrongFormat = refuse(400, "VALUE_INCORRECT_FORMAT", "Value has an incorrect format")

/**
 * 401: the token is missing or not valid.
 *
 * @example
 * ```ts
 * import * as Refusal from "@privx-kit/simulator/Refusal"
 * import { Environment } from "@privx-kit/simulator/SimulatorDomain"
 * import * as Effect from "effect/Effect"
 * import type * as Redacted from "effect/Redacted"
 *
 * const scopesOf = Effect.fn("scopesOf")(function* (token: Redacted.Redacted<string>) {
 *   const environment = yield* Environment
 *   return (yield* environment.scopesOf(token)) ?? (yield* Effect.fail(Refusal.unauthorized()))
 * })
 * ```
 *
 * @since 0.1.0
 * @category refusals
 */
export const unauthorized = refuse(
  401,
  "PERMISSION_DENIED",
  "Unauthorized request, OAuth2 authorization missing or invalid"
)

/**
 * 403: the token lacks the scope.
 *
 * @example
 * ```ts
 * import * as Refusal from "@privx-kit/simulator/Refusal"
 * import * as Effect from "effect/Effect"
 *
 * const expectAdmin = (scopes: ReadonlyArray<string>) =>
 *   scopes.includes("admin") ? Effect.void : Effect.fail(Refusal.scopeInsufficient())
 * ```
 *
 * @since 0.1.0
 * @category refusals
 */
export const scopeInsufficient = refuse(
  403,
  "PERMISSION_DENIED",
  "Unauthorized request, OAuth2 authorization OK but scope insufficient"
)

/**
 * 404 `GENERAL_ERROR`: no object has the id, or no endpoint has the path.
 *
 * @example
 * ```ts
 * import * as Refusal from "@privx-kit/simulator/Refusal"
 * import * as Effect from "effect/Effect"
 *
 * const read = (secrets: ReadonlyMap<string, string>, name: string) => {
 *   const secret = secrets.get(name)
 *   return secret === undefined ? Effect.fail(Refusal.notFound()) : Effect.succeed(secret)
 * }
 * ```
 *
 * @since 0.1.0
 * @category refusals
 */
export const notFound = refuse(404, "GENERAL_ERROR", "Resource not found")

/**
 * 416 `VALUE_OUT_OF_BOUNDS`: the range starts after the end of the body.
 *
 * @example
 * ```ts
 * import * as Refusal from "@privx-kit/simulator/Refusal"
 * import * as Effect from "effect/Effect"
 *
 * const from = (body: Uint8Array, first: number) =>
 *   first < body.byteLength ? Effect.succeed(body.subarray(first)) : Effect.fail(Refusal.rangeNotSatisfiable())
 * ```
 *
 * @since 0.1.0
 * @category refusals
 */
export const rangeNotSatisfiable = refuse(416, "VALUE_OUT_OF_BOUNDS", "Range not satisfiable")
