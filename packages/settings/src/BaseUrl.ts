/**
 * Validates the base URL of a PrivX host. A URL that would leak credentials or is not a base URL is refused with a
 * reason.
 *
 * @since 0.1.0
 */
import type { Problem } from "./SettingsError.ts"

/**
 * Validates the base URL of a PrivX host, and returns it parsed or the problem with it.
 *
 * **When to use**: for a URL that a person typed, before credentials are sent to it.
 *
 * **Details**: a URL is refused if it is not http or https, contains a user name or password, has a query or fragment, or
 * uses plain http to another machine.
 *
 * **Errors**: none; the problem is a value with a setting, a sentence and advice. It never repeats a password.
 *
 * @param options.insecureHttp whether credentials may be sent over plain http to another machine
 *
 * @example
 * ```ts
 * import * as BaseUrl from "@privx-kit/settings/BaseUrl"
 *
 * const checked = BaseUrl.check("https://privx.example.com/", { insecureHttp: false })
 * export const origin = "url" in checked ? checked.url.origin : checked.problem.fix
 * ```
 *
 * @since 0.1.0
 * @category validation
 */
export const check = (
  text: string,
  options: { readonly insecureHttp: boolean }
): { readonly url: URL } | { readonly problem: Problem } => {
  const problem = (what: string, fix: string) => ({ problem: { setting: "base URL", problem: what, fix } })
  const url = URL.parse(text)
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return problem("is not an http or https URL", "Use the form https://privx.example.com.")
  }
  // Not quoted: a URL with a password is a secret.
  if (url.username !== "" || url.password !== "") {
    return problem("contains a user name or password", "Remove them: credentials have their own settings.")
  }
  if (url.search !== "" || url.hash !== "") {
    return problem("has a query or fragment", "Remove everything after the path.")
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !options.insecureHttp) {
    return problem(
      `uses plain http to ${url.hostname}: the credentials and the script would be sent unencrypted`,
      "Use https, or allow it with --insecure-http."
    )
  }
  return { url }
}

/**
 * Returns whether requests to a host stay on this machine.
 *
 * **Details**: by the name alone, as a URL writes it: `localhost` and names below it, `127.0.0.0/8` and `[::1]`. Nothing is
 * resolved.
 *
 * @example
 * ```ts
 * import * as BaseUrl from "@privx-kit/settings/BaseUrl"
 *
 * export const stays = BaseUrl.isLoopback(new URL("http://127.0.0.1:8080").hostname) // true
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
  hostname === "[::1]"
