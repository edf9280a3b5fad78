/**
 * Limits the concurrent requests to an origin, and lowers the limit when the origin is overloaded. An overload halves
 * the limit, at most once for the requests that were concurrent; then the limit grows by one for each limit's worth of
 * responses (additive increase, multiplicative decrease, as in TCP).
 *
 * Written by hand, not with a semaphore around an effect: entering and leaving cost two numbers on the path of every
 * request.
 */
export class Gate {
  private readonly max: number
  private readonly waiting: Set<() => void> = new Set()
  private limit: number
  private inFlight = 0
  private answered = 0
  private epoch = 0

  constructor(max: number) {
    this.max = max
    this.limit = max
  }

  /** Runs `start` now, or as soon as the limit allows. The returned function withdraws a pending start. */
  enter(start: (ticket: number) => void): () => void {
    if (this.inFlight < this.limit) {
      this.inFlight++
      start(this.epoch)
      return nothing
    }
    const run = () => {
      this.inFlight++
      start(this.epoch)
    }
    this.waiting.add(run)
    return () => this.waiting.delete(run)
  }

  /** A started request has ended. */
  leave(): void {
    this.inFlight--
    this.admit()
  }

  /** A response arrived that is not a sign of overload. */
  succeeded(): void {
    if (this.limit >= this.max) return
    if (++this.answered < this.limit) return
    this.answered = 0
    this.limit++
    this.admit()
  }

  /** The origin reported an overload in response to the request with this ticket. */
  overloaded(ticket: number): void {
    // A request that started before the last decrease says nothing about the new limit.
    if (ticket < this.epoch) return
    this.epoch++
    this.answered = 0
    this.limit = Math.max(1, Math.floor(this.limit / 2))
  }

  private admit(): void {
    for (const run of this.waiting) {
      if (this.inFlight >= this.limit) return
      this.waiting.delete(run)
      run()
    }
  }
}

const nothing = () => {}
