/**
 * Durations as people type them: `30s`, `500ms`, `2m`, `1h`, `1.5s`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const unit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }

/**
 * Parses a duration as people type it: `30s`, `500ms`, `2m`, `1h`, `1.5s`.
 *
 * **Details**: the longest is that of a timer of Node: 2³¹ − 1 milliseconds, about 24 days. Zero is none.
 *
 * **Errors**: `None` for any other text.
 *
 * @example
 * ```ts
 * import * as DurationText from "@privx-kit/settings/DurationText"
 *
 * export const timeout = DurationText.parse("1.5s")
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (text: string): Option.Option<Duration.Duration> => {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)$/.exec(text.trim())
  const millis = Number(match?.[1]) * (unit[match?.[2] ?? ""] ?? Number.NaN)
  return millis > 0 && millis <= longest ? Option.some(Duration.millis(millis)) : Option.none()
}

/**
 * Writes a duration in the format of {@link parse}, in the largest unit that needs no fraction.
 *
 * @example
 * ```ts
 * import * as DurationText from "@privx-kit/settings/DurationText"
 * import * as Duration from "effect/Duration"
 *
 * export const text = DurationText.render(Duration.seconds(90)) // 90s
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const render = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  const name = ["h", "m", "s"].find((name) => millis % (unit[name] ?? 1) === 0) ?? "ms"
  return `${millis / (unit[name] ?? 1)}${name}`
}

/**
 * Parses a duration that may also be in days: `12h`, `90d`.
 *
 * **When to use**: for retention and schedules. A timer cannot wait that long.
 *
 * **Errors**: `None` for any other text.
 *
 * @example
 * ```ts
 * import * as DurationText from "@privx-kit/settings/DurationText"
 *
 * export const kept = DurationText.parseLong("90d")
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parseLong = (text: string): Option.Option<Duration.Duration> => {
  const days = /^(\d{1,5})\s*d$/.exec(text.trim())?.[1]
  return days === undefined ? parse(text) : Option.some(Duration.days(Number(days)))
}

/** The maximum of a timer: 2³¹ − 1 ms, about 24 days. */
const longest = 2_147_483_647
