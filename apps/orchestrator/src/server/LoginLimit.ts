/**
 * Slows down guessing of tokens: after a few wrong ones from an address, its wrong ones are no longer even answered with
 * what is wrong. A right token always gets in, so that no client can lock out others behind the same address.
 */

/** So many wrong ones in a window. */
const allowed = 10
const window = 60_000

/** No more addresses are remembered; the oldest make room. */
const remembered = 10_000

export class LoginLimit {
  readonly #failures = new Map<string, { count: number; since: number }>()

  /** Notes a wrong token. Answers the seconds to wait, where there were too many. */
  failed(address: string, now: number): number | undefined {
    const known = this.#failures.get(address)
    const current = known === undefined || now - known.since >= window ? { count: 0, since: now } : known
    current.count++
    this.#failures.delete(address)
    this.#failures.set(address, current)
    if (this.#failures.size > remembered) {
      for (const oldest of this.#failures.keys()) {
        this.#failures.delete(oldest)
        break
      }
    }
    return current.count > allowed ? Math.max(1, Math.ceil((current.since + window - now) / 1000)) : undefined
  }
}
