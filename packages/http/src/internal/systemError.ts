/**
 * From what Node, OpenSSL and undici throw to a `TransportError`. The system's own words are kept where they help and hold
 * no secret; a URL never comes in, because a path can be one.
 */
import { pinMismatch } from "../Tls.ts"
import * as TransportError from "../TransportError.ts"

interface Where {
  readonly operation: string
  readonly origin: string
  /** Whether the head of the answer had come: then a broken connection means a body cut short. */
  readonly headReceived: boolean
}

const byCode: Readonly<Record<string, TransportError.Reason>> = {
  ENOTFOUND: "nameResolution",
  EAI_AGAIN: "nameResolution",
  EAI_NODATA: "nameResolution",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "refused",
  ENETUNREACH: "refused",
  EADDRNOTAVAIL: "refused",
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

const tlsDetail: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: "the certificate is signed by an unknown CA",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate is signed by an unknown CA",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate is signed by an unknown CA",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is signed by an unknown CA",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another host name",
  HOSTNAME_MISMATCH: "the certificate is for another host name",
  CERT_REVOKED: "the certificate is revoked",
  CERT_UNTRUSTED: "the certificate is not trusted",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS on this port",
  [pinMismatch]: "the public key of the server is not among the pinned ones",
  EPROTO: "the TLS handshake failed"
}

const malformed = "malformed HTTP"

const isTls = (code: string): boolean =>
  Object.hasOwn(tlsDetail, code) || /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|CRL_|INVALID_CA|PATH_LENGTH)/.test(code)

export const toTransportError = (cause: unknown, where: Where): TransportError.TransportError => {
  const code = codeOf(cause)
  const { operation, origin } = where
  const make = (reason: TransportError.Reason, detail: string) =>
    new TransportError.TransportError({ operation, origin, reason, detail, ...(code === undefined ? {} : { code }) })
  if (code === undefined) {
    // The parser leaves the code out for some of its errors.
    const reason = nameOf(cause) === "HTTPParserError" ? "protocol" : "reset"
    return make(where.headReceived ? "truncated" : reason, reason === "protocol" ? malformed : "")
  }
  const problem = proxyProblem(code, cause)
  if (problem !== undefined) {
    return new TransportError.TransportError({
      operation,
      origin,
      reason: "refused",
      detail: problem,
      code,
      advice: "Check the proxy, its name and password in HTTPS_PROXY or HTTP_PROXY, and what NO_PROXY leaves out."
    })
  }
  if (isTls(code)) return make("tls", tlsDetail[code] ?? "the TLS handshake failed")
  const known = byCode[code]
  if (known === "reset" && where.headReceived) return make("truncated", "the connection closed before the end")
  if (known !== undefined) return make(known, detailOf(known, cause))
  if (code.startsWith("HPE_")) return make(where.headReceived ? "truncated" : "protocol", malformed)
  return make(where.headReceived ? "truncated" : "reset", "")
}

/** What undici says where a proxy is in the way: PrivX has not been reached. */
const proxyProblem = (code: string, cause: unknown): string | undefined => {
  if (code === "UND_ERR_PRX_CONN") return "the proxy closed the connection"
  if (code === "UND_ERR_PRX_TLS") return "the certificate of the proxy is for another host name"
  const said = cause instanceof Error ? cause.message : ""
  const status = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(said)?.[1]
  return status === undefined ? undefined : `the proxy answered ${status}`
}

const detailOf = (reason: TransportError.Reason, cause: unknown): string =>
  reason === "invalidRequest" && cause instanceof Error ? cause.message : ""

const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : "")

/** A failed attempt on several addresses is an `AggregateError`: its first member tells more. */
const codeOf = (cause: unknown): string | undefined => {
  if (typeof cause !== "object" || cause === null) return undefined
  if ("code" in cause && typeof cause.code === "string") return cause.code
  if (cause instanceof AggregateError) return codeOf(cause.errors[0])
  return "cause" in cause ? codeOf(cause.cause) : undefined
}
