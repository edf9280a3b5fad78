/**
 * How a socket to the origin is opened: directly, through the tunnel of an HTTP proxy, or through a SOCKS proxy; with
 * TLS for an https origin. Every failure is a `ConnectFailure` that names the step and whether the proxy or the origin
 * failed.
 */
import * as Redacted from "effect/Redacted"
import { lookup } from "node:dns/promises"
import * as net from "node:net"
import { type buildConnector, Client } from "undici"
import type { Proxy } from "../Proxy.ts"
import { ConnectFailure } from "./connectFailure.ts"
import { dial } from "./dial.ts"
import * as SocketReader from "./socketReader.ts"

export interface Options {
  /** TLS to the origin. */
  readonly tls: buildConnector.BuildOptions
  readonly proxy: Proxy | undefined
  /** TLS to an `https` proxy. */
  readonly proxyTls: buildConnector.BuildOptions
  /** Time limit for connecting, in milliseconds. */
  readonly timeout: number
  /** Called with the error of an established socket that breaks, because undici drops TLS alerts. */
  readonly onSocketError?: ((error: Error) => void) | undefined
}

/** For an undici pool of the origin. */
export const make = (options: Options): buildConnector.connector => {
  const open = openerOf(options)
  return (target, callback) => {
    open(target, (error, socket) => {
      if (error !== null) return callback(error, null)
      const { onSocketError } = options
      if (onSocketError !== undefined) socket.on("error", onSocketError)
      callback(null, socket)
    })
  }
}

type Connect = (target: buildConnector.Options, callback: buildConnector.Callback) => void

const openerOf = (options: Options): Connect => {
  const { proxy } = options
  if (proxy === undefined) {
    const open = SocketReader.readingOpener(options.tls)
    return (target, callback) => dial(open, target, options, callback)
  }
  const tunnel = proxy.scheme === "http" || proxy.scheme === "https" ? throughHttp : throughSocks
  return (target, callback) => {
    tunnel(proxy, target, options).then(
      (socket) => overTls(socket, target, options, callback),
      (cause: unknown) =>
        callback(cause instanceof ConnectFailure ? cause : new ConnectFailure("proxy", { cause, proxy }), null)
    )
  }
}

/** For an undici pool of the proxy itself, which forwards the requests to an `http` origin. */
export const toProxy = (proxy: Proxy, options: Options): buildConnector.connector =>
  proxyConnector(proxy, options, SocketReader.readingOpener(options.proxyTls))

const proxyConnector = (proxy: Proxy, options: Options, open: SocketReader.Open): buildConnector.connector => {
  return (target, callback) => {
    // undici derives the origin's name from the Host header.
    const { servername: _, ...at } = target
    dial(open, { ...at, hostname: proxy.host }, options, (...result) => {
      if (result[0] === null) callback(...result)
      else callback(ofProxy(result[0], proxy), null)
    })
  }
}

/** Attributes a failure to the proxy. */
const ofProxy = (cause: Error, proxy: Proxy): ConnectFailure =>
  cause instanceof ConnectFailure
    ? new ConnectFailure(cause.phase, { cause: cause.cause, proxy, answer: cause.answer })
    : new ConnectFailure("connect", { cause, proxy })

const throughHttp = async (proxy: Proxy, target: buildConnector.Options, options: Options): Promise<net.Socket> => {
  const authority = `${bracketed(target.hostname)}:${portOf(target)}`
  const client = new Client(proxyUrl(proxy), {
    connect: proxyConnector(proxy, options, SocketReader.opener(options.proxyTls)),
    allowH2: false
  })
  const limit = setTimeout(() => void client.destroy(timedOut()).catch(() => undefined), options.timeout)
  try {
    const { socket, statusCode } = await client.connect({
      path: authority,
      headers: { host: authority, ...authorization(proxy) }
    })
    if (statusCode >= 200 && statusCode < 300 && socket instanceof net.Socket) return socket
    socket.on("error", () => {}).destroy()
    throw new ConnectFailure("proxy", { proxy, answer: String(statusCode) })
  } finally {
    clearTimeout(limit)
    // The client no longer refers to an established tunnel.
    void client.destroy().catch(() => undefined)
  }
}

/** The credentials for the proxy. */
export const authorization = ({ credentials }: Proxy): Readonly<Record<string, string>> => {
  if (credentials === undefined) return {}
  const pair = `${credentials.username}:${Redacted.value(credentials.password)}`
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` }
}

/** In undici's form. A URL omits the default port of its scheme. */
export const proxyUrl = ({ host, port, scheme }: Proxy): string => `${scheme}://${bracketed(host)}:${port}`

const throughSocks = async (proxy: Proxy, target: buildConnector.Options, options: Options): Promise<net.Socket> => {
  const socket = await new Promise<net.Socket>((resolve, reject) => {
    const at = { hostname: proxy.host, host: proxy.host, port: String(proxy.port), protocol: "http:" }
    dial(SocketReader.opener({ timeout: 0 }), at, options, (...result) => {
      if (result[0] === null) resolve(result[1])
      else reject(ofProxy(result[0], proxy))
    })
  })
  const { credentials } = proxy
  try {
    // Loaded only for such a proxy: few programs have one, and every program would pay for loading it.
    const { SocksClient } = await import("socks")
    const host = proxy.scheme === "socks5" ? await addressOf(target.hostname) : target.hostname
    await SocksClient.createConnection({
      command: "connect",
      existing_socket: socket,
      timeout: options.timeout,
      destination: { host, port: Number(portOf(target)) },
      proxy: {
        type: 5,
        host: proxy.host,
        port: proxy.port,
        ...(credentials === undefined
          ? undefined
          : { userId: credentials.username, password: Redacted.value(credentials.password) })
      }
    })
    return socket
  } catch (cause) {
    socket.on("error", () => {}).destroy()
    if (cause instanceof ConnectFailure) throw cause
    // The library's error also contains its options, including the password.
    throw new ConnectFailure("proxy", { proxy, answer: cause instanceof Error ? cause.message : "no answer" })
  }
}

/** With `socks5`, this machine resolves the name. */
const addressOf = async (host: string): Promise<string> => {
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw new ConnectFailure("resolve", { cause })
  }
}

const overTls = (
  socket: net.Socket,
  target: buildConnector.Options,
  options: Options,
  callback: buildConnector.Callback
): void => {
  if (target.protocol !== "https:") return callback(null, socket)
  const limit = setTimeout(() => socket.destroy(timedOut()), options.timeout)
  SocketReader.opener(options.tls)({ ...target, httpSocket: socket }, (...result) => {
    clearTimeout(limit)
    if (result[0] === null) callback(...result)
    else callback(new ConnectFailure("tls", { cause: result[0] }), null)
  })
}

const timedOut = () => Object.assign(new Error("timed out"), { code: "ETIMEDOUT" })

const portOf = ({ port, protocol }: buildConnector.Options): string => port || (protocol === "https:" ? "443" : "80")

const bracketed = (host: string): string => (net.isIPv6(host) ? `[${host}]` : host)
