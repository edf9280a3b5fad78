/**
 * The `WWW-Authenticate` header of a 401: the scheme that the server requires and, for a bearer token (RFC 6750), what
 * is wrong with the token.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Challenge {
  /** In lower case, e.g. `bearer`. */
  readonly scheme: string
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Longer headers are ignored. */
const maxLength = 4096

/**
 * Parses the challenges of a header value.
 *
 * **Details**: text that does not match the grammar is skipped. A value of more than 4,096 characters has no challenges.
 *
 * Source: RFC 9110, 11.6.1.
 *
 * @example
 * ```ts
 * import * as Challenge from "@privx-kit/http/Challenge"
 *
 * const [challenge] = Challenge.parse('Bearer realm="privx", error="invalid_token"')
 * export const error = challenge?.parameters.get("error") // invalid_token
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (value: string): ReadonlyArray<Challenge> => {
  if (value.length > maxLength) return []
  const challenges: Array<{ readonly scheme: string; readonly parameters: Map<string, string> }> = []
  for (const match of value.matchAll(element)) {
    const { name, quoted, scheme, token } = match.groups ?? {}
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() })
    else if (name !== undefined) {
      const text = quoted === undefined ? token : quoted.replaceAll(/\\(.)/g, "$1")
      challenges.at(-1)?.parameters.set(name.toLowerCase(), text ?? "")
    }
  }
  return challenges
}

/**
 * A parameter, or a scheme: a word that is not followed by `=`. Linear: no two alternatives can start with the same
 * text.
 */
const element =
  /(?<name>[\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<token>[\w!#$%&'*+.^`|~/-]+))|(?<scheme>[A-Za-z][\w-]*)(?=[ \t,]|$)/g

/**
 * Returns what is wrong with a bearer token according to the server. Returns `undefined` if the header does not say.
 *
 * Source: RFC 6750, 3.
 *
 * @example
 * ```ts
 * import * as Challenge from "@privx-kit/http/Challenge"
 *
 * export const problem = Challenge.bearerProblem('Bearer error="invalid_token", error_description="the token has expired"')
 * // invalid_token: the token has expired
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const bearerProblem = (value: string): string | undefined => {
  const parameters = parse(value).find(({ scheme }) => scheme === "bearer")?.parameters
  const parts = [parameters?.get("error"), parameters?.get("error_description")].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : parts.join(": ")
}
