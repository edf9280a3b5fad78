/**
 * The `Retry-After` header, in both of its forms: seconds, or an HTTP date.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * Reads a header value. `undefined` when it is neither a whole number of seconds nor an HTTP date; a date in the past
 * means "now". The policy caps the result, not this.
 *
 * @param now milliseconds since the epoch, for the date form
 * @since 0.1.0
 * @category decoding
 */
export const parse = (value: string, now: number): Duration.Duration | undefined => {
  const text = value.trim()
  if (/^\d{1,10}$/.test(text)) return Duration.seconds(Number(text))
  // IMF-fixdate, the obsolete RFC 850 form and asctime all begin with the name of a day.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Duration.millis(Math.max(0, at - now))
}
