/**
 * A response that the API reference does not describe: an empty body, the HTML page of a proxy, JSON of another shape,
 * an undocumented status. It keeps the status, the content type and a bounded excerpt.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Failure from "./Failure.ts"

/**
 * Maximum length of an excerpt of the body, in characters.
 *
 * @since 0.1.0
 * @category constants
 */
export const excerptLimit = 512

const Reason = Schema.Literals(["empty", "html", "notJson", "otherJson", "undocumentedStatus"])

const reasons: Record<typeof Reason.Type, string> = {
  empty: "an empty body",
  html: "an HTML page",
  notJson: "a body that is not JSON",
  otherJson: "JSON of an undocumented shape",
  undocumentedStatus: "a status that the API reference does not document"
}

/**
 * The failure: which operation failed, and what the server sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnexpectedResponse extends Failure.Class<UnexpectedResponse>()(
  "UnexpectedResponse",
  {
    /** Name of the operation that failed, e.g. `Ueba.createSession`. */
    operation: Schema.String,
    /** HTTP status of the response. */
    status: Schema.Int,
    /** Why the response could not be used. */
    reason: Reason,
    /** `Content-Type` as sent. */
    contentType: Schema.optionalKey(Schema.String),
    /** The beginning of the body, at most {@link excerptLimit} characters, for a person to read. */
    excerpt: Schema.String,
    /** How long the server asked to wait (`Retry-After`); milliseconds in JSON. */
    retryAfter: Schema.optionalKey(Schema.DurationFromMillis),
    /** The server's id of the request, if it sent one (`X-Request-Id`). */
    requestId: Schema.optionalKey(Schema.String),
    /** Advice that replaces the hint of the class. */
    advice: Schema.optionalKey(Schema.String)
  },
  {
    message: (self) => {
      const excerpt = self.excerpt === "" ? "" : `: ${Failure.singleLine(self.excerpt, 120)}`
      return `${self.operation} failed: the server answered ${self.status} with ${reasons[self.reason]}${excerpt}.`
    },
    hint: (self) =>
      self.advice ??
      (self.reason === "html"
        ? "Check the base URL, and whether a proxy or load balancer answers instead of PrivX."
        : self.status === 401
          ? "Check the token or the credentials of the API client."
          : self.status === 404
            ? "Check the base URL and the path of the endpoint: this server does not have the endpoint."
            : self.status >= 500
              ? "Try again. If it fails again, check that PrivX is running."
              : "Check that the base URL is that of a PrivX host with a supported version."),
    section: (self) =>
      self.reason === "html"
        ? "unexpected-response"
        : self.status === 401
          ? "credentials"
          : self.status === 403
            ? "permission"
            : self.status === 429 || self.status >= 500
              ? "overload"
              : "unexpected-response"
  }
) {}
