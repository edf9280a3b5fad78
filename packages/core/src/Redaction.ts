/**
 * Removes secrets from untrusted text: an error message that quotes the request, a proxy's page that shows the URL, a
 * header that repeats a token. Known secrets are replaced wherever they occur, in every encoding in which they may have
 * been sent. Text that has the format of a credential is replaced even if it is not a known secret.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"

/**
 * The text that replaces a secret.
 *
 * @since 0.1.0
 * @category constants
 */
export const replacement = "<redacted>"

/**
 * Returns the text without secrets.
 *
 * **Details**: each known secret is searched for unencoded, URL-encoded, form-encoded, JSON-encoded and in base64. In
 * addition, the following is replaced: JSON Web Tokens, credentials after an authentication scheme (`Bearer …`, `Basic …`),
 * passwords in URLs, the values of fields whose names say that they are secret (`access_token=…`, `"password": "…"`,
 * `Set-Cookie: …`), private keys in PEM, and UUIDs in the path of a URL, because the id of a setup session is one.
 *
 * The text is scanned once, from start to end: a replacement is never scanned again.
 *
 * **Gotchas**: a secret of fewer than four characters is replaced only as a separate word, because most texts contain it by
 * chance.
 *
 * @example
 * ```ts
 * import * as Redaction from "@privx-kit/core/Redaction"
 * import * as Redacted from "effect/Redacted"
 *
 * const id = Redacted.make("1b4e28ba-2fa1-11d2-883f-0016d3cca427")
 * export const text = Redaction.redact("no session 1b4e28ba-2fa1-11d2-883f-0016d3cca427", [id])
 * // no session <redacted>
 * ```
 *
 * @since 0.1.0
 * @category redaction
 */
export const redact = (text: string, secrets: ReadonlyArray<Redacted.Redacted<string>> = []): string =>
  redactor(secrets)(text)

/**
 * Makes {@link redact} for fixed secrets.
 *
 * **When to use**: to redact many texts with the same secrets, which are then prepared only once.
 *
 * @example
 * ```ts
 * import * as Redaction from "@privx-kit/core/Redaction"
 * import type * as Redacted from "effect/Redacted"
 *
 * export const withoutToken = (log: ReadonlyArray<string>, token: Redacted.Redacted<string>) =>
 *   log.map(Redaction.redactor([token]))
 * ```
 *
 * @since 0.1.0
 * @category redaction
 */
export const redactor = (secrets: ReadonlyArray<Redacted.Redacted<string>>): ((text: string) => string) => {
  const known = secrets.length === 0 ? undefined : knownPattern(secrets)
  const pattern = known === undefined ? shaped : new RegExp(`(?<known>${known})|${shaped.source}`, "gi")
  return (text) => (text === "" ? text : text.replace(pattern, replace))
}

const replace = (...match: ReadonlyArray<unknown>): string => {
  const groups = match.at(-1) as Readonly<Record<string, string | undefined>>
  // The text before the secret tells the reader what was removed.
  const kept = prefixes.map((name) => groups[name]).find((prefix) => prefix !== undefined)
  return `${kept ?? ""}${replacement}`
}

const prefixes = ["scheme", "user", "cookie", "field", "header", "before"]

const schemes = "bearer|basic|digest|negotiate|ntlm"

/** Names of fields whose values are secret. */
const secretName = String.raw`(?:[\w-]{0,32}(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|session[_-]?id)|(?:proxy-)?authorization|code_verifier|assertion)`

/**
 * Text that has the format of a credential. Every alternative starts with a literal or a bounded class and has only
 * bounded repetitions, so that the time is linear in the length of the text.
 */
const shaped = new RegExp(
  [
    // JSON Web Tokens, also with only two parts: a logged token is often truncated.
    String.raw`\beyJ[\w-]{5,4096}\.[\w-]{2,8192}(?:\.[\w-]{0,4096})?`,
    String.raw`-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)`,
    String.raw`(?<scheme>\b(?:${schemes})[ \t]{1,4})(?=[\w+/=.~-]{0,64}[\d+/=._~-]|[\w]{20})[\w+/=.~-]{8,8192}`,
    // The password of a URL.
    String.raw`(?<user>:\/\/[^\s/?#@:"'<>]{0,256}:)[^\s/?#@"'<>]{1,256}(?=@)`,
    // A complete cookie header.
    String.raw`(?<cookie>\b(?:set-)?cookie[ \t]{0,4}:[ \t]{0,4})[^\r\n]{1,8192}`,
    // Fields of a form, a query or JSON, with any value.
    String.raw`(?<field>\b${secretName}(?:\\?["'])?[ \t]{0,4}(?:=[ \t]{0,4}(?:\\?["'])?|:[ \t]{0,4}\\?["']))[^\s"'&,;<>\\]{1,8192}`,
    // A header, or prose with a colon, if the value looks like a secret and not like a word.
    String.raw`(?<header>\b${secretName}[ \t]{0,4}:[ \t]{0,4}(?:(?:${schemes})[ \t]{1,4})?)(?:(?=[^\s\d]{0,64}\d)[^\s"'&,;<>]{8,8192}|[^\s"'&,;<>]{20,8192})`,
    // The path of a URL.
    String.raw`(?<before>\/)[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}(?![\w-])`
  ].join("|"),
  "gi"
)

/** The alternation of all forms of all known secrets, longest first. */
const knownPattern = (secrets: ReadonlyArray<Redacted.Redacted<string>>): string | undefined => {
  const forms = new Set(secrets.map((secret) => Redacted.value(secret)).flatMap(formsOf))
  const sorted = [...forms].filter((form) => form !== "").toSorted((a, b) => b.length - a.length)
  return sorted.length === 0 ? undefined : sorted.map(literal).join("|")
}

const formsOf = (secret: string): ReadonlyArray<string> => {
  const scheme = /^(?:Basic|Bearer) /i
  const bare = secret.replace(scheme, "")
  return [
    secret,
    bare,
    JSON.stringify(bare).slice(1, -1),
    encodeURIComponent(bare),
    encodeURI(bare),
    new URLSearchParams({ "": bare }).toString().slice(1),
    Base64.encode(bare),
    Base64Url.encode(bare)
  ]
}

const literal = (text: string): string => {
  const escaped = text.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, String.raw`\$&`)
  return text.length < shortest ? String.raw`(?<![\w])${escaped}(?![\w])` : escaped
}

const shortest = 4
