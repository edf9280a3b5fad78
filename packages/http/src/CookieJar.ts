/**
 * Keeps the cookies of an origin in memory and sends them back: for load balancers that pin a session to a node, so
 * that requests after a login reach the same node. Off unless the connection is made with `cookies`.
 *
 * @since 0.1.0
 */
import * as Cookies from "effect/http/Cookies"
import type { Dispatcher } from "undici"
import { HeadListener } from "./internal/headListener.ts"

/** A hostile server cannot make the jar or the header grow without limit. */
const most = 50

/** In characters, name and value together: the minimum that user agents must allow. */
const longest = 4096

/**
 * The cookies of one origin.
 *
 * **When to use**: with {@link interceptor}, for a dispatcher of your own. A `Connection` has a jar if it is made with
 * `cookies`.
 *
 * **Details**: Effect parses, matches and expires the cookies (RFC 6265). This class adds limits and the prefixes `__Host-`
 * and `__Secure-`, and never shows a value, because each identifies a session.
 *
 * @example
 * ```ts
 * import { CookieJar } from "@privx-kit/http/CookieJar"
 *
 * const jar = new CookieJar("https://privx.example.com")
 * jar.store(["node=a; Path=/; Secure"], "/auth/api/v1/login")
 * export const header = jar.header("/auth/api/v1/oauth/token") // node=a
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class CookieJar {
  readonly #origin: URL
  readonly #now: () => number
  /** Oldest first. */
  #kept: ReadonlyArray<Cookies.Cookie> = []

  /**
   * @param now milliseconds since the epoch
   */
  constructor(origin: string, now: () => number = Date.now) {
    this.#origin = new URL(origin)
    this.#now = now
  }

  /**
   * The `Cookie` header for a request to this path (a query does not matter), or `undefined` if there is no cookie to
   * send.
   */
  header(path: string): string | undefined {
    return this.#kept.length === 0
      ? undefined
      : Cookies.toRequestCookieHeader(this.#kept, this.#origin.origin + path, this.#now())
  }

  /** Stores the cookies of a response to a request to this path, except those that must not be stored. */
  store(setCookieHeaders: ReadonlyArray<string>, path: string): void {
    for (const header of setCookieHeaders) {
      const cookies = Cookies.fromSetCookie(header.slice(0, 2 * longest))
      if (!Object.values(cookies.cookies).every((cookie) => this.#mayKeep(cookie))) continue
      this.#kept = Cookies.mergeIntoArray(this.#kept, this.#origin.origin + path, cookies, this.#now()).slice(-most)
    }
  }

  #mayKeep({ name, options = {}, valueEncoded }: Cookies.Cookie): boolean {
    const isTls = this.#origin.protocol === "https:"
    if (name.length + valueEncoded.length > longest) return false
    // A value that is not valid in a header cannot be sent back.
    if (!/^[\x21-\x7e]+$/.test(name) || !/^[\x20-\x7e]*$/.test(valueEncoded)) return false
    if (options.secure === true && !isTls) return false
    if (name.startsWith("__Secure-") && options.secure !== true) return false
    return (
      !name.startsWith("__Host-") || (options.secure === true && options.domain === undefined && options.path === "/")
    )
  }
}

/**
 * Makes an interceptor for a dispatcher of undici, which sends the cookies of a jar and stores those of each response.
 *
 * **When to use**: for a dispatcher of your own. `Connection.layer` with `cookies` does this for a connection.
 *
 * **Gotchas**: the dispatcher must send to the origin of the jar only. The interceptor does not compare the origins.
 *
 * @example
 * ```ts
 * import * as CookieJar from "@privx-kit/http/CookieJar"
 *
 * const withCookies = CookieJar.interceptor(new CookieJar.CookieJar("https://privx.example.com"))
 * // new Pool("https://privx.example.com").compose(withCookies)
 * ```
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
      new HeadListener(handler, (_, headers) => {
        // Contrary to its type, `set-cookie` is a string if the server sent only one.
        const sent: string | ReadonlyArray<string> | undefined = headers["set-cookie"]
        if (sent !== undefined) jar.store(typeof sent === "string" ? [sent] : sent, options.path)
        return undefined
      })
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
