/**
 * Probes a host one layer at a time (name, then port), to distinguish problems. It sends no request and no credentials.
 * `CertificateDiagnosis` examines the certificate.
 *
 * @since 0.1.0
 */
import * as dns from "node:dns/promises"
import * as net from "node:net"

/**
 * @since 0.1.0
 * @category models
 */
export type Probe<A> = ({ readonly ok: true } & A) | { readonly ok: false; readonly code: string }

/** Long enough for a slow network, short enough for a person who waits. */
const timeout = 10_000

/**
 * Looks up the addresses of a host name.
 *
 * **When to use**: to tell a person which layer fails, after a request has failed. `connect` probes the next one.
 *
 * **Errors**: none; a failure has the code of the system, e.g. `ENOTFOUND`.
 *
 * @example
 * ```ts
 * import * as HostProbe from "@privx-kit/settings/HostProbe"
 *
 * export const addresses = HostProbe.resolve("privx.example.com").then((probe) => (probe.ok ? probe.addresses : probe.code))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = async (host: string): Promise<Probe<{ readonly addresses: ReadonlyArray<string> }>> => {
  try {
    const found = await dns.lookup(host, { all: true })
    return { ok: true, addresses: [...new Set(found.map(({ address }) => address))] }
  } catch (cause) {
    return { ok: false, code: codeOf(cause) }
  }
}

/**
 * Opens a TCP connection to a port, and closes it.
 *
 * **Details**: it sends nothing. The time limit is 10 seconds.
 *
 * **Errors**: none; a failure has the code of the system, e.g. `ECONNREFUSED`, or `ETIMEDOUT`.
 *
 * @returns the time it took, in milliseconds
 *
 * @example
 * ```ts
 * import * as HostProbe from "@privx-kit/settings/HostProbe"
 *
 * export const took = HostProbe.connect("privx.example.com", 443).then((probe) => (probe.ok ? probe.millis : probe.code))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
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
