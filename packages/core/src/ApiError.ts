/**
 * The typed failures of the PrivX API: one class for each `error_code`, and `UnknownErrorCode` for a code that the
 * reference does not list.
 *
 * The class name is the tag that people match: `Effect.catchTag("MaxLoad", …)` works on any operation, and so does
 * `error.code === "MAX_LOAD"`. Each survives a JSON round trip as the same class (see {@link ApiError}).
 *
 * A response without an error body is an `UnexpectedResponse`, in its own module.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as ErrorBody from "./ErrorBody.ts"
import type { ErrorCode } from "./ErrorCode.ts"
import * as Failure from "./Failure.ts"

const fields = {
  /** HTTP status of the response. */
  status: Schema.Int,
  /** Name of the operation that failed, as in its span, e.g. `Ueba.createSession`. */
  operation: Schema.String,
  /** `error_message` as sent. */
  errorMessage: Schema.optionalKey(Schema.String),
  /** Name of the field at fault, as sent. */
  property: Schema.optionalKey(Schema.String),
  /** The nested errors; `null` entries are dropped. */
  details: Schema.Array(ErrorBody.ErrorDetail),
  /** How long the server asked to wait (`Retry-After`); milliseconds in JSON. */
  retryAfter: Schema.optionalKey(Schema.DurationFromMillis),
  /** The server's id of the request, if it sent one (`X-Request-Id`). */
  requestId: Schema.optionalKey(Schema.String),
  /** Advice that replaces the hint of the class. */
  advice: Schema.optionalKey(Schema.String)
}

type Fields = Schema.Struct.Type<typeof fields> & { readonly code: string }

const rendering = (hint: Failure.Rendering<Fields>["hint"]): Failure.Rendering<Fields> => ({
  message: describe,
  hint: (self) => self.advice ?? (typeof hint === "string" ? hint : hint(self)),
  section: sectionOf
})

/** The class for an error code. These classes differ only in tag, code and hint. */
const ClassFor =
  <Self>() =>
  <Tag extends string, Code extends ErrorCode>(tag: Tag, code: Code, hint: Failure.Rendering<Fields>["hint"]) =>
    Failure.Class<Self>()(tag, { code: Schema.tag(code), ...fields }, rendering(hint))

const sectionOf = ({ status }: Fields): string | undefined =>
  status === 401
    ? "credentials"
    : status === 403
      ? "permission"
      : status === 429 || status >= 500
        ? "overload"
        : undefined

const describe = (self: Fields): string => {
  const property = self.property === undefined ? "" : ` (property "${self.property}")`
  const text = self.errorMessage === undefined || self.errorMessage === "" ? "" : `: ${self.errorMessage}`
  const request = self.requestId === undefined ? "" : ` [request ${self.requestId}]`
  const nested = self.details.length === 0 ? "" : ` (${self.details.map(describeDetail).join("; ")})`
  return `${self.operation} failed: PrivX answered ${self.status} ${self.code}${property}${text}${nested}${request}.`
}

const describeDetail = (detail: ErrorBody.ErrorDetail): string => {
  const property = detail.property === undefined ? "" : ` "${detail.property}"`
  const text = detail.errorMessage === undefined ? "" : `: ${detail.errorMessage}`
  return `${detail.code}${property}${text}`
}

const passing = (self: Fields): string =>
  self.retryAfter === undefined
    ? "This is temporary. Try again in a moment."
    : `This is temporary. Try again in ${Duration.format(self.retryAfter)}.`

/**
 * `GENERAL_ERROR`: the code that PrivX uses when no other code fits. Retried if the status is 500 or more.
 *
 * @since 0.1.0
 * @category errors
 */
export class GeneralError extends ClassFor<GeneralError>()("GeneralError", "GENERAL_ERROR", (self) =>
  self.status === 404
    ? "Check that the id is correct and has not expired."
    : self.status === 401
      ? "Check the token or the credentials of the API client."
      : self.status === 403
        ? "Give the account a role with the scope that the operation requires."
        : "Search the PrivX log for the cause."
) {}

/**
 * `BAD_REQUEST`: the server did not understand the request.
 *
 * @since 0.1.0
 * @category errors
 */
export class BadRequest extends ClassFor<BadRequest>()(
  "BadRequest",
  "BAD_REQUEST",
  "PrivX did not understand the request. Check that this version of privx-kit supports your version of PrivX."
) {}

/**
 * `PERMISSION_DENIED`: the account may not do this.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermissionDenied extends ClassFor<PermissionDenied>()("PermissionDenied", "PERMISSION_DENIED", (self) =>
  self.status === 401
    ? "Check the token or the credentials of the API client."
    : "Give the account a role with the scope that the operation requires."
) {}

/**
 * `INVALID_REQUEST_DATA`: the request was understood, but its data was refused.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequestData extends ClassFor<InvalidRequestData>()(
  "InvalidRequestData",
  "INVALID_REQUEST_DATA",
  "Correct the value named in the message."
) {}

/**
 * `REQUIRED_VALUE_MISSING`: a required field was not sent; `property` names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequiredValueMissing extends ClassFor<RequiredValueMissing>()(
  "RequiredValueMissing",
  "REQUIRED_VALUE_MISSING",
  "Add the value named in the message."
) {}

/**
 * `VALUE_OUT_OF_BOUNDS`: a value is too small or too large; `property` names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ValueOutOfBounds extends ClassFor<ValueOutOfBounds>()(
  "ValueOutOfBounds",
  "VALUE_OUT_OF_BOUNDS",
  "Choose a value within the limits that PrivX accepts."
) {}

/**
 * `VALUE_INCORRECT_TYPE`: a value has the wrong JSON type; `property` names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ValueIncorrectType extends ClassFor<ValueIncorrectType>()(
  "ValueIncorrectType",
  "VALUE_INCORRECT_TYPE",
  "Send the value with the type that the API reference specifies."
) {}

/**
 * `VALUE_INCORRECT_FORMAT`: a value has the right type but a wrong format, e.g. an id that is not a UUID.
 *
 * @since 0.1.0
 * @category errors
 */
export class ValueIncorrectFormat extends ClassFor<ValueIncorrectFormat>()(
  "ValueIncorrectFormat",
  "VALUE_INCORRECT_FORMAT",
  "Send the value in the format that the API reference specifies."
) {}

/**
 * `VALUE_DUPLICATE`: a value that must be unique already exists.
 *
 * @since 0.1.0
 * @category errors
 */
export class ValueDuplicate extends ClassFor<ValueDuplicate>()(
  "ValueDuplicate",
  "VALUE_DUPLICATE",
  "Use the existing object, or choose another value."
) {}

/**
 * `CONFIGURATION_ERROR`: PrivX itself is not configured for the operation.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigurationError extends ClassFor<ConfigurationError>()(
  "ConfigurationError",
  "CONFIGURATION_ERROR",
  "Complete the configuration in PrivX first. For a UEBA setup, configure the address and the trust anchors of the UEBA server."
) {}

/**
 * `OUT_OF_RESOURCES`: PrivX has run out of a resource. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutOfResources extends ClassFor<OutOfResources>()("OutOfResources", "OUT_OF_RESOURCES", passing) {}

/**
 * `MAX_LOAD`: PrivX is at its maximum load. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class MaxLoad extends ClassFor<MaxLoad>()("MaxLoad", "MAX_LOAD", passing) {}

/**
 * `TOO_MANY_CONNECTIONS`: PrivX has too many connections open. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class TooManyConnections extends ClassFor<TooManyConnections>()(
  "TooManyConnections",
  "TOO_MANY_CONNECTIONS",
  passing
) {}

/**
 * `DATABASE_ERROR`: PrivX could not use its database. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class DatabaseError extends ClassFor<DatabaseError>()(
  "DatabaseError",
  "DATABASE_ERROR",
  "Try again. If it fails again, check the database of PrivX."
) {}

/**
 * `CACHE_ERROR`: PrivX could not use its cache. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class CacheError extends ClassFor<CacheError>()(
  "CacheError",
  "CACHE_ERROR",
  "Try again. If it fails again, check the cache of PrivX."
) {}

/**
 * `INTRA_SERVICE_COMMUNICATION_ERROR`: two services of PrivX could not communicate. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class IntraServiceCommunicationError extends ClassFor<IntraServiceCommunicationError>()(
  "IntraServiceCommunicationError",
  "INTRA_SERVICE_COMMUNICATION_ERROR",
  "Try again. If it fails again, check that all services of PrivX are running."
) {}

/**
 * An error body with an `error_code` other than the sixteen; `code` is the code as sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnknownErrorCode extends Failure.Class<UnknownErrorCode>()(
  "UnknownErrorCode",
  { code: Schema.String, ...fields },
  rendering(
    "This version of privx-kit does not know the error code. Update privx-kit, or search the release notes of your PrivX version for the code."
  )
) {}

const classes = {
  GENERAL_ERROR: GeneralError,
  BAD_REQUEST: BadRequest,
  PERMISSION_DENIED: PermissionDenied,
  INVALID_REQUEST_DATA: InvalidRequestData,
  REQUIRED_VALUE_MISSING: RequiredValueMissing,
  VALUE_OUT_OF_BOUNDS: ValueOutOfBounds,
  VALUE_INCORRECT_TYPE: ValueIncorrectType,
  VALUE_INCORRECT_FORMAT: ValueIncorrectFormat,
  VALUE_DUPLICATE: ValueDuplicate,
  CONFIGURATION_ERROR: ConfigurationError,
  OUT_OF_RESOURCES: OutOfResources,
  MAX_LOAD: MaxLoad,
  TOO_MANY_CONNECTIONS: TooManyConnections,
  DATABASE_ERROR: DatabaseError,
  CACHE_ERROR: CacheError,
  INTRA_SERVICE_COMMUNICATION_ERROR: IntraServiceCommunicationError
} as const satisfies Record<ErrorCode, unknown>

/**
 * The union of all error responses of PrivX, and its codec: encoding to JSON and decoding again gives the same class
 * with the same fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ApiError = Schema.Union([...Object.values(classes), UnknownErrorCode])

/**
 * @since 0.1.0
 * @category models
 */
export type ApiError = InstanceType<(typeof classes)[ErrorCode]> | UnknownErrorCode

/**
 * The facts about a response in addition to its body.
 *
 * @since 0.1.0
 * @category models
 */
export interface Context {
  readonly status: number
  readonly operation: string
  readonly retryAfter?: Duration.Duration
  readonly requestId?: string
}

/**
 * Makes the typed failure for an error body.
 *
 * **Details**: the class is the one of the `error_code`, or `UnknownErrorCode` for a code that the reference does not list.
 *
 * **Errors**: none: every body gives a failure. The fields are not validated.
 *
 * @example
 * ```ts
 * import * as ApiError from "@privx-kit/core/ApiError"
 *
 * const failure = ApiError.make({ code: "MAX_LOAD", details: [] }, { status: 503, operation: "Secrets.list" })
 * export const tag = failure._tag // MaxLoad
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (body: ErrorBody.ErrorDetail, context: Context): ApiError =>
  Failure.trusted<ApiError>(Object.hasOwn(classes, body.code) ? classes[body.code as ErrorCode] : UnknownErrorCode, {
    ...body,
    ...context
  })

/**
 * Returns the same failure, of the same class, with a different hint.
 *
 * **When to use**: where the caller knows better what the reader can do than the class of the failure does.
 *
 * @example
 * ```ts
 * import * as ApiError from "@privx-kit/core/ApiError"
 *
 * export const advised = (failure: ApiError.ApiError) =>
 *   failure.status === 404 ? ApiError.withAdvice(failure, "Check the name of the secret.") : failure
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const withAdvice = <Self extends Failure.Failure & { readonly advice?: string }>(
  failure: Self,
  advice: string
): Self => {
  const failureClass = failure.constructor as unknown as { readonly identifier: string; readonly prototype: Self }
  return Failure.trusted(failureClass, { ...failure, advice })
}
