/**
 * Decides whether and when a failed call is retried. Only this module defines what is retryable.
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
  /** Maximum number of attempts, including the first. */
  readonly attempts: number
  /** Upper bound of the first pause; it doubles with each retry. */
  readonly base: Duration.Duration
  /** Maximum pause of the back-off. */
  readonly cap: Duration.Duration
  /** Maximum `Retry-After`; a longer one is shortened to this. */
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
 * A single attempt.
 *
 * @since 0.1.0
 * @category constants
 */
export const never: Policy = { ...defaults, attempts: 1 }

/**
 * The policy in force. Provide another one around a call or around a whole program.
 *
 * @example
 * ```ts
 * import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
 * import * as Effect from "effect/Effect"
 *
 * const once = <A, E, R>(call: Effect.Effect<A, E, R>) =>
 *   Effect.provideService(call, RetryPolicy.RetryPolicy, RetryPolicy.never)
 * ```
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
 * Classifies a failure by whether a retry can help.
 *
 * **When to use**: to decide about your own retries. {@link isRetryable} combines it with what is known of the operation.
 *
 * @example
 * ```ts
 * import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
 * import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
 *
 * export const wasNotProcessed = (failure: PrivxFailure) => RetryPolicy.classify(failure) === "unprocessed"
 * ```
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
    case "OAuthError":
      return statuses.has(failure.status) || failure.code === "temporarily_unavailable" ? "repeat" : "never"
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
 * Returns whether the failure is a sign of overload, for which the transport sends fewer requests at once.
 *
 * **Details**: signs of overload are the failures `MaxLoad` and `TooManyConnections`, and the status 429.
 *
 * @example
 * ```ts
 * import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
 * import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
 *
 * export const concurrencyAfter = (failure: PrivxFailure, concurrency: number) =>
 *   RetryPolicy.isOverload(failure) ? Math.max(1, Math.floor(concurrency / 2)) : concurrency
 * ```
 *
 * @since 0.1.0
 * @category classification
 */
export const isOverload = (failure: PrivxFailure): boolean =>
  failure._tag === "MaxLoad" ||
  failure._tag === "TooManyConnections" ||
  (failure._tag !== "TransportError" && failure.status === 429)

/**
 * Returns whether a call that failed this way may be retried.
 *
 * @param safeToRepeat whether the request may be sent again when it is unknown whether the server has processed it
 *
 * @example
 * ```ts
 * import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
 * import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
 * import * as Effect from "effect/Effect"
 *
 * const retried = <A>(create: Effect.Effect<A, PrivxFailure>) =>
 *   Effect.retry(create, { while: (failure) => RetryPolicy.isRetryable(failure, false), times: 2 })
 * ```
 *
 * @since 0.1.0
 * @category classification
 */
export const isRetryable = (failure: PrivxFailure, safeToRepeat: boolean): boolean => {
  const retryability = classify(failure)
  return retryability === "unprocessed" || (retryability === "repeat" && safeToRepeat)
}

/**
 * Returns whether a failure is transient, so that waiting may help even after the retries of the transport.
 *
 * **When to use**: for operations that last longer than one call, such as waiting for a training.
 *
 * @example
 * ```ts
 * import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
 * import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
 * import * as Effect from "effect/Effect"
 *
 * const ifAvailable = <A>(status: Effect.Effect<A, PrivxFailure>) =>
 *   Effect.catchIf(status, RetryPolicy.isTransient, () => Effect.succeed("not available"))
 * ```
 *
 * @since 0.1.0
 * @category classification
 */
export const isTransient = (failure: PrivxFailure): boolean =>
  classify(failure) !== "never" ||
  (failure._tag === "TransportError" && (failure.reason === "deadline" || failure.reason === "circuitOpen"))

/**
 * Returns the pause before the next attempt.
 *
 * **Details**: a `Retry-After` of the server is obeyed, up to `retryAfterCap`. Otherwise the pause is an exponential back-off
 * with full jitter, which spreads out callers that failed at the same moment.
 *
 * @param attempt the number of the failed attempt, from 1
 * @param random from 0 to 1
 *
 * @example
 * ```ts
 * import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
 * import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
 *
 * export const pauseAfter = (failure: PrivxFailure, attempt: number) =>
 *   RetryPolicy.delay(RetryPolicy.defaults, attempt, failure, Math.random())
 * ```
 *
 * @since 0.1.0
 * @category delays
 */
export const delay = (policy: Policy, attempt: number, failure: PrivxFailure, random: number): Duration.Duration => {
  const backoff = Math.min(Duration.toMillis(policy.cap), Duration.toMillis(policy.base) * 2 ** (attempt - 1))
  if (failure._tag !== "TransportError" && failure.retryAfter !== undefined) {
    // Plus jitter: all clients with the same `Retry-After` would otherwise return at the same moment.
    const asked = Math.min(Duration.toMillis(policy.retryAfterCap), Duration.toMillis(failure.retryAfter))
    return Duration.millis(Math.round(asked + random * Duration.toMillis(policy.base)))
  }
  return Duration.millis(Math.round(random * backoff))
}
