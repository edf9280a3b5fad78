/**
 * When a failed call is repeated, and after how long. The table of what is retryable stands here and nowhere else.
 *
 * @since 0.1.0
 */
import type * as ErrorCode from "@privx-kit/core/ErrorCode"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type { PrivxFailure } from "./PrivxFailure.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Policy {
  /** How often a call is tried in all, the first time included. */
  readonly attempts: number
  /** The upper bound of the first pause; it doubles with each retry. */
  readonly base: Duration.Duration
  /** The largest pause that back-off comes to. */
  readonly cap: Duration.Duration
  /** The largest `Retry-After` that is obeyed; a longer one is cut to this. */
  readonly retryAfterCap: Duration.Duration
}

/**
 * Five attempts; pauses up to 200 ms, 400 ms, … 10 s; a `Retry-After` of up to a minute.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaults: Policy = {
  attempts: 5,
  base: Duration.millis(200),
  cap: Duration.seconds(10),
  retryAfterCap: Duration.minutes(1)
}

/**
 * One attempt and no more.
 *
 * @since 0.1.0
 * @category constants
 */
export const never: Policy = { ...defaults, attempts: 1 }

/**
 * The policy in force. Provide another one around a call, or around a whole program.
 *
 * @since 0.1.0
 * @category references
 */
export const RetryPolicy = Context.Reference<Policy>("@privx-kit/http/RetryPolicy", { defaultValue: () => defaults })

/**
 * How a kind of failure may be retried:
 * - `repeat`: when the operation is safe to repeat
 * - `unprocessed`: always, because the failure proves that the request was not processed
 * - `never`
 *
 * @since 0.1.0
 * @category models
 */
export type Retryability = "repeat" | "unprocessed" | "never"

const codes: { readonly [Code in ErrorCode.ErrorCode]?: true } = {
  MAX_LOAD: true,
  TOO_MANY_CONNECTIONS: true,
  OUT_OF_RESOURCES: true,
  DATABASE_ERROR: true,
  CACHE_ERROR: true,
  INTRA_SERVICE_COMMUNICATION_ERROR: true
}

const statuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Classifies a failure.
 *
 * @since 0.1.0
 * @category classification
 */
export const classify = (failure: PrivxFailure): Retryability => {
  switch (failure._tag) {
    case "TransportError":
      switch (failure.reason) {
        case "refused":
        case "nameResolution":
          return "unprocessed"
        case "reset":
        case "timeout":
        case "truncated":
          return "repeat"
        default:
          return "never"
      }
    case "UnexpectedResponse":
      return statuses.has(failure.status) ? "repeat" : "never"
    case "MaxLoad":
    case "TooManyConnections":
      return failure.status === 503 || failure.status === 429 ? "unprocessed" : "repeat"
    case "GeneralError":
      return failure.status >= 500 ? "repeat" : "never"
    default:
      return Object.hasOwn(codes, failure.code) ? "repeat" : "never"
  }
}

/**
 * Whether the server says that it has too much to do: fewer requests at once will help it.
 *
 * @since 0.1.0
 * @category classification
 */
export const isOverload = (failure: PrivxFailure): boolean =>
  failure._tag === "MaxLoad" ||
  failure._tag === "TooManyConnections" ||
  (failure._tag !== "TransportError" && failure.status === 429)

/**
 * Whether a call that failed so may be tried again.
 *
 * @since 0.1.0
 * @category classification
 */
export const isRetryable = (failure: PrivxFailure, safeToRepeat: boolean): boolean => {
  const retryability = classify(failure)
  return retryability === "unprocessed" || (retryability === "repeat" && safeToRepeat)
}

/**
 * How long to wait before the next attempt: the server's `Retry-After`, capped, when it gave one; otherwise exponential
 * back-off with full jitter, which spreads callers that failed at the same moment.
 *
 * @param attempt the number of the attempt that failed, from 1
 * @param random from 0 to 1
 * @since 0.1.0
 * @category delays
 */
export const delay = (policy: Policy, attempt: number, failure: PrivxFailure, random: number): Duration.Duration => {
  const backoff = Math.min(Duration.toMillis(policy.cap), Duration.toMillis(policy.base) * 2 ** (attempt - 1))
  if (failure._tag !== "TransportError" && failure.retryAfter !== undefined) {
    // Jitter on top: all who were told the same moment would come back together.
    const asked = Math.min(Duration.toMillis(policy.retryAfterCap), Duration.toMillis(failure.retryAfter))
    return Duration.millis(Math.round(asked + random * Duration.toMillis(policy.base)))
  }
  return Duration.millis(Math.round(random * backoff))
}
