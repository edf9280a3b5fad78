/**
 * The recorded connections of a simulated PrivX. They depend only on the seed, so the same range has the same count in
 * each run. Only one number is stored for each requested hour.
 */
import { generator } from "./random.ts"

const hour = 3_600_000

/** From `start` up to `end`, in milliseconds since the epoch. */
export interface Interval {
  readonly start: number
  readonly end: number
}

export class ConnectionHistory {
  readonly #seed: number
  readonly #perHour: number
  readonly #begin: number
  readonly #counts = new Map<number, number>()

  /**
   * @param perHour average number of connections per hour
   * @param begin time of the first connection, in milliseconds since the epoch
   */
  constructor(seed: number, perHour: number, begin: number) {
    this.#seed = seed
    this.#perHour = perHour
    this.#begin = begin
  }

  /** The number of connections in a range and outside the gaps, up to now. */
  count(range: Partial<Interval>, holes: ReadonlyArray<Interval>, now: number): number {
    const whole = { start: Math.max(range.start ?? this.#begin, this.#begin), end: Math.min(range.end ?? now, now) }
    return merged(holes).reduce(
      (count, hole) =>
        count - this.#within({ start: Math.max(hole.start, whole.start), end: Math.min(hole.end, whole.end) }),
      this.#within(whole)
    )
  }

  #within({ end, start }: Interval): number {
    if (end <= start) return 0
    const first = Math.floor(start / hour)
    const last = Math.floor(end / hour)
    if (first === last) return this.#before(end) - this.#before(start)
    let count = this.#inHour(first) - this.#before(start) + this.#before(end)
    for (let index = first + 1; index < last; index++) count += this.#inHour(index)
    return count
  }

  #inHour(index: number): number {
    const known = this.#counts.get(index)
    if (known !== undefined) return known
    const count = Math.floor(this.#perHour * weight(index) * (0.5 + this.#random(index)()))
    this.#counts.set(index, count)
    return count
  }

  /** The number of connections in the hour of this time before it. */
  #before(time: number): number {
    const index = Math.floor(time / hour)
    const elapsed = time / hour - index
    const next = this.#random(index)
    next()
    let count = 0
    for (let left = this.#inHour(index); left > 0; left--) if (next() < elapsed) count++
    return count
  }

  #random(index: number): () => number {
    return generator(this.#seed ^ Math.imul(index, 0x9e37_79b9))
  }
}

/** People connect during working hours. The weights average 1 over a week. */
const weight = (index: number): number => {
  const day = Math.floor(index / 24 + 4) % 7
  const isWorking = day > 0 && day < 6 && index % 24 >= 8 && index % 24 < 18
  return isWorking ? 2.5 : 0.3644
}

const merged = (holes: ReadonlyArray<Interval>): ReadonlyArray<Interval> => {
  const result: Array<Interval> = []
  for (const hole of holes.toSorted((one, other) => one.start - other.start)) {
    const last = result.at(-1)
    if (last === undefined || hole.start > last.end) result.push(hole)
    else result[result.length - 1] = { start: last.start, end: Math.max(last.end, hole.end) }
  }
  return result
}
