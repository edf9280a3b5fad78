/**
 * Limits the retries of a client in total, so that a server that fails every call does not receive a multiple of the
 * requests. It is a token bucket, as in the standard mode of the AWS SDKs: a retry takes tokens, a success returns
 * them, and when the bucket is empty, failures are not retried. Unlike there, a success returns the cost of all retries
 * of its call, not only of the last one: if a server fails a third of the calls, all of them still succeed, and only
 * futile retries count.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Size of the bucket. Default 500. */
  readonly capacity?: number | undefined
  /** Cost of a retry. Default 5: a full bucket pays for a hundred consecutive retries. */
  readonly cost?: number | undefined
  /** Cost of a retry after a timeout. Default 10: a server that hangs is in more trouble than one that responds. */
  readonly timeoutCost?: number | undefined
  /** Tokens that a success at the first attempt returns. Default 1. A success after retries returns their cost. */
  readonly refill?: number | undefined
}

/**
 * The bucket of a client.
 *
 * **When to use**: to limit the retries of your own requests. A `Connection` has one, which its option `retryBudget` sets.
 *
 * @example
 * ```ts
 * import { RetryBudget } from "@privx-kit/http/RetryBudget"
 *
 * const budget = new RetryBudget({ capacity: 100 })
 * const paid = budget.take(false) // 5
 * if (paid !== undefined) budget.succeeded(paid)
 * ```
 *
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

  /** Takes the cost of a retry from the bucket and returns it; `undefined` if the bucket has too few tokens. */
  take(timedOut: boolean): number | undefined {
    const cost = timedOut ? this.timeoutCost : this.cost
    if (this.tokens < cost) return undefined
    this.tokens -= cost
    return cost
  }

  /** Records a successful call; `paid` is the cost of its retries, or `undefined` if it needed none. */
  succeeded(paid: number | undefined): void {
    if (this.tokens < this.capacity) this.tokens = Math.min(this.capacity, this.tokens + (paid ?? this.refill))
  }

  /** The remaining tokens. */
  get available(): number {
    return this.tokens
  }
}
