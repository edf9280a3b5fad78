/**
 * The documented error responses of an endpoint, as schemas for its `HttpApiEndpoint`, so that the OpenAPI document
 * shows them and a server can send them. A client never decodes with them: the transport converts every status of 400
 * and above to a typed failure.
 *
 * @since 0.1.0
 */
import * as ApiError from "@privx-kit/core/ApiError"
import * as ErrorBody from "@privx-kit/core/ErrorBody"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/**
 * Writes a failure as its body on the wire.
 *
 * **When to use**: in a server that responds as PrivX does, for example a simulator.
 *
 * @example
 * ```ts
 * import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
 *
 * export const body = ErrorResponses.toErrorBody({ code: "VALUE_DUPLICATE", property: "name", details: [] })
 * // { error_code: "VALUE_DUPLICATE", property: "name" }
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const toErrorBody = (error: {
  readonly code: string
  readonly errorMessage?: string
  readonly property?: string
  readonly details: ReadonlyArray<ErrorBody.ErrorDetail>
}): ErrorBody.ErrorBody => ({
  error_code: error.code,
  ...(error.errorMessage === undefined ? undefined : { error_message: error.errorMessage }),
  ...(error.property === undefined ? undefined : { property: error.property }),
  ...(error.details.length === 0 ? undefined : { details: error.details.map(toErrorBody) })
})

/** For a server that fails with an `ApiError`, the schema of its status encodes the response. */
const at = (status: number, description: string) =>
  ErrorBody.ErrorBody.pipe(
    Schema.decodeTo(Schema.toType(ApiError.ApiError).check(Schema.makeFilter((error) => error.status === status)), {
      decode: SchemaGetter.transform((body: ErrorBody.ErrorBody) =>
        ApiError.make(ErrorBody.parse(body) ?? { code: body.error_code, details: [] }, { status, operation: "" })
      ),
      encode: SchemaGetter.transform(toErrorBody)
    })
  )
    .annotate({ description })
    .pipe(HttpApiSchema.status(status))

/**
 * The failures that every page documents: 400, 401, 403, 404, with the page's own descriptions. Source: seed pages.
 *
 * @since 0.1.0
 * @category schemas
 */
export const documented = [
  at(400, "Bad request"),
  at(401, "Unauthorized request, OAuth2 authorization missing or invalid"),
  at(403, "Unauthorized request, OAuth2 authorization OK but scope insufficient"),
  at(404, "Resource not found")
] as const

/**
 * The same and 500, as the UEBA page documents them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const documentedWith500 = [...documented, at(500, "Internal server error")] as const
