/**
 * Probes a host one layer at a time (name, then port), to distinguish problems. It sends no request and no credentials.
 * `CertificateDiagnosis` examines the certificate.
 */
import * as dns from "node:dns/promises"
import * as net from "node:net"

export type Probe<A> = ({ readonly ok: true } & A) | { readonly ok: false; readonly code: string }

/** Long enough for a slow network, short enough for a person who waits. */
const timeout = 10_000

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

const codeOf = (cause: unknown): string =>
  cause instanceof AggregateError
    ? codeOf(cause.errors[0])
    : cause instanceof Error && "code" in cause
      ? String(cause.code)
      : "unknown"
