/**
 * Validates the base URL of a PrivX host. A URL that would leak credentials or is not a base URL is refused with a
 * reason.
 */
import type { Problem } from "./SettingsError.ts"

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

/** Whether requests to the URL stay on this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
  hostname === "[::1]"
