/**
 * Why no connection was established, and at which step. The system's error alone does not distinguish a failure of the
 * proxy from one of PrivX.
 */
import type { Proxy } from "../Proxy.ts"

/**
 * - `settings`: nothing was tried, because the settings of the connection are invalid
 * - `resolve`: the host name
 * - `connect`: the TCP connection
 * - `proxy`: the response of the proxy to the CONNECT request
 * - `tls`: the TLS handshake
 */
export type Phase = "settings" | "resolve" | "connect" | "proxy" | "tls"

export class ConnectFailure extends Error {
  /** undici retries errors with its own socket codes forever, so this error has a code that undici does not know. */
  readonly code = "PRIVX_CONNECT"
  readonly phase: Phase
  /** The proxy, if it was not reached or refused. */
  readonly proxy: Proxy | undefined
  /** The response of the proxy, e.g. `407`; for settings, what is wrong with them. */
  readonly answer: string | undefined

  constructor(
    phase: Phase,
    options: { readonly cause?: unknown; readonly proxy?: Proxy | undefined; readonly answer?: string | undefined }
  ) {
    super(`no connection (${phase})`, { cause: options.cause })
    this.phase = phase
    this.proxy = options.proxy
    this.answer = options.answer
  }
}
