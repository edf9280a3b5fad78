/**
 * The failure of a call that received no complete response from PrivX: no connection, no trust, a timeout, or a
 * truncated body.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

/**
 * Why the exchange failed.
 *
 * - `nameResolution`: the host name does not resolve
 * - `refused`: no server listens on the port
 * - `reset`: the connection was closed before the response was complete
 * - `proxyRefused`: the proxy rejected the request, e.g. because it requires credentials
 * - `tls`: the TLS handshake failed; `detail` says how (unknown CA, expired, wrong name, …)
 * - `timeout`: one attempt, or a pause within a body, took longer than allowed
 * - `deadline`: the call, including its retries and its login, took longer than allowed
 * - `tooLarge`: the body or the headers are larger than allowed
 * - `truncated`: the body ended before its announced end
 * - `redirectRefused`: the server redirected to another origin, or too many times
 * - `circuitOpen`: the circuit breaker of the origin is open
 * - `invalidRequest`: the request cannot be sent, e.g. because a parameter does not match its schema
 * - `protocol`: the response is not HTTP, or not valid for the request
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Literals([
  "nameResolution",
  "refused",
  "proxyRefused",
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
 * The failure: which operation failed on the way to which server, and why.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransportError extends Failure.Class<TransportError>()(
  "TransportError",
  {
    /** Name of the operation that failed, e.g. `Ueba.createSession`. */
    operation: Schema.String,
    reason: Reason,
    /** Scheme, host and port of the server; never a path or a query, which may contain secrets. */
    origin: Schema.String,
    /** Details, without secrets, e.g. `the certificate has expired`. */
    detail: Schema.String,
    /** The system's error code, if there is one, e.g. `ECONNREFUSED`. */
    code: Schema.optionalKey(Schema.String),
    /** Scheme, host and port of the proxy, if the proxy failed or was not reached. */
    proxy: Schema.optionalKey(Schema.String),
    /** Advice that replaces the hint of the reason. */
    advice: Schema.optionalKey(Schema.String)
  },
  {
    message: (self) => {
      const detail = self.detail === "" ? "" : `: ${self.detail}`
      return self.proxy === undefined
        ? `${self.operation} failed: ${what[self.reason]} (${self.origin}${detail}).`
        : `${self.operation} failed at the proxy ${self.proxy}, on the way to ${self.origin}: ${what[self.reason]}${detail}.`
    },
    hint: (self) => {
      const own = self.advice ?? hints[self.reason]
      return self.proxy === undefined ? own : `${self.advice === undefined ? "" : `${own} `}${proxyHint}`
    },
    section: (self) => (self.proxy === undefined ? sections[self.reason] : "proxy")
  }
) {}

const what: Record<Reason, string> = {
  nameResolution: "the host name does not resolve",
  refused: "the connection was refused",
  proxyRefused: "the proxy refused",
  reset: "the connection was lost",
  tls: "no trusted TLS connection",
  timeout: "the server did not respond in time",
  deadline: "the deadline passed",
  tooLarge: "the response is too large",
  truncated: "the body was cut short",
  redirectRefused: "a redirect was refused",
  circuitOpen: "the circuit breaker is open",
  invalidRequest: "the request cannot be sent",
  protocol: "the response is not valid HTTP"
}

const hints: Record<Reason, string> = {
  nameResolution: "Check the host name in the base URL, and the DNS settings of this machine.",
  refused: "Check the host and the port in the base URL, and that PrivX is running.",
  proxyRefused: "Check that the proxy allows connections to this host.",
  reset: "Try again. If it fails again, check for a proxy or firewall between this machine and PrivX.",
  tls: "If PrivX uses a private CA, trust that CA (PEM). Otherwise check the host name and the dates of the certificate.",
  timeout: "Try again. If it fails again, check the load of PrivX and the network.",
  deadline: "Try again later, or set a longer deadline.",
  tooLarge: "If this size is expected, increase the limit. A setup script usually has a few kilobytes.",
  truncated: "Try again. If it fails again, check for a proxy that closes connections early.",
  redirectRefused: "Open the address in the message: either it is the login page of a gateway, or PrivX has moved.",
  circuitOpen: "Wait until the time in the message has passed. The server has failed too many times.",
  invalidRequest: "Correct the value named in the message.",
  protocol: "Check the base URL, and whether it should start with https."
}

const sections: Record<Reason, string> = {
  nameResolution: "name-resolution",
  refused: "connection-refused",
  proxyRefused: "proxy",
  reset: "connection-broken",
  tls: "certificate",
  timeout: "timeout",
  deadline: "deadline",
  tooLarge: "too-large",
  truncated: "cut-short",
  redirectRefused: "redirect",
  circuitOpen: "circuit-breaker",
  invalidRequest: "request",
  protocol: "not-http"
}

const proxyHint =
  "Check the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; if PrivX is reachable without a proxy, add its host to NO_PROXY."
