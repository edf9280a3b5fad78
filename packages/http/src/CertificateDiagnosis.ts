/**
 * Finds the certificate at fault when a server is not trusted: its subject, issuer and dates, and where it comes from:
 * the server, or a position in a CA bundle. It opens its own connection and sends no data over it.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as crypto from "node:crypto"
import * as tls from "node:tls"
import * as Connector from "./internal/connector.ts"
import { toTransportError } from "./internal/systemError.ts"
import * as TlsReasons from "./internal/tlsReasons.ts"
import * as Pem from "./Pem.ts"
import * as Proxy from "./Proxy.ts"
import type { SecureContexts } from "./SecureContexts.ts"
import * as Tls from "./Tls.ts"
import type { TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Tls.Options {
  /** `https`; its path does not matter. */
  readonly url: URL
  /** The proxy to use. Default: none. */
  readonly proxy?: Proxy.Proxy | undefined
  /** Time limit in milliseconds. Default 10 000. */
  readonly timeout?: number | undefined
}

/**
 * The facts by which a person identifies a certificate.
 *
 * @since 0.1.0
 * @category models
 */
export interface Named {
  readonly subject: string
  readonly issuer: string
  readonly validFrom: Date
  readonly validTo: Date
  /** E.g. `sent by the server`, `certificate 2 of /etc/privx/ca.pem`, `a root of this machine`. */
  readonly location: string
}

/**
 * - `Trusted`: the handshake succeeded, and the server raised no objection
 * - `Distrusted`: the certificate at fault, if one can be named
 * - `Unreachable`: no handshake took place
 *
 * @since 0.1.0
 * @category models
 */
export type Diagnosis =
  | { readonly _tag: "Trusted"; readonly chain: ReadonlyArray<Named>; readonly names: ReadonlyArray<string> }
  | {
      readonly _tag: "Distrusted"
      /** OpenSSL's or Node's code, e.g. `CERT_HAS_EXPIRED`. */
      readonly code: string
      /** What is wrong with which certificate, without a full stop. */
      readonly problem: string
      readonly advice: string
      readonly culprit: Named | undefined
      readonly chain: ReadonlyArray<Named>
    }
  | { readonly _tag: "Unreachable"; readonly failure: TransportError }

/**
 * Examines the certificates of a server by the rules of the transport.
 *
 * **When to use**: to show a person which certificate is at fault. The transport does this automatically when a request
 * fails.
 *
 * **Errors**: none: the promise never rejects. The result says what is wrong.
 *
 * @example
 * ```ts
 * import * as CertificateDiagnosis from "@privx-kit/http/CertificateDiagnosis"
 *
 * const diagnosis = await CertificateDiagnosis.examine({ url: new URL("https://privx.example.com") })
 * const text = diagnosis._tag === "Distrusted" ? `${diagnosis.problem}. ${diagnosis.advice}` : diagnosis._tag
 * ```
 *
 * @since 0.1.0
 * @category diagnosis
 */
export const examine = (options: Options): Promise<Diagnosis> => examineWith({ get: Tls.secureContext }, options)

/** @internal */
export const examineWith = async (secureContexts: SecureContexts, options: Options): Promise<Diagnosis> => {
  const { timeout = 10_000, url } = options
  const where = { operation: "CertificateDiagnosis.examine", origin: url.origin, headReceived: false }
  try {
    const socket = await open(secureContexts, options, timeout)
    try {
      // A closed socket no longer has the peer's certificate.
      const certificates = chainOf(socket)
      const alert = await alertOf(socket, Math.min(timeout, quiet))
      return judge(socket, certificates, alert, options)
    } finally {
      socket.destroy()
    }
  } catch (cause) {
    const failure = toTransportError(cause, where)
    return failure.reason === "tls"
      ? {
          _tag: "Distrusted",
          code: failure.code ?? "",
          problem: failure.detail,
          advice: failure.hint,
          culprit: undefined,
          chain: []
        }
      : { _tag: "Unreachable", failure }
  }
}

/**
 * Under TLS 1.3 a server rejects a missing client certificate only after the handshake. Milliseconds to wait for that.
 */
const quiet = 1000

const open = (secureContexts: SecureContexts, options: Options, timeout: number): Promise<tls.TLSSocket> => {
  const { proxy, url } = options
  const connector = Connector.make({
    tls: { ...Tls.connectOptions({ ...options, pins: [] }, secureContexts.get(options)), rejectUnauthorized: false },
    proxy,
    proxyTls: Tls.connectOptions({}, secureContexts.get({ ca: options.ca, onlyCa: options.onlyCa })),
    timeout
  })
  const port = String(Proxy.portOf(url))
  return new Promise((resolve, reject) => {
    connector({ hostname: Proxy.hostOf(url), host: url.host, port, protocol: "https:" }, (error, socket) => {
      if (error !== null) reject(error)
      else resolve(socket as tls.TLSSocket)
    })
  })
}

/** The alert that the server sends right after the handshake; `closed` if it closes the connection without one. */
const alertOf = (socket: tls.TLSSocket, patience: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    if (!socket.authorized) {
      socket.on("error", () => {})
      return resolve(undefined)
    }
    const timer = setTimeout(() => resolve(undefined), patience)
    const end = (code: string | undefined) => {
      clearTimeout(timer)
      resolve(code)
    }
    socket.on("error", ({ code }: NodeJS.ErrnoException) =>
      end(code === undefined || TlsReasons.ofCode(code) === undefined ? closed : code)
    )
    socket.once("close", () => end(closed))
    socket.resume()
  })

const closed = "closed"

const judge = (
  socket: tls.TLSSocket,
  certificates: ReadonlyArray<crypto.X509Certificate>,
  alert: string | undefined,
  options: Options
): Diagnosis => {
  const locate = locator(options.ca ?? [])
  const chain = certificates.map((certificate) => named(certificate, locate))
  const names = certificates[0]?.subjectAltName?.split(", ").map((name) => name.replace(/^[^:]*:/, "")) ?? []
  if (alert === closed && options.clientCertificate !== undefined)
    return { ...refusedClient, chain, culprit: undefined }
  const said = alert === closed ? undefined : alert
  // Contrary to its types, the runtime sometimes gives a string, and otherwise an error with a code.
  const distrust: unknown = socket.authorizationError
  const code = said ?? (socket.authorized ? undefined : preciseCode(codeOf(distrust), certificates))
  if (code === undefined) return { _tag: "Trusted", chain, names }
  const reason = TlsReasons.ofCode(code)
  const detail = reason === undefined || reason.detail === "" ? `the handshake failed (${code})` : reason.detail
  const found = culpritOf(code, { certificates, chain, names, host: Proxy.hostOf(options.url), locate, options })
  return {
    _tag: "Distrusted",
    code,
    problem: found === undefined ? detail : `${detail}: ${found.problem ?? describe(found.culprit)}`,
    advice: found?.advice ?? reason?.advice ?? "",
    culprit: found?.culprit,
    chain
  }
}

const refusedClient = {
  _tag: "Distrusted",
  code: "CLOSED_AFTER_HANDSHAKE",
  problem: "the server closed the connection right after the handshake, in which it received a client certificate",
  advice: "Check that the client certificate is valid and was issued by a CA that the server trusts."
} as const

/** Node has no code for some of OpenSSL's reasons, for example weak keys and weak hashes. */
const preciseCode = (code: string, certificates: ReadonlyArray<crypto.X509Certificate>): string => {
  if (code !== "UNSPECIFIED") return code
  const index = certificates.findIndex(hasShortKey)
  if (index >= 0) return index === 0 ? "EE_KEY_TOO_SMALL" : "CA_KEY_TOO_SMALL"
  return certificates.some(hasWeakHash) ? "CA_MD_TOO_WEAK" : code
}

const hasShortKey = ({ publicKey }: crypto.X509Certificate): boolean =>
  publicKey.asymmetricKeyType === "rsa" && (publicKey.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048

/** The signature of a root is never checked: the root signs itself. */
const hasWeakHash = (certificate: crypto.X509Certificate): boolean =>
  certificate.subject !== certificate.issuer && weakSignatures.some((oid) => certificate.raw.includes(oid))

/** The object identifiers of signatures with MD5 and SHA-1, in DER: RSA, ECDSA and DSA. */
const weakSignatures = ["2a864886f70d010104", "2a864886f70d010105", "2a8648ce3d0401", "2a8648ce380403"].map((hex) =>
  Buffer.from(hex, "hex")
)

const codeOf = (distrust: unknown): string =>
  typeof distrust === "string"
    ? distrust
    : distrust instanceof Error && "code" in distrust
      ? String(distrust.code)
      : "CERT_UNTRUSTED"

type Locate = (certificate: crypto.X509Certificate) => string

interface Seen {
  readonly certificates: ReadonlyArray<crypto.X509Certificate>
  readonly chain: ReadonlyArray<Named>
  readonly names: ReadonlyArray<string>
  readonly host: string
  readonly locate: Locate
  readonly options: Options
}

interface Found {
  readonly culprit: Named
  readonly problem?: string
  readonly advice?: string
}

const culpritOf = (code: string, seen: Seen): Found | undefined => {
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return outOfDate(seen, ({ validToDate }) => validToDate.getTime() < Date.now())
    case "CERT_NOT_YET_VALID":
      return outOfDate(seen, ({ validFromDate }) => validFromDate.getTime() > Date.now())
    case "EE_KEY_TOO_SMALL":
    case "CA_KEY_TOO_SMALL":
      return first(seen, hasShortKey)
    case "CA_MD_TOO_WEAK":
      return first(seen, hasWeakHash)
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return missingIssuer(seen)
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT": {
      const culprit = seen.chain.at(-1)
      return culprit === undefined ? undefined : { culprit }
    }
    case "ERR_TLS_CERT_ALTNAME_INVALID":
    case "HOSTNAME_MISMATCH":
    case "IP_ADDRESS_MISMATCH": {
      const [culprit] = seen.chain
      if (culprit === undefined) return undefined
      const names = seen.names.length === 0 ? "no host at all" : seen.names.slice(0, 8).join(", ")
      return { culprit, problem: `it is not for ${seen.host}, but for ${names}; ${describe(culprit)}` }
    }
    default: {
      const [culprit] = code.includes("_ALERT_") ? [] : seen.chain
      return culprit === undefined ? undefined : { culprit }
    }
  }
}

const first = (seen: Seen, isAtFault: (certificate: crypto.X509Certificate) => boolean): Found | undefined => {
  const index = seen.certificates.findIndex(isAtFault)
  const culprit = seen.chain[index] ?? seen.chain[0]
  return culprit === undefined ? undefined : { culprit }
}

/** Expired certificates of the chain, or of the given CAs: an expired CA breaks the chain. */
const outOfDate = (seen: Seen, isAtFault: (certificate: crypto.X509Certificate) => boolean): Found | undefined => {
  const culprit = [...seen.certificates, ...given(seen)].find(isAtFault)
  if (culprit === undefined) return undefined
  const found = named(culprit, seen.locate)
  const isGiven = found.location !== sent
  return {
    culprit: found,
    advice: isGiven
      ? `Replace ${found.location} with the CA's current certificate. The server's certificate is not at fault.`
      : culprit === seen.certificates[0]
        ? "Check the clock of this machine. If it is correct, renew the certificate of the server."
        : "Check the clock of this machine. If it is correct, configure the server to send the current certificate of this CA."
  }
}

/** The given CAs that the last certificate of the chain names as its issuer. */
const given = ({ certificates, options }: Seen): ReadonlyArray<crypto.X509Certificate> => {
  const issuers = new Set(certificates.map(({ issuer }) => issuer))
  return (options.ca ?? [])
    .flatMap((ca) => Pem.certificates(typeof ca === "string" ? ca : ca.pem))
    .flatMap(parsed)
    .filter(({ subject }) => issuers.has(subject))
}

const missingIssuer = ({ chain }: Seen): Found | undefined => {
  const last = chain.at(-1)
  if (last === undefined) return undefined
  const issuer = `"${last.issuer}"`
  if (chain.length > 1) {
    return {
      culprit: last,
      problem: `the certificate of ${issuer} is missing; it issued the certificate ${describe(last)}`,
      advice: `Add the certificate of ${issuer} (PEM) to the trusted CAs: a chain must end at a root.`
    }
  }
  return {
    culprit: last,
    problem: `the server sends only its own certificate, and the issuer ${issuer} is unknown; ${describe(last)}`,
    advice:
      `If ${issuer} is a root CA, add its certificate (PEM) to the trusted CAs. If it is an intermediate CA, configure the server to ` +
      `send its certificate as well, or add both its certificate and its root to the trusted CAs.`
  }
}

const chainOf = (socket: tls.TLSSocket): ReadonlyArray<crypto.X509Certificate> => {
  const chain: Array<crypto.X509Certificate> = []
  const own = socket.getPeerCertificate(true)
  // An empty object means no certificate.
  if (!Buffer.isBuffer(own.raw)) return chain
  for (let next: tls.DetailedPeerCertificate | undefined = own; next !== undefined; next = next.issuerCertificate) {
    const certificate = new crypto.X509Certificate(next.raw)
    // A root is its own issuer.
    if (chain.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) break
    chain.push(certificate)
  }
  return chain
}

const sent = "sent by the server"

const locator = (given: ReadonlyArray<Tls.Ca>): Locate => {
  const known = new Map<string, string>()
  for (const root of tls.getCACertificates("default")) {
    for (const certificate of parsed(root)) known.set(certificate.fingerprint256, "a root of this machine")
  }
  given.forEach((ca, text) => {
    const source = typeof ca === "string" ? `the given CA text ${text + 1}` : ca.source
    Pem.certificates(typeof ca === "string" ? ca : ca.pem).forEach((pem, index) => {
      for (const { fingerprint256 } of parsed(pem)) known.set(fingerprint256, `certificate ${index + 1} of ${source}`)
    })
  })
  return ({ fingerprint256 }) => known.get(fingerprint256) ?? sent
}

const parsed = (pem: string): ReadonlyArray<crypto.X509Certificate> => {
  try {
    return [new crypto.X509Certificate(pem)]
  } catch {
    return []
  }
}

const named = (certificate: crypto.X509Certificate, locate: Locate): Named => ({
  subject: oneLine(certificate.subject),
  issuer: oneLine(certificate.issuer),
  validFrom: certificate.validFromDate,
  validTo: certificate.validToDate,
  location: locate(certificate)
})

/**
 * Describes a certificate in one line: where it comes from, subject, issuer and dates.
 *
 * **Details**: the dates are days in UTC.
 *
 * @example
 * ```ts
 * import * as CertificateDiagnosis from "@privx-kit/http/CertificateDiagnosis"
 *
 * const diagnosis = await CertificateDiagnosis.examine({ url: new URL("https://privx.example.com") })
 * if (diagnosis._tag !== "Unreachable") console.log(diagnosis.chain.map(CertificateDiagnosis.describe).join("\n"))
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const describe = ({ issuer, location, subject, validFrom, validTo }: Named): string =>
  `${location}: subject "${subject}", issuer "${issuer}", valid from ${day(validFrom)} to ${day(validTo)}`

const oneLine = (name: string | undefined): string =>
  Failure.singleLine((name ?? "").trimEnd().replaceAll("\n", ", "), 120)

const day = (date: Date): string => (Number.isNaN(date.getTime()) ? "?" : date.toISOString().slice(0, 10))
