/**
 * The action of a fault. `Fault` says which requests it affects, and how often.
 *
 * There are two kinds. An **answer** (`Error`, `Empty`, `Html`, `Malformed`, `Json`, `Redirect`) replaces the real
 * response: the operation is not executed, and no token is required. A **transfer** (`Delay`, `Stall`, `Reset`,
 * `Truncate`, `WrongLength`, `Slow`, `CloseDelimited`) executes the operation and damages the transfer of its response:
 * a session that was created still exists, as if the network had failed after the request.
 *
 * @since 0.1.0
 */
import * as ErrorBody from "@privx-kit/core/ErrorBody"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** A final status. Interim statuses (1xx) are not allowed. */
const Status = Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 }))

const Bytes = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 32 }))

const AtLeastOneByte = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 32 }))

/** Text that UTF-8 can encode, for the wire and the command line. */
const Text = Schema.String.check(
  Schema.makeFilter((text: string) => text.isWellFormed() || "a text without lone surrogates")
)

const HeaderValue = Schema.String.check(Schema.isPattern(/^[\x21-\x7e]+$/, { expected: "visible ASCII characters" }))

/** Whole milliseconds, at most a day, as in the text form. Milliseconds in JSON. */
const Wait = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 86_400_000 })).pipe(
  Schema.decodeTo(
    Schema.Duration.check(
      Schema.makeFilter((duration: Duration.Duration) => {
        const millis = Duration.toMillis(duration)
        return (Number.isInteger(millis) && millis >= 0 && millis <= 86_400_000) || "whole milliseconds, at most a day"
      })
    ),
    {
      decode: SchemaGetter.transform((millis: number) => Duration.millis(millis)),
      encode: SchemaGetter.transform((duration: Duration.Duration) => Duration.toMillis(duration))
    }
  )
)

/**
 * A `Retry-After` header in one of its two forms: a number of seconds, or the HTTP date that is this many seconds ahead
 * when the response is sent.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RetryAfter = Schema.Struct({
  form: Schema.Literals(["seconds", "date"]),
  seconds: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 86_400 }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type RetryAfter = typeof RetryAfter.Type

/**
 * All actions of faults.
 *
 * - `Error`: an error body with any status and any code, including codes that no reference lists
 * - `Empty`: a status and no body
 * - `Html`: a proxy's page
 * - `Malformed`: `Content-Type: application/json`, and a body that ends within a string
 * - `Json`: JSON of another shape
 * - `Redirect`: to `location`, with a body-less 3xx
 * - `Delay`: the correct response, later
 * - `Stall`: no response; with `after`, the head and that many bytes of the body, then silence
 * - `Reset`: the connection is reset (TCP RST) before the head; with `after`, after that many bytes of the body
 * - `Truncate`: the connection is closed normally after `after` bytes. `length`: a full `Content-Length` was announced.
 *   `chunked`: the terminating chunk is missing
 * - `WrongLength`: `Content-Length` is wrong `by` this many bytes (negative: less is announced than sent), then the
 *   connection is closed
 * - `Slow`: `bytes` at a time, with a pause of `every` before each further portion
 * - `CloseDelimited`: a body without a length, delimited by closing the connection, as in HTTP/1.0; with `after`,
 *   closed after that many bytes, so that the truncation cannot be detected on the wire
 *
 * @since 0.1.0
 * @category schemas
 */
export const FaultAction = Schema.TaggedUnion({
  Error: {
    status: Status,
    code: Text,
    message: Schema.optionalKey(Text),
    property: Schema.optionalKey(Text),
    details: Schema.optionalKey(Schema.Array(Schema.NullOr(ErrorBody.ErrorBody))),
    retryAfter: Schema.optionalKey(RetryAfter)
  },
  Empty: { status: Status, retryAfter: Schema.optionalKey(RetryAfter) },
  Html: { status: Status, body: Schema.optionalKey(Text), retryAfter: Schema.optionalKey(RetryAfter) },
  Malformed: { status: Status },
  Json: { status: Status, body: Schema.Json, retryAfter: Schema.optionalKey(RetryAfter) },
  Redirect: { status: Schema.Literals([301, 302, 303, 307, 308]), location: HeaderValue },
  Delay: { by: Wait },
  Stall: { after: Schema.optionalKey(Bytes) },
  Reset: { after: Schema.optionalKey(Bytes) },
  Truncate: { after: Bytes, framing: Schema.Literals(["length", "chunked"]) },
  WrongLength: {
    by: Schema.Int.check(
      Schema.isBetween({ minimum: -(2 ** 32), maximum: 2 ** 32 }),
      Schema.makeFilter((by: number) => by !== 0 || "not zero")
    )
  },
  Slow: { bytes: AtLeastOneByte, every: Wait },
  CloseDelimited: { after: Schema.optionalKey(Bytes) }
})

/**
 * @since 0.1.0
 * @category models
 */
export type FaultAction = typeof FaultAction.Type

/**
 * The actions that replace the real response.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer = Extract<
  FaultAction,
  { readonly _tag: "Error" | "Empty" | "Html" | "Malformed" | "Json" | "Redirect" }
>

/**
 * The actions that damage the transfer of the real response.
 *
 * @since 0.1.0
 * @category models
 */
export type Transfer = Exclude<FaultAction, Answer>

/**
 * Returns whether the action replaces the real response.
 *
 * @example
 * ```ts
 * import * as FaultAction from "@privx-kit/simulator/FaultAction"
 *
 * const isExecuted = (action: FaultAction.FaultAction) => !FaultAction.isAnswer(action)
 * ```
 *
 * @since 0.1.0
 * @category guards
 */
export const isAnswer: (action: FaultAction) => action is Answer = FaultAction.isAnyOf([
  "Error",
  "Empty",
  "Html",
  "Malformed",
  "Json",
  "Redirect"
])
