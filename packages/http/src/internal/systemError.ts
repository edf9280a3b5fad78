/**
 * Converts exceptions of Node, OpenSSL and undici to a `TransportError`. The system's own texts are kept if they help
 * and contain no secret. A URL is never included, because a path can be a secret.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as TransportError from "../TransportError.ts"
import { ConnectFailure } from "./connectFailure.ts"
import * as TlsReasons from "./tlsReasons.ts"

export interface Where {
  readonly operation: string
  readonly origin: string
  /** Whether the head of the response had arrived: a closed connection then means a truncated body. */
  readonly headReceived: boolean
  /** The error of the socket, if undici does not pass it on. */
  readonly alert?: Error | undefined
}

const byCode: Readonly<Record<string, TransportError.Reason>> = {
  ENOTFOUND: "nameResolution",
  EAI_AGAIN: "nameResolution",
  EAI_NODATA: "nameResolution",
  EAI_FAIL: "nameResolution",
  ENODATA: "nameResolution",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "refused",
  EHOSTDOWN: "refused",
  ENETUNREACH: "refused",
  ENETDOWN: "refused",
  EADDRNOTAVAIL: "refused",
  EACCES: "refused",
  EPERM: "refused",
  ENOENT: "refused",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "truncated",
  UND_ERR_HEADERS_OVERFLOW: "tooLarge",
  HPE_HEADER_OVERFLOW: "tooLarge",
  HPE_INVALID_EOF_STATE: "truncated",
  UND_ERR_INVALID_ARG: "invalidRequest",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ECONNABORTED: "reset",
  UND_ERR_SOCKET: "reset",
  UND_ERR_DESTROYED: "reset",
  UND_ERR_CLOSED: "reset"
}

const malformed = "malformed HTTP"

export const toTransportError = (cause: unknown, where: Where): TransportError.TransportError => {
  if (cause instanceof ConnectFailure) return ofConnect(cause, where)
  const code = codeOf(cause)
  const make = maker(where, code)
  const alert = where.headReceived ? undefined : tlsOf(where.alert)
  if (alert !== undefined) return maker(where, codeOf(where.alert))("tls", alert.detail, alert.advice)
  if (code === undefined) {
    // The parser sets no code for some of its errors.
    const reason = nameOf(cause) === "HTTPParserError" ? "protocol" : "reset"
    return make(where.headReceived ? "truncated" : reason, reason === "protocol" ? malformed : "")
  }
  const tls = tlsOf(cause)
  if (tls !== undefined) return make("tls", tls.detail, tls.advice)
  const refusal = where.headReceived ? undefined : refusalOf(code, cause)
  if (refusal !== undefined) return make(...refusal)
  const known = byCode[code]
  if (known === "reset" && where.headReceived) return make("truncated", "the connection closed before the end")
  if (known !== undefined) return make(known, detailOf(known, cause))
  if (code.startsWith("HPE_")) return make(where.headReceived ? "truncated" : "protocol", malformed)
  return make(where.headReceived ? "truncated" : "reset", "")
}

type Make = (reason: TransportError.Reason, detail: string, advice?: string) => TransportError.TransportError

const maker =
  ({ operation, origin }: Where, code: string | undefined, proxy?: string): Make =>
  (reason, detail, advice) =>
    new TransportError.TransportError({
      operation,
      origin,
      reason,
      detail,
      ...(code === undefined ? undefined : { code }),
      ...(advice === undefined || advice === "" ? undefined : { advice }),
      ...(proxy === undefined ? undefined : { proxy })
    })

/** Heads that cannot be parsed. The request is not repeated: the next response would be the same. */
const refusalOf = (code: string, cause: unknown): Parameters<Make> | undefined => {
  if (code === "UND_ERR_HEADERS_OVERFLOW" || code === "HPE_HEADER_OVERFLOW") {
    return [
      "tooLarge",
      "the headers of the response are larger than 16 KiB",
      "Find the proxy or gateway that adds headers (usually cookies), and reduce them."
    ]
  }
  // The lengths contradict each other before any part of the body has arrived.
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" || code === "HPE_UNEXPECTED_CONTENT_LENGTH") {
    return [
      "protocol",
      "the head specifies the length of the body more than once",
      "Find the gateway that adds a second Content-Length or Transfer-Encoding."
    ]
  }
  const said = cause instanceof Error ? cause.message : ""
  // undici closes the connection on these two; it skips 102 and 103.
  if (code === "UND_ERR_SOCKET" && said === "bad response") {
    return [
      "protocol",
      "the server sent 100 Continue, which this client never requests",
      "Find the gateway that sends 100 Continue in response to requests without an Expect header, and disable that."
    ]
  }
  if (code === "UND_ERR_SOCKET" && said === "bad upgrade") {
    return ["protocol", "the server switched to another protocol (101), which this client never requests"]
  }
  return undefined
}

/** No connection was established. The failure names the step, and whether the proxy failed. */
const ofConnect = (failure: ConnectFailure, where: Where): TransportError.TransportError => {
  const code = codeOf(failure.cause)
  const proxy = failure.proxy?.origin
  const make = maker(where, code, proxy)
  if (failure.phase === "settings") return ofSettings(failure, make)
  if (failure.answer !== undefined) return ofProxy(failure.answer, make)
  const tls = failure.phase === "tls" ? tlsOf(failure.cause) : undefined
  if (tls !== undefined) return make("tls", tls.detail, tls.advice)
  const known = code === undefined ? undefined : byCode[code]
  if (failure.phase === "tls") {
    if (known === "timeout") return make("timeout", "the TLS handshake did not complete")
    if (known === "reset") return make("reset", "during the TLS handshake")
    return make("tls", code ?? "")
  }
  if (failure.phase === "proxy") return make("reset", "the proxy closed the connection")
  if (known === "timeout") return make("timeout", "no connection was made")
  const local = code === undefined ? undefined : localReasons[code]
  if (local !== undefined) return make("refused", `this machine could not open a connection: ${code}`, local)
  return make(known ?? (failure.phase === "resolve" ? "nameResolution" : "refused"), code ?? "")
}

const routeAdvice = "Check the network of this machine: its routes, and whether a VPN must be connected."

/** If the connection failed on this machine, the hint is not about PrivX. */
const localReasons: Readonly<Record<string, string>> = {
  EMFILE: "Raise the limit of open files (`ulimit -n`), then try again.",
  ENFILE: "This machine has too many open files. Close other programs, then try again.",
  ENOBUFS: "This machine has no memory left for connections. Close other programs, then try again.",
  ENOMEM: "This machine has no memory left for connections. Close other programs, then try again.",
  EADDRNOTAVAIL: "This machine has no free port or address. Close other connections, then try again.",
  EACCES: "Allow this user to open connections: a firewall or sandbox on this machine blocks them.",
  EPERM: "Allow this user to open connections: a firewall or sandbox on this machine blocks them.",
  ENETUNREACH: routeAdvice,
  ENETDOWN: routeAdvice
}

/** The settings of the connection are unusable: keys and certificates, or the proxy. */
const ofSettings = ({ answer, cause }: ConnectFailure, make: Make): TransportError.TransportError => {
  if (answer !== undefined) {
    const advice = answer.includes("with fetch")
      ? "Remove this option, or run the program on Node."
      : "Correct the proxy in the environment variable."
    return make("invalidRequest", answer, advice)
  }
  const reason = tlsOf(cause)
  if (reason !== undefined && reason.advice !== "") return make("tls", reason.detail, reason.advice)
  const said = codeOf(cause) === "ERR_NO_CERTIFICATE" && cause instanceof Error ? cause.message : codeOf(cause)
  return make(
    "tls",
    `the given certificates or key cannot be used: ${said}`,
    "Provide them completely, in PEM format, and check the passphrase of the key."
  )
}

/** A status of an HTTP proxy, or the error of the SOCKS library. */
const ofProxy = (answer: string, make: Make): TransportError.TransportError => {
  if (/timed out/i.test(answer)) return make("timeout", "the proxy did not respond")
  if (/socket closed/i.test(answer)) return make("reset", "the proxy closed the connection")
  if (answer === "407" || /authentication|auth type/i.test(answer)) {
    return make(
      "proxyRefused",
      `it does not accept the credentials (${answer})`,
      "Check the user name and the password of the proxy."
    )
  }
  // The proxy accepted the request but did not reach the server: another attempt may succeed.
  if (/^5\d\d$/.test(answer)) return make("refused", `the proxy did not reach the server (${answer})`)
  const reply = / - (HostUnreachable|NetworkUnreachable|ConnectionRefused|TTLExpired|Failure)$/.exec(answer)?.[1]
  if (reply !== undefined) return make("refused", `the proxy did not reach the server (${reply})`)
  return make("proxyRefused", Failure.singleLine(answer, 100))
}

const tlsOf = (cause: unknown): TlsReasons.TlsReason | undefined => {
  const code = codeOf(cause)
  const reason = code === undefined ? undefined : TlsReasons.ofCode(code)
  if (reason === undefined) return undefined
  return reason.detail === "" ? { detail: `the TLS handshake failed (${code})`, advice: "" } : reason
}

const detailOf = (reason: TransportError.Reason, cause: unknown): string =>
  reason === "invalidRequest" && cause instanceof Error ? cause.message : ""

const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : "")

/** A failed attempt on several addresses is an `AggregateError`: its first error is more specific. */
export const codeOf = (cause: unknown): string | undefined => {
  if (typeof cause !== "object" || cause === null) return undefined
  if ("code" in cause && typeof cause.code === "string") return cause.code
  if (cause instanceof AggregateError) return codeOf(cause.errors[0])
  return "cause" in cause ? codeOf(cause.cause) : undefined
}
