/**
 * The `Set-Cookie` header, read as RFC 6265 tells user agents to read it: tolerant, and never failing.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"

/**
 * @since 0.1.0
 * @category models
 */
export interface SetCookie {
  readonly name: string
  readonly value: Redacted.Redacted<string>
  /** In lower case, without a leading dot; `undefined` for a cookie of this host only. */
  readonly domain: string | undefined
  /** `undefined` where the path of the request decides. */
  readonly path: string | undefined
  readonly secure: boolean
  /** Milliseconds since the epoch; in the past for a cookie that is taken back, `undefined` for one that stays. */
  readonly expires: number | undefined
}

/** In characters, name and value together: what user agents must at least allow. */
const longest = 4096

/**
 * Reads one header value. `undefined` for what is no cookie, or none that could be sent back: without a name, too long, with
 * a character that is not visible ASCII.
 *
 * @param now milliseconds since the epoch, for `Max-Age`
 * @since 0.1.0
 * @category decoding
 */
export const parse = (header: string, now: number): SetCookie | undefined => {
  const [pair = "", ...attributes] = header.split(";")
  const [name, value] = split(pair)
  if (name === "" || value === undefined || name.length + value.length > longest) return undefined
  if (!/^[\x21-\x7e]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) return undefined

  let domain: string | undefined
  let path: string | undefined
  let secure = false
  let expires: number | undefined
  let maxAge: number | undefined
  // The last of several counts.
  for (const attribute of attributes) {
    const [key, text = ""] = split(attribute)
    switch (key.toLowerCase()) {
      case "domain":
        domain = text.replace(/^\./, "").toLowerCase() || undefined
        break
      case "path":
        path = text.startsWith("/") ? text : undefined
        break
      case "secure":
        secure = true
        break
      case "expires":
        expires = parseDate(text) ?? expires
        break
      case "max-age":
        if (/^-?\d+$/.test(text)) maxAge = now + Math.min(Number(text), 1e9) * 1000
        break
    }
  }
  return {
    name,
    value: Redacted.make(value, { label: "cookie" }),
    domain,
    path,
    secure,
    expires: maxAge ?? expires
  }
}

/** Name and value around the first `=`; without one, there is no value. */
const split = (text: string): readonly [name: string, value: string | undefined] => {
  const at = text.indexOf("=")
  return at === -1 ? [trim(text), undefined] : [trim(text.slice(0, at)), trim(text.slice(at + 1))]
}

const trim = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, "")

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

/**
 * A date as cookies have it, in any order and with any separators (RFC 6265, 5.1.1).
 *
 * @returns milliseconds since the epoch, or `undefined` for what is no date
 * @since 0.1.0
 * @category decoding
 */
export const parseDate = (text: string): number | undefined => {
  let time: ReadonlyArray<number> | undefined
  let day: number | undefined
  let month: number | undefined
  let year: number | undefined
  for (const token of text.slice(0, 200).split(/[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/)) {
    const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D|$)/.exec(token)
    const number = /^(\d{1,4})(?:\D|$)/.exec(token)?.[1]
    const named = months.indexOf(token.slice(0, 3).toLowerCase())
    if (time === undefined && clock !== null) time = clock.slice(1).map(Number)
    else if (day === undefined && number !== undefined && number.length <= 2) day = Number(number)
    else if (month === undefined && named >= 0) month = named
    else if (year === undefined && number !== undefined && number.length >= 2) year = Number(number)
  }
  if (time === undefined || day === undefined || month === undefined || year === undefined) return undefined
  const [hour = 0, minute = 0, second = 0] = time
  const century = year >= 100 ? 0 : year >= 70 ? 1900 : 2000
  const full = year + century
  if (full < 1601 || hour > 23 || minute > 59 || second > 59) return undefined
  const at = new Date(Date.UTC(full, month, day, hour, minute, second))
  // The 31st of February is no date.
  return at.getUTCDate() === day && at.getUTCMonth() === month ? at.getTime() : undefined
}
