/**
 * A time range with gaps: the connections that a dataset contains or that are counted.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as Tolerant from "./internal/tolerant.ts"

const Time = Schema.DateTimeUtcFromString

/**
 * A gap: a part of the range that is excluded.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Excluded = Schema.Struct({ start: Time, end: Time })

/**
 * A range in a request. Without `start` or `end` it is open on that side. RFC 3339 on the wire. Source: the official
 * SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TimeRange = Schema.Struct({
  start: Schema.optionalKey(Time),
  end: Schema.optionalKey(Time),
  exclude: Schema.optionalKey(Schema.Array(Excluded))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface TimeRange extends Schema.Schema.Type<typeof TimeRange> {}

/**
 * A range in a response: empty or unreadable times are absent.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReportedTimeRange = Schema.Struct({
  start: Tolerant.optionalTime,
  end: Tolerant.optionalTime,
  exclude: Tolerant.list(Schema.Struct({ start: Tolerant.optionalTime, end: Tolerant.optionalTime }))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ReportedTimeRange extends Schema.Schema.Type<typeof ReportedTimeRange> {}

/**
 * Returns the range from `start` to `end`, without gaps.
 *
 * **Gotchas**: throws if a time is invalid.
 *
 * @example
 * ```ts
 * import * as TimeRange from "@privx-kit/ueba/TimeRange"
 *
 * const firstQuarter = TimeRange.between("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const between = (start: DateTime.DateTime.Input, end: DateTime.DateTime.Input): TimeRange => ({
  start: DateTime.toUtc(DateTime.makeUnsafe(start)),
  end: DateTime.toUtc(DateTime.makeUnsafe(end))
})

/**
 * Whether a range in a response equals the sent one: the same start and end, and the same gaps in any order. Times are
 * compared to the second, because a server may store no fractions.
 *
 * @example
 * ```ts
 * import type { Dataset } from "@privx-kit/ueba/Dataset"
 * import * as TimeRange from "@privx-kit/ueba/TimeRange"
 *
 * const find = (datasets: ReadonlyArray<Dataset>, range: TimeRange.TimeRange) =>
 *   datasets.find((dataset) => TimeRange.isSame(range, dataset.time_range_settings))
 * ```
 *
 * @since 0.1.0
 * @category comparing
 */
export const isSame = (sent: TimeRange, reported: ReportedTimeRange): boolean =>
  second(sent.start) === second(reported.start) &&
  second(sent.end) === second(reported.end) &&
  holes(sent.exclude ?? []) === holes(reported.exclude)

const second = (time: DateTime.Utc | undefined): number | undefined =>
  time === undefined ? undefined : Math.floor(DateTime.toEpochMillis(time) / 1_000)

const holes = (excluded: ReadonlyArray<{ readonly start?: DateTime.Utc; readonly end?: DateTime.Utc }>): string =>
  excluded
    .map(({ end, start }) => `${second(start)}-${second(end)}`)
    .toSorted()
    .join()
