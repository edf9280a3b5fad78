/**
 * Times in the past: a time span like `12h`, `30d` or `2w`, or a date.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const unit: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/**
 * Parses a time span before now: `30m`, `12h`, `30d` or `2w`.
 *
 * **Errors**: `None` for any other text.
 *
 * @example
 * ```ts
 * import * as TimeText from "@privx-kit/settings/TimeText"
 *
 * export const age = TimeText.span("30d")
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const span = (text: string): Option.Option<Duration.Duration> => {
  const match = /^(\d+(?:\.\d+)?)\s*([mhdw])$/.exec(text.trim())
  const millis = Number(match?.[1]) * (unit[match?.[2] ?? ""] ?? Number.NaN)
  return Number.isFinite(millis) ? Option.some(Duration.millis(millis)) : Option.none()
}

/**
 * Parses a time span before now, or a date (ISO 8601; without a zone, in that of this machine).
 *
 * **Errors**: `None` for any other text.
 *
 * @returns milliseconds since 1970
 *
 * @example
 * ```ts
 * import * as TimeText from "@privx-kit/settings/TimeText"
 *
 * export const since = TimeText.moment("2026-01-31")
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const moment = (text: string): Option.Option<number> => {
  const ago = Option.map(span(text), (span) => Date.now() - Duration.toMillis(span))
  if (Option.isSome(ago)) return ago
  const date = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text) : Number.NaN
  return Number.isNaN(date) ? Option.none() : Option.some(date)
}
