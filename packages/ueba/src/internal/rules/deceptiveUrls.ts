/**
 * Addresses that lead elsewhere than they seem to: a host name before the `@`, numbers in an unusual spelling, letters
 * that look like others, short links.
 *
 * Runs in the parser's thread and in the main thread: imports nothing.
 */

/** The beginning of a URL up to its path. */
const beginning = /(?:https?|ftps?|git):\/{2}([^\s/?#'"\\]{1,255})/gi

/** The maximum number of URLs of one text that are looked at, and of its characters. */
const limit = 32
const longest = 4096

/** Characters that look like `/`, `.` or `:` and are none. */
const separators =
  /[\u2044\u2215\u29f8\u2571\u27cb\uff0f\u3033\u2024\uff0e\ufe52\ua4f8\u3002\uff61\uff1a\ufe55\ua789\u02d0\u2236]/

const shorteners =
  /^(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|is\.gd|v\.gd|ow\.ly|buff\.ly|rb\.gy|cutt\.ly|shorturl\.at|git\.io|t\.ly|tiny\.cc|bl\.ink|rebrand\.ly|s\.id|clck\.ru|u\.nu|0rz\.tw)$/i

/** Why a reader takes a URL in the text for another one, if so. */
export const urlConcern = (whole: string): string | undefined => {
  const text = whole.slice(0, longest)
  if (/https?:[^\0-\x7f]/i.test(text)) return "an address in letters that only look like ASCII"
  if (!text.includes("://")) return undefined
  let count = 0
  for (const [, authority = ""] of text.matchAll(beginning)) {
    const concern = authorityConcern(authority)
    if (concern !== undefined) return concern
    if (++count === limit) return undefined
  }
  return undefined
}

const authorityConcern = (authority: string): string | undefined => {
  if (separators.test(authority)) return "an address in letters that only look like ASCII"
  const at = authority.lastIndexOf("@")
  const user = at === -1 ? "" : authority.slice(0, at)
  const host = authority.slice(at + 1).replace(/:\d{0,5}$/, "")
  if (/^[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?::|%2f|$)/i.test(user) && /\.[a-z]{2,12}(?::|%2f|$)/i.test(user))
    return "the host is what follows the @, not what precedes it"
  if (/(?:^|\.)xn--/i.test(host)) return "a host name of letters that its spelling hides (punycode)"
  if (isOddNumber(host)) return "an address of a host in an unusual spelling"
  if (shorteners.test(host)) return "a short link, which hides the address that it leads to"
  return undefined
}

/** `3405803786`, `0xcb007109`, `0313.0.0161.011`, `127.1` */
const isOddNumber = (host: string): boolean => {
  const parts = host.split(".", 5)
  if (parts.length > 4 || !parts.every((part) => /^(?:0x[0-9a-f]{1,8}|\d{1,12})$/i.test(part))) return false
  return parts.length < 4 ? host.length > 2 : parts.some((part) => /^0[0-9x]/i.test(part))
}
