/**
 * The times of a schedule, including changes of daylight saving time.
 *
 * - If the minute or the hour of the expression begins with `*`, the schedule follows elapsed time: a repeated hour has
 * its rounds twice, a skipped hour has none. The time between two rounds of `*\/30` is therefore always half an hour.
 * - Every other schedule has fixed times. Of a repeated time, the first one counts; a skipped time moves forward by as
 * much as the clocks do. `30 3 * * *` therefore has exactly one round a day.
 */
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

export interface Times {
  readonly cron: Cron.Cron
  /** The expression. */
  readonly text: string
}

/** The schedule of an expression in a time zone. The failure describes the problem of either. */
export const parse = (text: string, zone: string | DateTime.TimeZone): Result.Result<Times, Cron.CronParseError> =>
  Result.map(Cron.parse(text, zone), (cron) => ({ cron, text }))

/**
 * The first time after a moment, both in milliseconds since 1970; `undefined` if there is none.
 */
export const next = ({ cron, text }: Times, after: number): number | undefined => {
  if (!followsClock(text)) return following(cron, after)
  let time = following(cron, after)
  // A time that the clocks skip was moved, and does not belong to this schedule.
  while (time !== undefined && !Cron.match(cron, new Date(time))) time = following(cron, time)
  return time === undefined ? undefined : (repeated(cron, after, time) ?? time)
}

const following = (cron: Cron.Cron, after: number): number | undefined => {
  const found = Result.try(() => Cron.next(cron, new Date(after)).getTime())
  return Result.isSuccess(found) ? found.success : undefined
}

/** Whether minute or hour begin with `*`; a sixth field, the seconds, comes first. */
const followsClock = (text: string): boolean => {
  const fields = text.trim().split(/\s+/)
  const [minute = "", hour = ""] = fields.slice(fields.length > 5 ? 1 : 0)
  return minute.startsWith("*") || hour.startsWith("*")
}

const minute = 60_000
const hour = 60 * minute

/** The first time between two moments in a repeated part of the day: Effect counts only its first occurrence. */
const repeated = (cron: Cron.Cron, after: number, before: number): number | undefined => {
  const zone = Option.getOrElse(cron.tz, () => DateTime.zoneMakeLocal())
  const offset = (time: number) => DateTime.zonedOffset(DateTime.makeZonedUnsafe(time, { timeZone: zone }))
  const step = cron.seconds.size === 1 ? minute : 1000
  // Hours do not begin at the same moment in all time zones; clocks change at full minutes.
  for (let time = after - 3 * hour; time < before; time += hour) {
    const back = offset(time) - offset(time + hour)
    if (back <= 0) continue
    const from = Math.max(after + 1, time)
    const until = Math.min(before, time + hour + back)
    const [second = 0] = cron.seconds
    const first =
      step === minute
        ? Math.ceil((from - second * 1000) / minute) * minute + second * 1000
        : Math.ceil(from / 1000) * 1000
    for (let moment = first; moment < until; moment += step) if (Cron.match(cron, new Date(moment))) return moment
  }
  return undefined
}
