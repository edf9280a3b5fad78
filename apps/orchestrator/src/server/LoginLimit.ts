/**
 * Slows down guessing of tokens. After a few wrong tokens from an address, further wrong tokens are refused without a
 * reason. A correct token is always accepted, so no client can lock out others behind the same address.
 */

/** The number of wrong tokens that a window allows. */
const allowed = 10
const window = 60_000

/** The maximum number of remembered addresses; the oldest ones are removed. */
const remembered = 10_000

export class LoginLimit {
  readonly #failures = new Map<string, { count: number; since: number }>()

  /** Records a wrong token. Returns the seconds to wait if there were too many. */
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
