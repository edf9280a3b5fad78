/**
 * Whom the transport trusts, and how it shows who it is.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as crypto from "node:crypto"
import * as tls from "node:tls"
import type { buildConnector } from "undici"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** PEM texts, each with one or more CA certificates; trusted beside the roots of the system and of Node. */
  readonly ca?: ReadonlyArray<string> | undefined
  /** Trust {@link Options.ca} and nothing else. Default `false`. */
  readonly onlyCa?: boolean | undefined
  /** A client certificate (PEM, with its chain) and its key, for a PrivX that asks for one. */
  readonly clientCertificate?:
    | {
        readonly cert: string
        readonly key: Redacted.Redacted<string>
        readonly passphrase?: Redacted.Redacted<string>
      }
    | undefined
  /**
   * Public keys, one of which the server must show beside a valid chain: SHA-256 of the SubjectPublicKeyInfo in base64,
   * as in HPKP (`openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`).
   */
  readonly pins?: ReadonlyArray<string> | undefined
}

/**
 * Made once for all connections that trust the same: some hundred roots have to be parsed for it, which costs more than a
 * request, and more than a megabyte. Who shows a certificate has one of its own, so that none is kept with a key in it.
 *
 * @internal
 */
export const secureContext = (options: Options): tls.SecureContext => {
  const { ca = [], clientCertificate: client, onlyCa = false } = options
  const all = () => [...new Set([...(onlyCa ? [] : knownRoots()), ...ca])]
  if (client !== undefined) {
    return tls.createSecureContext({
      ca: all(),
      minVersion,
      cert: client.cert,
      key: Redacted.value(client.key),
      ...(client.passphrase === undefined ? undefined : { passphrase: Redacted.value(client.passphrase) })
    })
  }
  const roots = tls.getCACertificates("default")
  const key = JSON.stringify([onlyCa, ...ca])
  const known = contexts.get(key)
  // A program can change what Node trusts.
  const context = known?.roots === roots ? known.context : tls.createSecureContext({ ca: all(), minVersion })
  contexts.delete(key)
  contexts.set(key, { context, roots })
  const [oldest] = contexts.size > mostContexts ? contexts.keys() : []
  if (oldest !== undefined) contexts.delete(oldest)
  return context
}

const minVersion = "TLSv1.2"

/** By what they trust, those that were wanted last. */
const contexts = new Map<string, { readonly context: tls.SecureContext; readonly roots: ReadonlyArray<string> }>()
const mostContexts = 4

/** Node's own roots, `NODE_EXTRA_CA_CERTS`, and the system's store. */
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
 * The code of the error with which a connection is refused whose key is not among the pins.
 *
 * @internal
 */
export const pinMismatch = "ERR_TLS_PIN_MISMATCH"

/**
 * No session is resumed: of a resumed one Node knows no certificate, so that it could be neither compared with a pin nor
 * recorded, and it would outlive the certificate's end.
 *
 * @internal
 */
export const maxCachedSessions = 0

/**
 * How undici opens a socket, also the one within a proxy's tunnel: with the context above, and with the key checked before a
 * byte of a request goes out.
 *
 * @internal
 */
export const connectOptions = (
  { pins = [] }: Options,
  context: tls.SecureContext | undefined
): buildConnector.BuildOptions => ({
  allowH2: false,
  // The transport's own timer ends an attempt, the time for connecting included.
  timeout: 0,
  maxCachedSessions,
  ...(context === undefined ? undefined : { secureContext: context }),
  ...(pins.length === 0 ? undefined : { checkServerIdentity: pinned(pins) })
})

/** Node asks this of every handshake whose chain it trusts, unless a session is resumed. */
const pinned =
  (pins: ReadonlyArray<string>) =>
  (host: string, certificate: tls.PeerCertificate): Error | undefined => {
    const problem = tls.checkServerIdentity(host, certificate)
    if (problem !== undefined) return problem
    const key = new crypto.X509Certificate(certificate.raw).publicKey.export({ type: "spki", format: "der" })
    if (pins.includes(crypto.hash("sha256", key, "base64"))) return undefined
    return Object.assign(new Error("the public key is not among the pinned ones"), { code: pinMismatch })
  }
