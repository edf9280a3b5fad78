/** The PEM certificates in a text. */
import { X509Certificate } from "node:crypto"
import { isIP } from "node:net"
import * as Result from "effect/Result"

export interface Embedded {
  /** The offset in the text. */
  readonly offset: number
  readonly certificate: Result.Result<X509Certificate, string>
}

/**
 * Requires a line of base64 after the first line, because scripts that process certificates contain the markers too.
 * Lines may be indented and may end with a literal `\n`, as in a quoted string.
 */
const block =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----(?=(?:\r?\n|\\n)[ \t]*[A-Za-z0-9+/=]{8})([^]*?)(?:-----END (?:TRUSTED |X509 )?CERTIFICATE-----|$(?![^])|(?=-----BEGIN ))/g

export const embedded = (text: string): ReadonlyArray<Embedded> =>
  text.includes("-----BEGIN ")
    ? [...text.matchAll(block)].map((match) => ({
        offset: match.index,
        certificate: match[0].endsWith("-----") ? read(match[1] ?? "") : Result.fail("has no end")
      }))
    : []

const read = (body: string): Result.Result<X509Certificate, string> => {
  const base64 = body.replace(/\\r|\\n|\s/g, "")
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return Result.fail("is not base64 throughout")
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(Buffer.from(base64, "base64"))
  } catch {
    return Result.fail("is base64, and no certificate")
  }
  // Verifying the signature of a self-signed certificate detects a single wrong bit.
  return certificate.issuer === certificate.subject && !verifies(certificate)
    ? Result.fail("is damaged: its own signature does not fit it")
    : Result.succeed(certificate)
}

const verifies = (certificate: X509Certificate): boolean => {
  try {
    return certificate.verify(certificate.publicKey)
  } catch {
    return false
  }
}

/** The common name; the whole subject if it has none. */
export const nameOf = ({ subject }: X509Certificate): string =>
  /^CN=(.+)$/m.exec(subject)?.[1] ?? subject.replaceAll("\n", ", ")

/** Whether the certificate is valid for a host name or an IP address. */
export const isFor = (certificate: X509Certificate, host: string): boolean =>
  (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
