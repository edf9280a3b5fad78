/**
 * Keeps the cookies of an origin in memory and sends them back: for load balancers that pin a session to a node, so that
 * what follows a login reaches the node that knows it. Off unless the connection is made with `cookies`.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as net from "node:net"
import type { Dispatcher } from "undici"
import * as SetCookie from "./SetCookie.ts"

/** A hostile server cannot make the jar, or the header, grow without end. */
const most = 50

interface Kept {
  readonly name: string
  readonly value: Redacted.Redacted<string>
  readonly path: string
  readonly expires: number | undefined
}

/**
 * The cookies of one origin. Their values are secrets, like the session that they stand for.
 *
 * @since 0.1.0
 * @category models
 */
export class CookieJar {
  readonly #host: string
  readonly #isSecure: boolean
  readonly #now: () => number
  /** By name, domain and path, the oldest first. */
  readonly #kept: Map<string, Kept> = new Map()

  /**
   * @param now milliseconds since the epoch
   */
  constructor(origin: string, now: () => number = Date.now) {
    const url = new URL(origin)
    this.#host = url.hostname.toLowerCase()
    this.#isSecure = url.protocol === "https:"
    this.#now = now
  }

  /** The `Cookie` header for a request to this path (a query does not matter), or `undefined` when there is none to send. */
  header(path: string): string | undefined {
    if (this.#kept.size === 0) return undefined
    const now = this.#now()
    const requested = withoutQuery(path)
    const matching: Array<Kept> = []
    for (const [key, cookie] of this.#kept) {
      if (cookie.expires !== undefined && cookie.expires <= now) this.#kept.delete(key)
      else if (isWithin(requested, cookie.path)) matching.push(cookie)
    }
    if (matching.length === 0) return undefined
    // The most specific path first, then the oldest (RFC 6265, 5.4).
    return matching
      .toSorted((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${Redacted.value(value)}`)
      .join("; ")
  }

  /** Takes the `Set-Cookie` headers of an answer to a request to this path; what may not be kept is left out. */
  store(setCookieHeaders: ReadonlyArray<string>, path: string): void {
    const now = this.#now()
    for (const header of setCookieHeaders) {
      const cookie = SetCookie.parse(header, now)
      if (cookie === undefined || !this.#mayKeep(cookie)) continue
      const cookiePath = cookie.path ?? folderOf(withoutQuery(path))
      const key = [cookie.name, cookie.domain ?? "", cookiePath].join(";")
      if (cookie.expires !== undefined && cookie.expires <= now) {
        this.#kept.delete(key)
        continue
      }
      this.#kept.set(key, { name: cookie.name, value: cookie.value, path: cookiePath, expires: cookie.expires })
      const [oldest] = this.#kept.keys()
      if (this.#kept.size > most && oldest !== undefined) this.#kept.delete(oldest)
    }
  }

  #mayKeep({ domain, name, path, secure }: SetCookie.SetCookie): boolean {
    if (secure && !this.#isSecure) return false
    if (name.startsWith("__Secure-") && !secure) return false
    if (name.startsWith("__Host-") && (!secure || domain !== undefined || path !== "/")) return false
    if (domain === undefined || domain === this.#host) return true
    // A domain above this host, but not one like `com`, and not a part of an address.
    return domain.includes(".") && net.isIP(this.#host) === 0 && this.#host.endsWith(`.${domain}`)
  }
}

const withoutQuery = (path: string): string => path.split(/[?#]/, 1)[0] ?? ""

const folderOf = (path: string): string => {
  const end = path.lastIndexOf("/")
  return end <= 0 ? "/" : path.slice(0, end)
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || (path.startsWith(folder) && (folder.endsWith("/") || path[folder.length] === "/"))

/**
 * Puts a jar into a dispatcher that speaks to the jar's origin.
 *
 * @since 0.1.0
 * @category interceptors
 */
export const interceptor =
  (jar: CookieJar): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) =>
  (options, handler) => {
    const cookie = jar.header(options.path)
    return dispatch(
      cookie === undefined ? options : { ...options, headers: withCookie(options.headers, cookie) },
      new Listening(handler, (headers) => jar.store(headers, options.path))
    )
  }

const withCookie = (headers: Dispatcher.DispatchOptions["headers"], cookie: string) =>
  Array.isArray(headers)
    ? [...headers, "cookie", cookie]
    : {
        ...(headers !== null && headers !== undefined && Symbol.iterator in headers
          ? Object.fromEntries(headers)
          : headers),
        cookie
      }

/** Hands everything on, and looks at the head of the answer. */
class Listening implements Dispatcher.DispatchHandler {
  private readonly handler: Dispatcher.DispatchHandler
  private readonly take: (setCookieHeaders: ReadonlyArray<string>) => void

  constructor(handler: Dispatcher.DispatchHandler, take: (setCookieHeaders: ReadonlyArray<string>) => void) {
    this.handler = handler
    this.take = take
  }

  onRequestStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestStart"]>>) {
    this.handler.onRequestStart?.(...args)
  }
  onRequestUpgrade(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestUpgrade"]>>) {
    this.handler.onRequestUpgrade?.(...args)
  }
  onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>) {
    // `set-cookie` is a single text where the server sent one only, whatever the type says.
    const sent: string | ReadonlyArray<string> | undefined = args[2]["set-cookie"]
    if (sent !== undefined) this.take(typeof sent === "string" ? [sent] : sent)
    this.handler.onResponseStart?.(...args)
  }
  onResponseData(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseData"]>>) {
    this.handler.onResponseData?.(...args)
  }
  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseEnd"]>>) {
    this.handler.onResponseEnd?.(...args)
  }
  onResponseError(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseError"]>>) {
    this.handler.onResponseError?.(...args)
  }
}
