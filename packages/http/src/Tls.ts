/**
 * Which servers the transport trusts, and how it authenticates itself.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as crypto from "node:crypto"
import * as tls from "node:tls"
import type { buildConnector } from "undici"
import * as Pem from "./Pem.ts"

/**
 * A PEM text with one or more CA certificates; with the name of its file if messages should name it.
 *
 * @since 0.1.0
 * @category models
 */
export type Ca = string | { readonly pem: string; readonly source: string }

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** CA certificates that are trusted in addition to the roots of the system and of Node. */
  readonly ca?: ReadonlyArray<Ca> | undefined
  /** Trust only {@link Options.ca}. Default `false`. */
  readonly onlyCa?: boolean | undefined
  /** A client certificate (PEM, with its chain) and its key, for a PrivX that requires one. */
  readonly clientCertificate?:
    | {
        readonly cert: string
        readonly key: Redacted.Redacted<string>
        readonly passphrase?: Redacted.Redacted<string>
      }
    | undefined
  /**
   * Pinned public keys: the server must present one of them, in addition to a valid chain. Each is the SHA-256 of the
   * SubjectPublicKeyInfo in base64, as in HPKP (`openssl x509 -pubkey -noout | openssl pkey -pubin -outform der |
   * openssl dgst -sha256 -binary | base64`).
   */
  readonly pins?: ReadonlyArray<string> | undefined
}

/**
 * The trusted CAs and the client certificate of a connection, in Node's form. Creating one costs more time than a
 * request, and more than a megabyte, because over a hundred roots are parsed. Connections share contexts through
 * `SecureContexts`.
 *
 * @internal
 */
export const secureContext = (options: Options): tls.SecureContext => {
  const { clientCertificate: client } = options
  return tls.createSecureContext({
    ca: [...trusted(options)],
    ...strength(),
    ...(client === undefined
      ? undefined
      : {
          cert: Pem.unindented(client.cert),
          key: Pem.unindented(Redacted.value(client.key)),
          ...(client.passphrase === undefined ? undefined : { passphrase: Redacted.value(client.passphrase) })
        })
  })
}

const trusted = (options: Options): ReadonlySet<string> =>
  new Set([...(options.onlyCa === true ? [] : knownRoots()), ...caBlocks(options)])

/**
 * The certificates of {@link Options.ca}, one by one.
 *
 * @internal
 */
export const caBlocks = (options: Options): ReadonlyArray<string> => (options.ca ?? []).flatMap(blocksOf)

/**
 * OpenSSL's security level 2 refuses keys with less than 112 bits of security, such as RSA with 1024 bits, and
 * signatures with SHA-1. It is the default since OpenSSL 3.2; Node 22 contains 3.0, whose default accepts short keys. A
 * level that the program was started with (`--tls-cipher-list`) takes precedence.
 */
const strength = (): tls.SecureContextOptions => ({
  minVersion: "TLSv1.2",
  ciphers: tls.DEFAULT_CIPHERS.includes("@SECLEVEL=") ? tls.DEFAULT_CIPHERS : `${tls.DEFAULT_CIPHERS}:@SECLEVEL=2`
})

const blocksOf = (ca: Ca): ReadonlyArray<string> => {
  const where = typeof ca === "string" ? "a CA text" : ca.source
  const blocks = Pem.certificates(typeof ca === "string" ? ca : ca.pem)
  if (blocks.length === 0) throw unusable(`${where} contains no PEM certificate`)
  blocks.forEach((block, index) => {
    // OpenSSL skips certificates that it cannot parse.
    if (!isCertificate(block)) throw unusable(`certificate ${index + 1} of ${where} is damaged`)
  })
  return blocks
}

const unusable = (message: string) => Object.assign(new Error(message), { code: "ERR_NO_CERTIFICATE" })

const isCertificate = (pem: string): boolean => {
  try {
    return new crypto.X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

/** Node's bundled roots, `NODE_EXTRA_CA_CERTS`, and the system's store. */
const knownRoots = (): ReadonlyArray<string> => [...tls.getCACertificates("default"), ...systemRoots()]

/** A machine without a certificate store still has Node's roots. */
const systemRoots = (): ReadonlyArray<string> => {
  try {
    return tls.getCACertificates("system")
  } catch {
    return []
  }
}

/**
 * The error code of a connection that is refused because its key is not pinned.
 *
 * @internal
 */
export const pinMismatch = "ERR_TLS_PIN_MISMATCH"

/**
 * No session is resumed: Node does not know the certificate of a resumed session, so it could be neither compared with
 * a pin nor recorded, and the session could outlive the certificate.
 *
 * @internal
 */
export const maxCachedSessions = 0

/**
 * How undici opens a socket, also within a proxy's tunnel: with the context above, and with the key checked before any
 * byte of a request is sent.
 *
 * @internal
 */
export const connectOptions = (
  { pins = [] }: Options,
  context: tls.SecureContext | undefined
): buildConnector.BuildOptions => ({
  allowH2: false,
  // Set explicitly, because NODE_TLS_REJECT_UNAUTHORIZED would accept unknown CAs and skip the pins.
  rejectUnauthorized: true,
  // The transport's own timer bounds an attempt, including the time for connecting.
  timeout: 0,
  maxCachedSessions,
  ...(context === undefined ? undefined : { secureContext: context }),
  ...(pins.length === 0 ? undefined : { checkServerIdentity: pinned(pins) })
})

/** Node calls this for every handshake whose chain it trusts, unless a session is resumed. */
const pinned =
  (pins: ReadonlyArray<string>) =>
  (host: string, certificate: tls.PeerCertificate): Error | undefined => {
    const problem = tls.checkServerIdentity(host, certificate)
    if (problem !== undefined) return problem
    const key = new crypto.X509Certificate(certificate.raw).publicKey.export({ type: "spki", format: "der" })
    if (pins.includes(crypto.hash("sha256", key, "base64"))) return undefined
    return Object.assign(new Error("the public key is not pinned"), { code: pinMismatch })
  }
