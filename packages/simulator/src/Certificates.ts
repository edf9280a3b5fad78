/**
 * A certificate authority and a server certificate, made in memory when they are wanted, so that TLS and its failures can
 * be tried without files. ECDSA on P-256.
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
  /** DNS names and IP addresses that the certificate is for. Default `localhost`, `127.0.0.1`, `::1`. */
  readonly names?: ReadonlyArray<string>
  /**
   * What is wrong with the certificate. `wrongName`: it is for `wrong-name.invalid`, whatever `names` says. Default: nothing.
   */
  readonly flaw?: "expired" | "notYetValid" | "wrongName"
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Certificates {
  /** The authority's certificate, PEM: what a client has to trust. */
  readonly ca: string
  /** The server's certificate, PEM. */
  readonly certificate: string
  /** The server's private key, PEM (PKCS #8). */
  readonly key: Redacted.Redacted<string>
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

/**
 * A new authority, and a certificate that it signs. Valid for 30 days, unless a flaw is asked for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fn("Certificates.make")((options: Options = {}) =>
  // What WebCrypto and the encoder can fail with is a fault of this module, not of its caller.
  Effect.promise(() => issue(options))
)

const issue = async (options: Options): Promise<Certificates> => {
  // Loaded when TLS is wanted: a quarter of a second that plain HTTP need not wait for. The first is the polyfill that the
  // second demands to find.
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

// The clock of the machine, even under a test clock: it is what the TLS stack on the other side goes by.
const days = (count: number): Date => new Date(Date.now() + count * 86_400_000)
