/**
 * Looks at a host one layer at a time (name, port, certificate), so that what is wrong can be told apart. It sends no
 * request and no credentials.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Tls from "@privx-kit/http/Tls"
import * as dns from "node:dns/promises"
import * as net from "node:net"
import * as tls from "node:tls"

export type Probe<A> = ({ readonly ok: true } & A) | { readonly ok: false; readonly code: string }

/** Long enough for a slow network, short enough to wait for. */
const timeout = 10_000

export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "")

export const portOf = (url: URL): number =>
  url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port)

export const resolve = async (host: string): Promise<Probe<{ readonly addresses: ReadonlyArray<string> }>> => {
  try {
    const found = await dns.lookup(host, { all: true })
    return { ok: true, addresses: [...new Set(found.map(({ address }) => address))] }
  } catch (cause) {
    return { ok: false, code: codeOf(cause) }
  }
}

export const connect = (host: string, port: number): Promise<Probe<{ readonly millis: number }>> => {
  const started = performance.now()
  return new Promise((done) => {
    const socket = net.connect({ host, port, timeout })
    const end = (result: Probe<{ readonly millis: number }>) => {
      socket.destroy()
      done(result)
    }
    socket.once("connect", () => end({ ok: true, millis: performance.now() - started }))
    socket.once("timeout", () => end({ ok: false, code: "ETIMEDOUT" }))
    socket.once("error", (cause) => end({ ok: false, code: codeOf(cause) }))
  })
}

export interface Certificate {
  /** OpenSSL's code for why it is not trusted, or `undefined` when it is. */
  readonly distrust: string | undefined
  readonly subject: string
  readonly issuer: string
  /** DNS names and addresses that it is for. */
  readonly names: ReadonlyArray<string>
  readonly validFrom: Date
  readonly validTo: Date
}

/**
 * The handshake is carried through without trust, to see the certificate; nothing is sent over the connection.
 *
 * @param ca PEM texts to trust beside Node's and the system's roots, as the transport does
 */
export const certificate = (
  host: string,
  port: number,
  ca: ReadonlyArray<string>
): Promise<Probe<{ readonly certificate: Certificate }>> =>
  new Promise((done) => {
    const socket = tls.connect({
      host,
      port,
      timeout,
      secureContext: Tls.secureContext({ ca }),
      rejectUnauthorized: false,
      ...(net.isIP(host) === 0 ? { servername: host } : {})
    })
    const end = (result: Probe<{ readonly certificate: Certificate }>) => {
      socket.destroy()
      done(result)
    }
    socket.once("secureConnect", () => {
      const peer = socket.getPeerCertificate()
      end({
        ok: true,
        certificate: {
          distrust: socket.authorized ? undefined : codeOf(socket.authorizationError),
          subject: nameOf(peer.subject),
          issuer: nameOf(peer.issuer),
          names: namesOf(peer.subjectaltname ?? ""),
          validFrom: new Date(peer.valid_from),
          validTo: new Date(peer.valid_to)
        }
      })
    })
    socket.once("timeout", () => end({ ok: false, code: "ETIMEDOUT" }))
    socket.once("error", (cause) => end({ ok: false, code: codeOf(cause) }))
  })

const nameOf = (name: tls.Certificate | undefined): string =>
  name === undefined ? "" : Failure.singleLine([name.CN, name.O].flatMap((part) => part ?? []).join(", "), 100)

/** `DNS:a.example, IP Address:10.0.0.1` */
const namesOf = (text: string): ReadonlyArray<string> =>
  text.split(", ").flatMap((name) => (name === "" ? [] : [Failure.singleLine(name.replace(/^[^:]*:/, ""), 100)]))

/** The runtime gives a string where its types promise an error, and an error with a code in the other cases. */
const codeOf = (cause: unknown): string =>
  typeof cause === "string"
    ? cause
    : cause instanceof AggregateError
      ? codeOf(cause.errors[0])
      : cause instanceof Error && "code" in cause
        ? String(cause.code)
        : "unknown"
