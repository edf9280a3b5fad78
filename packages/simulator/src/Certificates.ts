/**
 * A certificate authority and a server certificate in memory, to test TLS and its failures without files. ECDSA on
 * P-256.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { webcrypto } from "node:crypto"
import { isIP } from "node:net"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** DNS names and IP addresses of the certificate. Default `localhost`, `127.0.0.1`, `::1`. */
  readonly names?: ReadonlyArray<string>
  /** A flaw of the certificate. `wrongName`: it is for `wrong-name.invalid`, regardless of `names`. Default: none. */
  readonly flaw?: "expired" | "notYetValid" | "wrongName"
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Certificates {
  /** The CA certificate (PEM) that a client must trust. */
  readonly ca: string
  /** The server's certificate (PEM). */
  readonly certificate: string
  /** The server's private key (PEM, PKCS #8). */
  readonly key: Redacted.Redacted<string>
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

/**
 * Creates a CA, and a certificate that it signs. Both are valid for 30 days, except with a `flaw`.
 *
 * @example
 * ```ts
 * import * as Certificates from "@privx-kit/simulator/Certificates"
 *
 * const expired = Certificates.make({ names: ["privx.example.com"], flaw: "expired" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fn("Certificates.make")((options: Options = {}) =>
  // Failures of WebCrypto and the encoder are bugs of this module, not of its caller.
  Effect.promise(() => issue(options))
)

const issue = async (options: Options): Promise<Certificates> => {
  // Loaded only for TLS, because it takes a quarter of a second. The first is the polyfill that the second requires.
  await import("reflect-metadata")
  const x509 = await import("@peculiar/x509")

  const [authority, server] = await Promise.all([generateKeys(), generateKeys()])
  const subject = "CN=PrivX simulator CA,O=Simulated - not for production"
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject,
    notBefore: days(-60),
    notAfter: days(60),
    keys: authority,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey)
    ]
  })
  const names = options.flaw === "wrongName" ? ["wrong-name.invalid"] : (options.names ?? defaultNames)
  const [notBefore, notAfter] =
    options.flaw === "expired" ? [-2, -1] : options.flaw === "notYetValid" ? [1, 30] : [-1, 30]
  const certificate = await x509.X509CertificateGenerator.create({
    subject: "CN=PrivX simulator,O=Simulated - not for production",
    issuer: subject,
    notBefore: days(notBefore),
    notAfter: days(notAfter),
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value }))
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(server.publicKey)
    ]
  })
  const key = await webcrypto.subtle.exportKey("pkcs8", server.privateKey)
  return {
    ca: `${ca.toString("pem")}\n`,
    certificate: `${certificate.toString("pem")}\n`,
    key: Redacted.make(`${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`, { label: "private key" })
  }
}

const defaultNames: ReadonlyArray<string> = ["localhost", "127.0.0.1", "::1"]

const generateKeys = () =>
  webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"])

// The clock of the machine, even with a test clock, because the TLS stack of the client uses it.
const days = (count: number): Date => new Date(Date.now() + count * 86_400_000)
