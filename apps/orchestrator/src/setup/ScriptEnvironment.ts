/**
 * The environment variables of an executed script.
 *
 * The script is not part of the kit, and the environment of a service or a CI job contains secrets under any name. Only
 * variables for locations and for the output language are passed on.
 */

const names: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TERM",
  "TMPDIR",
  "NO_PROXY",
  "no_proxy"
])

/** Passed on unless they contain a user name or password. */
const proxies: ReadonlySet<string> = new Set([
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy"
])

export const of = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name, value]) => isPassedOn(name, value ?? "")))

const isPassedOn = (name: string, value: string): boolean =>
  names.has(name) || /^LC_[A-Z]+$/.test(name) || (proxies.has(name) && !value.includes("@"))
