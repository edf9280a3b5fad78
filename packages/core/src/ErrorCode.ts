/**
 * The error codes of the PrivX API: the closed set that the API reference lists, in its order.
 *
 * The set is closed here and open on the wire: a server that is newer than the page may send an unlisted code. Such a
 * response becomes an `UnknownErrorCode`, which keeps the code as sent.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Every `error_code` that the API reference lists. Source: both seed pages, same list, same order.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorCode = Schema.Literals([
  "GENERAL_ERROR",
  "BAD_REQUEST",
  "PERMISSION_DENIED",
  "INVALID_REQUEST_DATA",
  "REQUIRED_VALUE_MISSING",
  "VALUE_OUT_OF_BOUNDS",
  "VALUE_INCORRECT_TYPE",
  "VALUE_INCORRECT_FORMAT",
  "VALUE_DUPLICATE",
  "CONFIGURATION_ERROR",
  "OUT_OF_RESOURCES",
  "MAX_LOAD",
  "TOO_MANY_CONNECTIONS",
  "DATABASE_ERROR",
  "CACHE_ERROR",
  "INTRA_SERVICE_COMMUNICATION_ERROR"
])

/**
 * @since 0.1.0
 * @category models
 */
export type ErrorCode = typeof ErrorCode.Type

/**
 * The sixteen codes, in the order of the API reference.
 *
 * @since 0.1.0
 * @category constants
 */
export const all: ReadonlyArray<ErrorCode> = ErrorCode.literals

/**
 * Returns whether a string from the wire is one of the sixteen codes.
 *
 * @example
 * ```ts
 * import * as ErrorCode from "@privx-kit/core/ErrorCode"
 *
 * export const isKnown = ErrorCode.isErrorCode("MAX_LOAD") // true
 * ```
 *
 * @since 0.1.0
 * @category guards
 */
export const isErrorCode: (value: unknown) => value is ErrorCode = Schema.is(ErrorCode)
