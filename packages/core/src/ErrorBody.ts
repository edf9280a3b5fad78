/**
 * The error body of the PrivX API as it stands on the wire, and the tolerant way to read it.
 *
 * ```json
 * { "error_code": "GENERAL_ERROR", "error_message": "text", "property": "field at fault", "details": [null] }
 * ```
 *
 * `error_code` is required, the rest optional; `details` is the same object again, recursively, and its entries may be
 * `null` (the page's own example is `[null]`). Source: seed pages.
 *
 * This module knows the shape only. What a body means is in `ApiError`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

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
 * The schema of {@link ErrorBody}: for servers that write it (the simulator) and for the OpenAPI document.
 * Clients read with {@link parse}, which forgives what a schema would not.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody: Schema.Codec<ErrorBody> = Schema.Struct({
  error_code: Schema.String,
  error_message: Schema.optionalKey(Schema.String),
  property: Schema.optionalKey(Schema.String),
  details: Schema.optionalKey(Schema.Array(Schema.NullOr(Schema.suspend((): Schema.Codec<ErrorBody> => ErrorBody))))
}).annotate({ identifier: "ErrorBody", description: "Standard error of the PrivX API" })

/**
 * One entry of `details`, as the kit hands it on: names in camel case, `null` entries dropped.
 * `code` stays open, because a detail may carry a code that the reference does not list.
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
 * How deep and how wide `details` is followed. A body is written by somebody else: without bounds a hostile one would
 * exhaust the stack, or grow a log line without end. What lies beyond is dropped.
 *
 * @since 0.1.0
 * @category constants
 */
export const bounds = { depth: 16, entries: 256 } as const

/**
 * Reads a parsed JSON value as an error body. `undefined` when it is not one, that is, when it is no object or has no
 * string `error_code`. An optional field of a wrong type is left out rather than losing the code.
 *
 * Written by hand instead of `Schema.decodeUnknown` for three reasons: it is total, it is bounded (see {@link bounds}),
 * and it lies on the path of every failure. A property test holds it against the schema.
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
  // By assignment: spreading what may be missing would take as long as all the rest of this.
  const detail: Writable<ErrorDetail> = { code: body.error_code, details }
  if (typeof body.error_message === "string") detail.errorMessage = body.error_message
  if (typeof body.property === "string") detail.property = body.property
  return detail
}

type Writable<A> = { -readonly [K in keyof A]: A[K] }
