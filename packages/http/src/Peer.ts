/**
 * The certificates that a TLS server presented, for the provenance of a download.
 *
 * @since 0.1.0
 */
import * as crypto from "node:crypto"
import * as tls from "node:tls"

/**
 * @since 0.1.0
 * @category models
 */
export interface Certificate {
  /** SHA-256 of the certificate (DER), 64 lower-case hexadecimal digits. */
  readonly sha256: string
  /** Distinguished names as OpenSSL writes them, on one line, e.g. `O=Example, CN=privx.example.com`. */
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal. */
  readonly serialNumber: string
  readonly validFrom: Date
  readonly validTo: Date
  /** The subject alternative names, e.g. `DNS:privx.example.com`, `IP Address:192.0.2.1`. */
  readonly names: ReadonlyArray<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Peer {
  /** E.g. `TLSv1.3`. */
  readonly protocol: string
  /** E.g. `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string
  /** The server's certificate first, each followed by its issuer, as far as known. */
  readonly certificates: ReadonlyArray<Certificate>
}

/**
 * @internal
 */
export const ofSocket = (socket: unknown): Peer | undefined => {
  if (!(socket instanceof tls.TLSSocket)) return undefined
  const own = socket.getPeerCertificate(true)
  // An empty object means no certificate.
  if (!Buffer.isBuffer(own.raw)) return undefined
  const certificates: Array<Certificate> = []
  const seen = new Set<string>()
  // A root is its own issuer.
  for (let next: tls.DetailedPeerCertificate | undefined = own; next !== undefined; next = next.issuerCertificate) {
    const certificate = new crypto.X509Certificate(next.raw)
    if (seen.has(certificate.fingerprint256)) break
    seen.add(certificate.fingerprint256)
    certificates.push(describe(certificate))
  }
  return { protocol: socket.getProtocol() ?? "", cipher: socket.getCipher()?.name ?? "", certificates }
}

const describe = (certificate: crypto.X509Certificate): Certificate => ({
  sha256: crypto.hash("sha256", certificate.raw, "hex"),
  subject: oneLine(certificate.subject),
  issuer: oneLine(certificate.issuer),
  serialNumber: certificate.serialNumber,
  validFrom: certificate.validFromDate,
  validTo: certificate.validToDate,
  names: certificate.subjectAltName?.split(", ") ?? []
})

const oneLine = (name: string | undefined): string => (name ?? "").trimEnd().replaceAll("\n", ", ")
