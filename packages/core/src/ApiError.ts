/**
 * The typed failures of the PrivX API: one class for each `error_code`, and `UnknownErrorCode` for a code that the
 * reference does not list.
 *
 * The class name is the tag is what people match: `Effect.catchTag("MaxLoad", …)` works on any operation, and so does
 * `error.code === "MAX_LOAD"`. Each survives a JSON round trip as the same class (see {@link ApiError}).
 *
 * An answer that is no error body at all is an `UnexpectedResponse`, in its own module.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as ErrorBody from "./ErrorBody.ts"
import type { ErrorCode } from "./ErrorCode.ts"
import * as Failure from "./Failure.ts"
import type { UnexpectedResponse } from "./UnexpectedResponse.ts"

const fields = {
  /** HTTP status of the answer. */
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
  /** The server's id of the request, when it sent one (`X-Request-Id`). */
  requestId: Schema.optionalKey(Schema.String),
  /** What a caller that knows more advises, in the place of the class's own hint. */
  advice: Schema.optionalKey(Schema.String)
}

const withCode = <Code extends string>(code: Code) => ({ code: Schema.tag(code), ...fields })

interface Shape extends Failure.Failure {
  readonly code: string
  readonly status: number
  readonly operation: string
  readonly errorMessage?: string
  readonly property?: string
  readonly details: ReadonlyArray<ErrorBody.ErrorDetail>
  readonly retryAfter?: Duration.Duration
  readonly requestId?: string
  readonly advice?: string
}

/** Fields that every class gets from its prototype. */
interface Hinted {
  readonly hint: string
}

const rendered = (hint: string | ((self: Shape) => string)) =>
  Failure.rendered<object>({
    message: (self) => describe(self as Shape),
    hint: (self) => (self as Shape).advice ?? (typeof hint === "string" ? hint : hint(self as Shape))
  })

const describe = (self: Shape): string => {
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

const passing = (self: Shape): string =>
  self.retryAfter === undefined
    ? "This passes by itself: try again in a moment."
    : `This passes by itself: try again in ${Duration.format(self.retryAfter)}.`

/**
 * `GENERAL_ERROR`: what PrivX says when no other code fits. Retried when the status is 500 or more.
 *
 * @since 0.1.0
 * @category errors
 */
export class GeneralError extends rendered((self) =>
  self.status === 404
    ? "Check that the id is right and has not expired."
    : self.status === 401
      ? "Check the token or the API client's credentials."
      : self.status === 403
        ? "Give the account the scope that the operation needs."
        : "Look into the PrivX log of that time for the reason."
)(Schema.TaggedError<GeneralError, Hinted>()("GeneralError", withCode("GENERAL_ERROR"))) {}

/**
 * `BAD_REQUEST`: the server could not make sense of the request.
 *
 * @since 0.1.0
 * @category errors
 */
export class BadRequest extends rendered(
  "Compare the versions of privx-kit and PrivX: the request was not understood."
)(Schema.TaggedError<BadRequest, Hinted>()("BadRequest", withCode("BAD_REQUEST"))) {}

/**
 * `PERMISSION_DENIED`: the account may not do this.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermissionDenied extends rendered((self) =>
  self.status === 401
    ? "Check the token or the API client's credentials."
    : "Give the account the role and scope that the operation needs."
)(Schema.TaggedError<PermissionDenied, Hinted>()("PermissionDenied", withCode("PERMISSION_DENIED"))) {}

/**
 * `INVALID_REQUEST_DATA`: the request was understood, and its data refused.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequestData extends rendered("Correct the value that the message names.")(
  Schema.TaggedError<InvalidRequestData, Hinted>()("InvalidRequestData", withCode("INVALID_REQUEST_DATA"))
) {}

/**
 * `REQUIRED_VALUE_MISSING`: a required field was not sent; `property` names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequiredValueMissing extends rendered("Give the value that the message names.")(
  Schema.TaggedError<RequiredValueMissing, Hinted>()("RequiredValueMissing", withCode("REQUIRED_VALUE_MISSING"))
) {}

/**
 * `VALUE_OUT_OF_BOUNDS`: a value is too small or too large; `property` names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ValueOutOfBounds extends rendered("Choose a value within the bounds that PrivX accepts.")(
  Schema.TaggedError<ValueOutOfBounds, Hinted>()("ValueOutOfBounds", withCode("VALUE_OUT_OF_BOUNDS"))
) {}

/**
 * `VALUE_INCORRECT_TYPE`: a value has the wrong JSON type; `property` names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ValueIncorrectType extends rendered("Send the value with the type that the API reference gives.")(
  Schema.TaggedError<ValueIncorrectType, Hinted>()("ValueIncorrectType", withCode("VALUE_INCORRECT_TYPE"))
) {}

/**
 * `VALUE_INCORRECT_FORMAT`: a value has the right type and a wrong form, e.g. an id that is no UUID.
 *
 * @since 0.1.0
 * @category errors
 */
export class ValueIncorrectFormat extends rendered("Send the value in the format that the API reference gives.")(
  Schema.TaggedError<ValueIncorrectFormat, Hinted>()("ValueIncorrectFormat", withCode("VALUE_INCORRECT_FORMAT"))
) {}

/**
 * `VALUE_DUPLICATE`: a value that must be unique exists already.
 *
 * @since 0.1.0
 * @category errors
 */
export class ValueDuplicate extends rendered("Use the object that exists already, or choose another value.")(
  Schema.TaggedError<ValueDuplicate, Hinted>()("ValueDuplicate", withCode("VALUE_DUPLICATE"))
) {}

/**
 * `CONFIGURATION_ERROR`: PrivX itself is not configured for this.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigurationError extends rendered(
  "Complete the configuration in PrivX first; for a UEBA set-up, the address and trust anchors of the UEBA server."
)(Schema.TaggedError<ConfigurationError, Hinted>()("ConfigurationError", withCode("CONFIGURATION_ERROR"))) {}

/**
 * `OUT_OF_RESOURCES`: PrivX has run out of something it needs. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutOfResources extends rendered(passing)(
  Schema.TaggedError<OutOfResources, Hinted>()("OutOfResources", withCode("OUT_OF_RESOURCES"))
) {}

/**
 * `MAX_LOAD`: PrivX is at its maximum load. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class MaxLoad extends rendered(passing)(
  Schema.TaggedError<MaxLoad, Hinted>()("MaxLoad", withCode("MAX_LOAD"))
) {}

/**
 * `TOO_MANY_CONNECTIONS`: PrivX has too many connections open. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class TooManyConnections extends rendered(passing)(
  Schema.TaggedError<TooManyConnections, Hinted>()("TooManyConnections", withCode("TOO_MANY_CONNECTIONS"))
) {}

/**
 * `DATABASE_ERROR`: PrivX could not use its database. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class DatabaseError extends rendered("Try again; if it stays, check the database of PrivX.")(
  Schema.TaggedError<DatabaseError, Hinted>()("DatabaseError", withCode("DATABASE_ERROR"))
) {}

/**
 * `CACHE_ERROR`: PrivX could not use its cache. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class CacheError extends rendered("Try again; if it stays, check the cache of PrivX.")(
  Schema.TaggedError<CacheError, Hinted>()("CacheError", withCode("CACHE_ERROR"))
) {}

/**
 * `INTRA_SERVICE_COMMUNICATION_ERROR`: two services of PrivX could not talk to each other. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class IntraServiceCommunicationError extends rendered(
  "Try again; if it stays, check that all services of PrivX are up."
)(
  Schema.TaggedError<IntraServiceCommunicationError, Hinted>()(
    "IntraServiceCommunicationError",
    withCode("INTRA_SERVICE_COMMUNICATION_ERROR")
  )
) {}

/**
 * An error body whose `error_code` is none of the sixteen; `code` is the code as sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnknownErrorCode extends rendered(
  "This privx-kit does not know the code: look into the release notes of your PrivX, or update privx-kit."
)(Schema.TaggedError<UnknownErrorCode, Hinted>()("UnknownErrorCode", { code: Schema.String, ...fields })) {}

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
 * The union of all failures that PrivX itself can answer with, and its codec: encoding to JSON and decoding again gives
 * the same class with the same fields.
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
 * What is known about an answer beside its body.
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
 * The typed failure for an error body.
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
 * The same failure, of the same class, with other advice for the reader.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withAdvice = <Self extends ApiError | UnexpectedResponse>(failure: Self, advice: string): Self => {
  const failureClass = failure.constructor as unknown as { readonly identifier: string; readonly prototype: Self }
  return Failure.trusted(failureClass, { ...failure, advice })
}
