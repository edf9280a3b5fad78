/**
 * The failure of an exchange that never became an answer of PrivX: no connection, no trust, no time, no whole body.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

/**
 * Why the exchange failed.
 *
 * - `nameResolution`: the host name does not resolve
 * - `refused`: nothing listens there
 * - `reset`: the connection broke before the answer was whole
 * - `tls`: the TLS handshake failed; `detail` says how (unknown CA, expired, wrong name, …)
 * - `timeout`: one attempt, or a silence within a body, took longer than allowed
 * - `deadline`: the call as a whole, retries included, took longer than allowed
 * - `tooLarge`: the body is larger than allowed
 * - `truncated`: the body ended before its announced end
 * - `redirectRefused`: the server redirected to another origin, or too often
 * - `circuitOpen`: the circuit breaker of the origin is open
 * - `invalidRequest`: the request could not be sent as it is, e.g. a parameter that does not fit its schema
 * - `protocol`: what came is not HTTP
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Literals([
  "nameResolution",
  "refused",
  "reset",
  "tls",
  "timeout",
  "deadline",
  "tooLarge",
  "truncated",
  "redirectRefused",
  "circuitOpen",
  "invalidRequest",
  "protocol"
])

/**
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

/**
 * @since 0.1.0
 * @category errors
 */
export class TransportError extends Failure.rendered<object>({
  message: (self) => message(self as TransportError),
  hint: (self) => hint(self as TransportError)
})(
  Schema.TaggedError<TransportError, { readonly hint: string }>()("TransportError", {
    /** Name of the operation that failed, e.g. `Ueba.createSession`. */
    operation: Schema.String,
    reason: Reason,
    /** Scheme, host and port that was spoken to; never path or query, which can hold secrets. */
    origin: Schema.String,
    /** What the system said, without secrets, e.g. `certificate has expired`. */
    detail: Schema.String,
    /** The system's code where there is one, e.g. `ECONNREFUSED`. */
    code: Schema.optionalKey(Schema.String),
    /** What a caller that knows more advises, in the place of the reason's own hint. */
    advice: Schema.optionalKey(Schema.String)
  })
) {}

const what: Record<Reason, string> = {
  nameResolution: "the host name does not resolve",
  refused: "the connection was refused",
  reset: "the connection broke",
  tls: "no trusted TLS connection",
  timeout: "no answer in time",
  deadline: "the deadline passed",
  tooLarge: "the body is too large",
  truncated: "the body was cut short",
  redirectRefused: "a redirect was refused",
  circuitOpen: "the circuit breaker is open",
  invalidRequest: "the request cannot be sent",
  protocol: "the answer is not valid HTTP"
}

const message = (self: TransportError): string =>
  `${self.operation} failed: ${what[self.reason]} (${self.origin}${self.detail === "" ? "" : `: ${self.detail}`}).`

const hints: Record<Reason, string> = {
  nameResolution: "Check the host name in the base URL, and the name server of this machine.",
  refused: "Check the host and port in the base URL, and that PrivX is up.",
  reset: "Try again; if it stays, look for a proxy or firewall between here and PrivX.",
  tls: "If PrivX has its own CA, give it with --ca-file (PEM); otherwise check the name and the dates of the certificate.",
  timeout: "Try again; if it stays, check the load of PrivX and the way there.",
  deadline: "Try again later, or allow more time.",
  tooLarge: "Allow more bytes if such a size is right; a set-up script is a few kilobytes.",
  truncated: "Try again; if it stays, look for a proxy that cuts connections.",
  redirectRefused: "Use the final address as the base URL: credentials are not sent to another origin.",
  circuitOpen: "Wait: the server failed too often, and is left alone for a while.",
  invalidRequest: "Correct the parameter.",
  protocol: "Check the base URL, and whether it should be https."
}

const hint = (self: TransportError): string => self.advice ?? hints[self.reason]
