/**
 * The error body of the PrivX API on the wire, and its tolerant parser.
 *
 * ```json
 * { "error_code": "GENERAL_ERROR", "error_message": "text", "property": "field at fault", "details": [null] }
 * ```
 *
 * `error_code` is required, the rest optional; `details` is the same object again, recursively, and its entries may be
 * `null` (the page's own example is `[null]`). Source: seed pages.
 *
 * This module knows only the shape. `ApiError` defines what a body means.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ErrorCode } from "./ErrorCode.ts"

/**
 * The error object on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorBody {
  readonly error_code: string
  readonly error_message?: string
  readonly property?: string
  readonly details?: ReadonlyArray<ErrorBody | null>
}

/**
 * The schema of {@link ErrorBody}: for servers that write it (the simulator) and for the OpenAPI document. Clients use
 * {@link parse}, which is more tolerant than a schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody: Schema.Codec<ErrorBody> = Schema.Struct({
  // Open: a server that is newer than the reference may send other codes.
  error_code: Schema.Union([ErrorCode, Schema.String]).annotate({
    description: "Standard error code denoting the error type; a newer server may send others"
  }),
  error_message: Schema.optionalKey(Schema.String),
  property: Schema.optionalKey(Schema.String),
  details: Schema.optionalKey(Schema.Array(Schema.NullOr(Schema.suspend((): Schema.Codec<ErrorBody> => ErrorBody))))
}).annotate({ identifier: "ErrorBody", description: "Standard error of the PrivX API" })

/**
 * One entry of `details`, as the kit returns it: names in camel case, `null` entries dropped. `code` is open, because a
 * detail may have a code that the reference does not list.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorDetail {
  readonly code: string
  readonly errorMessage?: string
  readonly property?: string
  readonly details: ReadonlyArray<ErrorDetail>
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ErrorDetail: Schema.Codec<ErrorDetail> = Schema.Struct({
  code: Schema.String,
  errorMessage: Schema.optionalKey(Schema.String),
  property: Schema.optionalKey(Schema.String),
  details: Schema.Array(Schema.suspend((): Schema.Codec<ErrorDetail> => ErrorDetail))
}).annotate({ identifier: "ErrorDetail" })

/**
 * Limits of depth and width within which `details` is parsed. A body is untrusted: without limits, a hostile one could
 * exhaust the stack or produce an endless log line. The rest is dropped.
 *
 * @since 0.1.0
 * @category constants
 */
export const bounds = { depth: 16, entries: 256 } as const

/**
 * Interprets a parsed JSON value as an error body. Returns `undefined` if it is not an object or has no string
 * `error_code`.
 *
 * **Details**: an optional field of a wrong type is left out, so that the code is not lost. It is written by hand instead of
 * `Schema.decodeUnknown` for three reasons: it is total, it is bounded (see {@link bounds}), and it is on the path of every
 * failure. A property test compares it with the schema.
 *
 * Source: seed pages.
 *
 * @example
 * ```ts
 * import * as ErrorBody from "@privx-kit/core/ErrorBody"
 *
 * export const body = ErrorBody.parse({ error_code: "VALUE_DUPLICATE", property: "name", details: [null] })
 * // { code: "VALUE_DUPLICATE", property: "name", details: [] }
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (json: unknown): ErrorDetail | undefined => read(json, bounds.depth, { left: bounds.entries })

const read = (json: unknown, depth: number, budget: { left: number }): ErrorDetail | undefined => {
  if (typeof json !== "object" || json === null) return undefined
  const body = json as { readonly [K in keyof ErrorBody]?: unknown }
  if (typeof body.error_code !== "string") return undefined
  const details: Array<ErrorDetail> = []
  if (Array.isArray(body.details) && depth > 0) {
    for (const entry of body.details) {
      if (budget.left <= 0) break
      if (entry === null) continue
      budget.left--
      const detail = read(entry, depth - 1, budget)
      if (detail !== undefined) details.push(detail)
    }
  }
  // By assignment: spreading optional fields would take as long as the rest of this function.
  const detail: Writable<ErrorDetail> = { code: body.error_code, details }
  if (typeof body.error_message === "string") detail.errorMessage = body.error_message
  if (typeof body.property === "string") detail.property = body.property
  return detail
}

type Writable<A> = { -readonly [K in keyof A]: A[K] }
