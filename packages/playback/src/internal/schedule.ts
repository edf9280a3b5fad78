/** The schedule of `KeepAlive`, in milliseconds and fractions of a token's lifetime. */
import { TransportError } from "@privx-kit/http/TransportError"

/** The time between two calls. */
export const interval = (lifetime: number): number => lifetime / 3

/** Minimum remaining lifetime of a token for a call: the interval, and the same again for failures. */
export const needed = (lifetime: number): number => (lifetime * 2) / 3

/** How much a call may be early or late, as a share of the interval. */
const jitter = 0.02

/**
 * When the n-th call is due after the start. The jitter does not accumulate, so calls keep their positions.
 *
 * @param place position of the session within the interval, from 0 to 1
 * @param turn from 1
 * @param random from 0 to 1
 */
export const due = (lifetime: number, place: number, turn: number, random: number): number =>
  Math.max(0, interval(lifetime) * (turn - 1 + place + jitter * (random - 0.5)))

/** Maximum pause for a remaining lifetime: half of it, once it is less than half of the token's lifetime. */
export const latest = (lifetime: number, left: number): number =>
  left < lifetime / 2 ? Math.max(0, left / 2) : Infinity

/** The pause after a number of consecutive failures: a second, doubled each time, at most a quarter of the interval. */
export const backoff = (lifetime: number, failures: number, random: number): number => {
  const longest = interval(lifetime) / 4
  return Math.min(longest, 1_000 * 2 ** Math.min(failures, 20)) * (0.5 + random / 2)
}

/** The failure of a call without a response when the connection's authentication expired. */
export const tooLate = new TransportError({
  operation: "Playback.reauthenticate",
  origin: "keep-alive",
  reason: "deadline",
  detail: "the token of the last re-authentication has expired"
})

/**
 * Assigns each session a position within the interval by the golden ratio sequence, which fills it evenly for any
 * number of sessions. It starts at a random position, so that processes do not use the same positions.
 */
export class Places {
  #last: number

  constructor(start: number) {
    this.#last = start
  }

  next(): number {
    this.#last = (this.#last + 0.618_033_988_749_895) % 1
    return this.#last
  }
}

/**
 * Paces calls: in any period at most 1.4 times the average number, even if many become due at once, because the process
 * or the machine was suspended or many sessions start together.
 */
export class Pacer {
  #next = 0

  /**
   * Returns how long to wait before a call, and reserves its place in the queue.
   *
   * @param now in milliseconds, monotonic
   * @param sessions number of sessions that are currently kept alive
   */
  wait(now: number, lifetime: number, sessions: number): number {
    const slot = Math.max(now, this.#next)
    this.#next = slot + Math.min(longestGap, interval(lifetime) / (1.4 * sessions))
    return slot - now
  }
}

/** With few sessions, a longer distance has no benefit. */
const longestGap = 50
