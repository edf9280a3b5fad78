/**
 * The `WWW-Authenticate` header of a 401: what a server wants, and, for a bearer token (RFC 6750), what was wrong with it.
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

/** Longer headers are not looked at: there is nothing to learn from them. */
const maxLength = 4096

/**
 * Reads the challenges of a header value, as far as they can be read: what does not fit the grammar is passed over.
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

/** A parameter, or else a scheme: a word that no `=` follows. Linear: no two alternatives can begin with the same text. */
const element =
  /(?<name>[\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<token>[\w!#$%&'*+.^`|~/-]+))|(?<scheme>[A-Za-z][\w-]*)(?=[ \t,]|$)/g

/**
 * What the server says is wrong with a bearer token, e.g. `invalid_token: the token has expired`.
 *
 * @since 0.1.0
 * @category decoding
 */
export const bearerProblem = (value: string): string | undefined => {
  const parameters = parse(value).find(({ scheme }) => scheme === "bearer")?.parameters
  const parts = [parameters?.get("error"), parameters?.get("error_description")].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : parts.join(": ")
}
