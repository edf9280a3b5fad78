/**
 * How many requests may be under way to an origin at once, and fewer after it has said that it is overloaded: the limit is
 * halved by an overload, at most once for the requests that were under way together, and grows again by one for each
 * limit's worth of answers (additive increase, multiplicative decrease, as TCP does it).
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

  /** Runs `start` now, or as soon as there is room. The result takes a start that has not happened back. */
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

  /** One that had started has ended. */
  leave(): void {
    this.inFlight--
    this.admit()
  }

  /** An answer came that was no sign of overload. */
  succeeded(): void {
    if (this.limit >= this.max) return
    if (++this.answered < this.limit) return
    this.answered = 0
    this.limit++
    this.admit()
  }

  /** The origin said that it has too much to do, to the request that entered with this ticket. */
  overloaded(ticket: number): void {
    // What started before the limit was last cut says nothing about the new one.
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
