/**
 * The `Retry-After` header, in both of its forms: seconds, or an HTTP date.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * Parses a header value. Returns `undefined` if it is neither a whole number of seconds nor an HTTP date.
 *
 * **Details**: a date in the past means "now", and more than a year counts as a year. The retry policy decides how much of it
 * the transport obeys.
 *
 * Source: RFC 9110, 10.2.3.
 *
 * @param now milliseconds since the epoch, for the date form
 *
 * @example
 * ```ts
 * import * as RetryAfter from "@privx-kit/http/RetryAfter"
 * import * as Duration from "effect/Duration"
 *
 * const wait = RetryAfter.parse("120", Date.now())
 * export const seconds = wait === undefined ? 0 : Duration.toSeconds(wait) // 120
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (value: string, now: number): Duration.Duration | undefined => {
  const text = value.trim()
  // A number of any size means "very long", not nonsense.
  if (/^\d+$/.test(text)) return Duration.seconds(Math.min(Number(text), longest))
  // IMF-fixdate, the obsolete RFC 850 form and asctime all start with the name of a day.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Duration.millis(Math.min(Math.max(0, at - now), longest * 1000))
}

/** In seconds: a year. */
const longest = 365 * 24 * 60 * 60
