/** Certificates with every defect seen in the field, created in memory, and servers that use them. */
import "reflect-metadata"
import * as x509 from "@peculiar/x509"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { webcrypto } from "node:crypto"
import type * as net from "node:net"
import * as https from "node:https"
import type * as tls from "node:tls"

export interface Identity {
  readonly certificate: x509.X509Certificate
  readonly keys: webcrypto.CryptoKeyPair
  readonly pem: string
  readonly name: string
}

interface Options {
  readonly issuer?: Identity
  readonly ca?: boolean
  /** `CN`. */
  readonly name: string
  readonly hosts?: ReadonlyArray<string>
  /** Days from now. */
  readonly from?: number
  readonly to?: number
  readonly usage?: x509.ExtendedKeyUsage
  /** RSA with this many bits instead of P-256. */
  readonly rsa?: number
  readonly hash?: "SHA-1" | "SHA-256"
}

const day = (count: number) => new Date(Date.now() + count * 86_400_000)

export const make = async (options: Options): Promise<Identity> => {
  const { ca = false, from = -30, hash = "SHA-256", hosts = ["127.0.0.1"], issuer, name, to = 30 } = options
  const algorithm =
    options.rsa === undefined
      ? { name: "ECDSA", namedCurve: "P-256", hash }
      : { name: "RSASSA-PKCS1-v1_5", modulusLength: options.rsa, publicExponent: new Uint8Array([1, 0, 1]), hash }
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair
  const signer = issuer?.keys ?? keys
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer?.certificate.subject ?? `CN=${name}`,
    notBefore: day(from),
    notAfter: day(to),
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: { ...(signer.privateKey.algorithm as { name: string }), hash },
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      ...(ca
        ? [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)]
        : [
            new x509.ExtendedKeyUsageExtension([options.usage ?? x509.ExtendedKeyUsage.serverAuth]),
            new x509.SubjectAlternativeNameExtension(
              hosts.map((value) => ({ type: /^[\d.]+$/.test(value) ? ("ip" as const) : ("dns" as const), value }))
            )
          ])
    ]
  })
  return { certificate, keys, name, pem: `${certificate.toString("pem")}\n` }
}

export const keyOf = async ({ keys }: Identity): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY")}\n`

export const clientAuth = x509.ExtendedKeyUsage.clientAuth

/** A server on loopback that presents these certificates, its own first, and counts the requests that reach it. */
export const serve = (
  chain: ReadonlyArray<Identity>,
  options: tls.TlsOptions = {}
): Effect.Effect<{ readonly url: URL; readonly seen: { connections: number; requests: number } }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const seen = { connections: 0, requests: 0 }
      const server = https.createServer(
        { cert: chain.map(({ pem }) => pem).join(""), key: await keyOf(chain[0]!), ...options },
        (_, response) => {
          seen.requests++
          response.setHeader("Content-Type", "application/json")
          response.end('{"name":"n"}')
        }
      )
      server.on("connection", () => seen.connections++)
      server.on("tlsClientError", () => {})
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return { server, seen, url: new URL(`https://127.0.0.1:${(server.address() as net.AddressInfo).port}`) }
    }),
    ({ server }) =>
      Effect.promise(() => {
        server.closeAllConnections()
        return new Promise<void>((resolve) => server.close(() => resolve()))
      })
  )
