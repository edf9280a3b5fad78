/**
 * Chooses the proxy for a URL by the environment variables and rules that curl documents.
 *
 * - `http_proxy` for `http`, `https_proxy` for `https`, then `all_proxy`; lower case before upper case. `HTTP_PROXY` in upper
 *   case is ignored in a CGI program (`REQUEST_METHOD` is set), where a client could set it with a `Proxy` header.
 * - `no_proxy` lists hosts that are reached directly, separated by commas or spaces: `*`, names (each with its subdomains), IP
 *   addresses and networks (`10.0.0.0/8`, `fd00::/8`); each may end with a port.
 * - A proxy is `scheme://user:password@host:port`: `http`, `https`, `socks5` (this machine resolves names) or `socks5h`
 *   (the proxy does). The default scheme is `http`; the default port is 1080, or 443 for an `https` proxy.
 * - Beyond curl: this machine itself (`localhost`, `127.0.0.0/8`, `::1`) is never reached through a proxy.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as net from "node:net"

/**
 * - `http`, `https`: an HTTP proxy, reached without or with TLS
 * - `socks5`: SOCKS 5; this machine resolves names
 * - `socks5h`: SOCKS 5; the proxy resolves names
 *
 * @since 0.1.0
 * @category models
 */
export type Scheme = "http" | "https" | "socks5" | "socks5h"

/**
 * A configured proxy.
 *
 * @since 0.1.0
 * @category models
 */
export interface Proxy {
  readonly scheme: Scheme
  /** A name, or an IP address without brackets. */
  readonly host: string
  readonly port: number
  readonly credentials: { readonly username: string; readonly password: Redacted.Redacted<string> } | undefined
  /** Scheme, host and port, for messages; never the credentials. */
  readonly origin: string
}

/**
 * The route to a URL, and its reason.
 *
 * @since 0.1.0
 * @category models
 */
export type Choice =
  | {
      readonly _tag: "Direct"
      /** E.g. `NO_PROXY names the host`. */
      readonly reason: string
    }
  | {
      readonly _tag: "Proxied"
      readonly proxy: Proxy
      /** The environment variable, or `the proxy option`. */
      readonly source: string
    }
  | {
      readonly _tag: "Invalid"
      readonly source: string
      /** What is wrong with the value. Never the value itself, which may contain a password. */
      readonly problem: string
    }

/**
 * Environment variables, by name.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Chooses the route to a URL.
 *
 * **Errors**: none: if the value of the variable cannot be parsed, the result is `Invalid` and says why.
 *
 * @example
 * ```ts
 * import * as Proxy from "@privx-kit/http/Proxy"
 *
 * const choice = Proxy.choose(new URL("https://privx.example.com"), {
 *   HTTPS_PROXY: "proxy.example.com:3128",
 *   NO_PROXY: "10.0.0.0/8"
 * })
 * // { _tag: "Proxied", source: "HTTPS_PROXY", proxy: { origin: "http://proxy.example.com:3128", … } }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const choose = (url: URL, environment: Environment = process.env): Choice => {
  const host = hostOf(url)
  if (isLoopback(host)) return { _tag: "Direct", reason: "this machine is never reached through a proxy" }
  const source = variablesFor(url.protocol, environment).find((name) => isSet(environment[name]))
  if (source === undefined) return { _tag: "Direct", reason: "no environment variable names a proxy" }
  const exception = ["no_proxy", "NO_PROXY"].find((name) => isSet(environment[name]))
  if (exception !== undefined && isExcepted(host, portOf(url), environment[exception] ?? "")) {
    return { _tag: "Direct", reason: `${exception} names the host` }
  }
  const proxy = parse(environment[source] ?? "")
  return typeof proxy === "string" ? { _tag: "Invalid", source, problem: proxy } : { _tag: "Proxied", proxy, source }
}

const isSet = (value: string | undefined): boolean => value !== undefined && value.trim() !== ""

const variablesFor = (protocol: string, environment: Environment): ReadonlyArray<string> => {
  const all = ["all_proxy", "ALL_PROXY"]
  if (protocol === "https:") return ["https_proxy", "HTTPS_PROXY", ...all]
  return environment["REQUEST_METHOD"] === undefined ? ["http_proxy", "HTTP_PROXY", ...all] : ["http_proxy", ...all]
}

/**
 * Parses a proxy from the value of an environment variable.
 *
 * **Details**: without a scheme it is an `http` proxy. The default port is 443 for `https` and 1080 for the other schemes.
 *
 * **Errors**: none: for an invalid value it returns a text that says what is wrong. The text contains neither the user name
 * nor the password.
 *
 * @example
 * ```ts
 * import * as Proxy from "@privx-kit/http/Proxy"
 *
 * const proxy = Proxy.parse("proxy.example.com:3128")
 * export const origin = typeof proxy === "string" ? undefined : proxy.origin // http://proxy.example.com:3128
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (text: string): Proxy | string => {
  const value = text.trim()
  const [, given = "http", rest = ""] = /^(?:([a-z][a-z\d+.-]*):\/\/)?(.*)$/is.exec(value) ?? []
  const scheme = schemes[given.toLowerCase()]
  if (scheme === undefined) {
    return `the scheme "${given.slice(0, 20)}" is not supported; use http, https, socks5 or socks5h`
  }
  // A password may contain any character, even unencoded; the host follows the last @.
  const at = rest.lastIndexOf("@")
  const authority = rest.slice(at + 1).replace(/[/?#].*$/s, "")
  const [, bracketed, name = "", digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(authority) ?? []
  const host = bracketed ?? name
  if (host === "" || /[\s%]/.test(host)) return "it names no host"
  if (bracketed !== undefined && net.isIPv6(bracketed) === false)
    return "the address in brackets is not an IPv6 address"
  const port = digits === undefined || digits === "" ? (scheme === "https" ? 443 : 1080) : Number(digits)
  if (port < 1 || port > 65_535) return "the port is not between 1 and 65535"
  return {
    scheme,
    host,
    port,
    credentials: at < 0 ? undefined : credentialsOf(rest.slice(0, at)),
    origin: `${scheme}://${net.isIPv6(host) ? `[${host}]` : host}:${port}`
  }
}

const schemes: Readonly<Record<string, Scheme>> = {
  http: "http",
  https: "https",
  socks5: "socks5",
  socks5h: "socks5h",
  // The scheme that desktop settings write for SOCKS proxies of any version.
  socks: "socks5h"
}

const credentialsOf = (userinfo: string): Proxy["credentials"] => {
  const colon = userinfo.indexOf(":")
  const username = colon < 0 ? userinfo : userinfo.slice(0, colon)
  const password = colon < 0 ? "" : userinfo.slice(colon + 1)
  return { username: decode(username), password: Redacted.make(decode(password), { label: "proxy password" }) }
}

/** A % that starts no escape is literal, as in a password that was not encoded. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
}

/**
 * Returns the host of a URL in lower case, without the brackets of an IPv6 address and without a dot at its end.
 *
 * @example
 * ```ts
 * import * as Proxy from "@privx-kit/http/Proxy"
 *
 * export const host = Proxy.hostOf(new URL("https://[2001:db8::1]:8443")) // 2001:db8::1
 * ```
 *
 * @since 0.1.0
 * @category addresses
 */
export const hostOf = (url: URL): string =>
  url.hostname
    .replace(/^\[|\]$/g, "")
    .replace(/(.)\.$/, "$1")
    .toLowerCase()

/**
 * Returns the port of a URL, or the default port of its scheme.
 *
 * @example
 * ```ts
 * import * as Proxy from "@privx-kit/http/Proxy"
 *
 * export const port = Proxy.portOf(new URL("https://privx.example.com")) // 443
 * ```
 *
 * @since 0.1.0
 * @category addresses
 */
export const portOf = (url: URL): number =>
  url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port)

/**
 * Returns whether a host is this machine, judged by its name or address, without a DNS lookup.
 *
 * **Details**: this machine is `localhost` and its subdomains, `127.0.0.0/8`, `::1`, and the unspecified
 * addresses `0.0.0.0` and `::`.
 *
 * @param host a name, or an address without brackets, as {@link hostOf} returns it
 *
 * @example
 * ```ts
 * import * as Proxy from "@privx-kit/http/Proxy"
 *
 * export const isLocal = Proxy.isLoopback("privx.localhost") // true
 * ```
 *
 * @since 0.1.0
 * @category addresses
 */
export const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase().replace(/(.)\.$/, "$1")
  if (name === "localhost" || name.endsWith(".localhost")) return true
  const family = net.isIP(name)
  return family !== 0 && loopback.check(name, family === 6 ? "ipv6" : "ipv4")
}

const loopback = new net.BlockList()
loopback.addSubnet("127.0.0.0", 8)
loopback.addAddress("0.0.0.0")
loopback.addAddress("::1", "ipv6")
loopback.addAddress("::", "ipv6")

const isExcepted = (host: string, port: number, list: string): boolean =>
  list.split(/[\s,]+/).some((entry) => entry !== "" && matches(host, port, entry.toLowerCase()))

const matches = (host: string, port: number, entry: string): boolean => {
  if (entry === "*") return true
  const { pattern, port: only } = splitPort(entry)
  if (only !== undefined && only !== port) return false
  const [address = "", bits] = pattern.split("/", 2)
  const family = net.isIP(address)
  if (family !== 0) return contains(address, family, bits, host)
  const name = pattern.replace(/^\*?\.+/, "").replace(/(.)\.$/, "$1")
  return name === "*" || host === name || (name !== "" && host.endsWith(`.${name}`))
}

/** `name:port`, `[::1]:port`; a bare IPv6 address has colons and no port. */
const splitPort = (entry: string): { readonly pattern: string; readonly port: number | undefined } => {
  const [, bracketed, behind] = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry) ?? []
  if (bracketed !== undefined) return { pattern: bracketed, port: behind === undefined ? undefined : Number(behind) }
  const [, name, digits] = /^([^:]*):(\d+)$/.exec(entry) ?? []
  return name === undefined ? { pattern: entry, port: undefined } : { pattern: name, port: Number(digits) }
}

/** Compares addresses and not their texts: an IPv6 address can be written in many ways. */
const contains = (address: string, family: number, bits: string | undefined, host: string): boolean => {
  const kind = family === 6 ? "ipv6" : "ipv4"
  const width = family === 6 ? 128 : 32
  const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (net.isIP(host) === 0 || prefix < 0 || prefix > width) return false
  const network = new net.BlockList()
  network.addSubnet(address, prefix, kind)
  return network.check(host, net.isIP(host) === 6 ? "ipv6" : "ipv4")
}
