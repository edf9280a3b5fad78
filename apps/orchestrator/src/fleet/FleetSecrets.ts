/**
 * Detects values in a fleet file that look like secrets. Fleet files are often kept in repositories, where secrets must
 * not be.
 */
import type { Problem } from "@privx-kit/settings/SettingsError"
import type { Source } from "./FleetSource.ts"

/** One problem for each place, without the value. */
export const find = (source: Source): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  // Parts that are aliases of each other are checked once.
  const seen = new Set<unknown>()
  const visit = (data: unknown, path: ReadonlyArray<PropertyKey>): void => {
    if (problems.length >= mostFound) return
    if (path.length > deepest) {
      problems.push(
        source.problem(path.slice(0, deepest), "is nested too deeply", "A fleet file has only a few levels.")
      )
      return
    }
    if (typeof data === "string") {
      if (looksSecret(data)) problems.push(source.problem(path, "looks like a secret", advice))
      return
    }
    if (typeof data !== "object" || data === null || seen.has(data)) return
    seen.add(data)
    for (const [key, value] of Object.entries(data)) {
      const below = [...path, Array.isArray(data) ? Number(key) : key]
      if (!Array.isArray(data) && named.test(key) && typeof value !== "object") {
        problems.push(source.problem(below, "is a secret, which a fleet file must not contain", advice))
      } else {
        visit(value, below)
      }
    }
  }
  visit(source.data, [])
  return problems
}

/** The maximum number of reported secrets. */
const mostFound = 1000

const deepest = 20

const advice =
  "Put it into an environment variable or a file with mode 0600, and refer to that with client_secret_env, client_secret_file, token_env and so on. If the fleet file was stored or shared, replace the secret."

/** Keys whose values would be secrets. Keys that end in `_env` or `_file` name the location of a secret. */
const named = /^(?:.*_)?(?:token|secret|password|passwd|passphrase|private_?key|api_?key)$/i

const looksSecret = (text: string): boolean =>
  // A JWT; a key; a user name and password in a URL; a long random value that is neither a path nor a digest.
  /^(?:Bearer\s+)?eyJ[\w-]+\.[\w-]+\./.test(text) ||
  text.includes("PRIVATE KEY-----") ||
  /^[a-z][a-z0-9+.-]*:\/\/[^/?#:]*:[^/?#]*@/i.test(text) ||
  (/^[A-Za-z0-9+/_=-]{32,}$/.test(text) &&
    !/^[0-9a-f]{64}$/i.test(text) &&
    !text.startsWith("/") &&
    /[a-z]/.test(text) &&
    /[A-Z]/.test(text) &&
    /\d/.test(text))
