/**
 * An answer that the API reference does not describe: empty, a proxy's HTML page, JSON of another shape, a status that
 * is not documented. Nothing is guessed; status, content type and a bounded excerpt are kept for the reader.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Failure from "./Failure.ts"

/**
 * How much of a body an excerpt keeps, in characters.
 *
 * @since 0.1.0
 * @category constants
 */
export const excerptLimit = 512

/**
 * @since 0.1.0
 * @category errors
 */
export class UnexpectedResponse extends Failure.rendered<object>({
  message: (self) => message(self as UnexpectedResponse),
  hint: (self) => hint(self as UnexpectedResponse)
})(
  Schema.TaggedError<UnexpectedResponse, { readonly hint: string }>()("UnexpectedResponse", {
    /** Name of the operation that failed, e.g. `Ueba.createSession`. */
    operation: Schema.String,
    /** HTTP status of the answer. */
    status: Schema.Int,
    /** Why the answer could not be used. */
    reason: Schema.Literals(["empty", "html", "notJson", "otherJson", "undocumentedStatus"]),
    /** `Content-Type` as sent. */
    contentType: Schema.optionalKey(Schema.String),
    /** The beginning of the body, at most {@link excerptLimit} characters, for a person to read. */
    excerpt: Schema.String,
    /** How long the server asked to wait (`Retry-After`); milliseconds in JSON. */
    retryAfter: Schema.optionalKey(Schema.DurationFromMillis),
    /** The server's id of the request, when it sent one (`X-Request-Id`). */
    requestId: Schema.optionalKey(Schema.String),
    /** What a caller that knows more advises, in the place of the class's own hint. */
    advice: Schema.optionalKey(Schema.String)
  })
) {}

const reasons: Record<UnexpectedResponse["reason"], string> = {
  empty: "an empty body",
  html: "an HTML page",
  notJson: "a body that is not JSON",
  otherJson: "JSON of an undocumented shape",
  undocumentedStatus: "a status that the API reference does not have"
}

const message = (self: UnexpectedResponse): string => {
  const excerpt = self.excerpt === "" ? "" : `: ${Failure.singleLine(self.excerpt, 120)}`
  return `${self.operation} failed: the server answered ${self.status} with ${reasons[self.reason]}${excerpt}.`
}

const hint = (self: UnexpectedResponse): string => self.advice ?? ownHint(self)

const ownHint = (self: UnexpectedResponse): string =>
  self.reason === "html"
    ? "Check the base URL, and whether a proxy or load balancer answers in the place of PrivX."
    : self.status === 401
      ? "Check the token or the API client's credentials."
      : self.status === 404
        ? "Check the base URL and the path of the endpoint: this server does not have it."
        : self.status >= 500
          ? "Try again; if it stays, check that PrivX is up."
          : "Check that the base URL belongs to a PrivX of a supported version."
