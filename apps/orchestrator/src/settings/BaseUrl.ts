/** The base URL of a PrivX, checked: what would leak credentials or cannot be meant is refused with a reason. */
import type { Problem } from "./SettingsError.ts"

export const check = (
  text: string,
  options: { readonly insecureHttp: boolean }
): { readonly url: URL } | { readonly problem: Problem } => {
  const problem = (what: string, fix: string) => ({ problem: { setting: "base URL", problem: what, fix } })
  const url = URL.parse(text)
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return problem("is not an http or https URL", "Write it like https://privx.example.com.")
  }
  // Not shown back: a URL with a password is a secret.
  if (url.username !== "" || url.password !== "") {
    return problem("contains a user name or password", "Take them out: credentials have settings of their own.")
  }
  if (url.search !== "" || url.hash !== "") {
    return problem("has a query or fragment", "Leave out what follows the path.")
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !options.insecureHttp) {
    return problem(
      `is plain http to ${url.hostname}: the credentials and the script would travel unencrypted`,
      "Use https, or allow it with --insecure-http."
    )
  }
  return { url }
}

/** Whether what is sent there stays on this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
  hostname === "[::1]"
