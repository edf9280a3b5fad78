/**
 * How many retries a client may spend in all, so that a server that fails every call is not asked several times as much.
 * A token bucket, as in the AWS SDKs' standard mode: a retry costs, a success gives back, and when the bucket is empty
 * failures are passed on without a retry. Unlike there, a success gives back what all retries of its call cost, not only the
 * last: a server that fails a third of the calls still gets through all of them, and only retries that lead nowhere count.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What the bucket holds. Default 500. */
  readonly capacity?: number | undefined
  /** What a retry costs. Default 5: a full bucket pays for a hundred retries in a row. */
  readonly cost?: number | undefined
  /** What a retry after a timeout costs. Default 10: a server that hangs is in more trouble than one that answers. */
  readonly timeoutCost?: number | undefined
  /** What a success at the first attempt gives. Default 1. A success after retries gives back what they cost. */
  readonly refill?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export class RetryBudget {
  private readonly capacity: number
  private readonly cost: number
  private readonly timeoutCost: number
  private readonly refill: number
  private tokens: number

  constructor(options: Options = {}) {
    this.capacity = options.capacity ?? 500
    this.cost = options.cost ?? 5
    this.timeoutCost = options.timeoutCost ?? 10
    this.refill = options.refill ?? 1
    this.tokens = this.capacity
  }

  /** What a retry costs, taken from the bucket, or `undefined` when it does not hold that much. */
  take(timedOut: boolean): number | undefined {
    const cost = timedOut ? this.timeoutCost : this.cost
    if (this.tokens < cost) return undefined
    this.tokens -= cost
    return cost
  }

  /** A call succeeded; `paid` is what its retries cost, or `undefined` when it needed none. */
  succeeded(paid: number | undefined): void {
    if (this.tokens < this.capacity) this.tokens = Math.min(this.capacity, this.tokens + (paid ?? this.refill))
  }

  /** What is left. */
  get available(): number {
    return this.tokens
  }
}
