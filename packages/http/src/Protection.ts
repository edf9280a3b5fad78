/**
 * A circuit breaker and a rate limit, which protect a server in addition to the concurrency limit and the retry budget.
 * Both are off by default, and both use Effect's in-memory implementation.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as RateLimiter from "effect/persistence/RateLimiter"
import type * as Scope from "effect/Scope"
import type { PrivxFailure } from "./PrivxFailure.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import { TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Sends no requests for a while after a number of consecutive failures. Client errors do not count. */
  readonly circuitBreaker?: { readonly failures: number; readonly openFor: Duration.Input } | undefined
  /** Maximum number of requests in a period; further requests wait. */
  readonly rateLimit?: { readonly requests: number; readonly per: Duration.Input } | undefined
}

/**
 * Applies the configured protections to an attempt.
 *
 * @since 0.1.0
 * @category models
 */
export type Protect = <A>(
  attempt: Effect.Effect<A, PrivxFailure>,
  of: { readonly operation: string; readonly patience: number }
) => Effect.Effect<A, PrivxFailure>

/**
 * Makes the protections of a connection; `undefined` if none is configured.
 *
 * **When to use**: for requests that do not go through the transport. `Connection.layer` has the same options, and
 * the transport applies the protections to each attempt.
 *
 * **Details**: the state is in memory and ends with the scope. Of two protections, the circuit breaker decides first.
 *
 * **Errors**: a protected attempt fails with `TransportError`: `circuitOpen` while the breaker is open, and `deadline` if the
 * rate limit allows no request within the given `patience`, in milliseconds.
 *
 * @example
 * ```ts
 * import * as Protection from "@privx-kit/http/Protection"
 *
 * export const protections = Protection.make(
 *   { circuitBreaker: { failures: 5, openFor: "30 seconds" }, rateLimit: { requests: 10, per: "1 second" } },
 *   "https://privx.example.com"
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options, origin: string): Effect.Effect<Protect | undefined, never, Scope.Scope> =>
  Effect.gen(function* () {
    const limit = options.rateLimit === undefined ? undefined : yield* rateLimit(options.rateLimit, origin)
    const breaker = options.circuitBreaker === undefined ? undefined : yield* circuit(options.circuitBreaker, origin)
    if (limit === undefined) return breaker
    if (breaker === undefined) return limit
    return (attempt, of) => breaker(limit(attempt, of), of)
  })

const rateLimit = (
  options: NonNullable<Options["rateLimit"]>,
  origin: string
): Effect.Effect<Protect, never, Scope.Scope> =>
  Effect.map(
    inMemory(RateLimiter.layerStoreMemory)(RateLimiter.make),
    (limiter): Protect =>
      (attempt, of) =>
        limiter
          .consume({
            key: origin,
            algorithm: "token-bucket",
            onExceeded: "delay",
            window: options.per,
            limit: options.requests
          })
          .pipe(
            Effect.orDie,
            Effect.flatMap(({ delay }) =>
              Duration.toMillis(delay) <= of.patience
                ? Effect.delay(attempt, delay)
                : Effect.fail(failure("deadline", of.operation, origin, "the rate limit allows no request before it"))
            )
          )
  )

const circuit = (
  options: NonNullable<Options["circuitBreaker"]>,
  origin: string
): Effect.Effect<Protect, never, Scope.Scope> =>
  CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(options.failures),
    openDuration: options.openFor
  }).pipe(
    inMemory(CircuitBreaker.layerStoreMemory()),
    Effect.map(
      (breaker): Protect =>
        (attempt, of) =>
          breaker
            .execute(attempt, { key: origin, classify: outcome })
            .pipe(
              Effect.catchTag("CircuitBreakerError", ({ reason }) =>
                Effect.fail(
                  failure(
                    "circuitOpen",
                    of.operation,
                    origin,
                    reason._tag === "CircuitOpen"
                      ? `after ${options.failures} consecutive failures; it closes in ${Duration.format(reason.retryAfter)}`
                      : "one request is testing whether the server has recovered"
                  )
                )
              )
            )
    )
  )

/** The store lives as long as the connection. */
const inMemory =
  <Store>(store: Layer.Layer<Store>) =>
  <A, R>(make: Effect.Effect<A, never, R>): Effect.Effect<A, never, Exclude<R, Store> | Scope.Scope> =>
    Effect.flatMap(Layer.build(store), (context) => Effect.provide(make, context))

const failure = (reason: TransportError["reason"], operation: string, origin: string, detail: string): TransportError =>
  new TransportError({ operation, origin, reason, detail })

const outcome = (exit: Exit.Exit<unknown, PrivxFailure>): CircuitBreaker.Outcome => {
  const error = Exit.isFailure(exit) ? Exit.findErrorOption(exit) : undefined
  if (error === undefined) return CircuitBreaker.success
  if (error._tag === "None") return CircuitBreaker.ignored
  // A response that refuses the request shows that the server works.
  if (RetryPolicy.classify(error.value) === "never") return CircuitBreaker.success
  return CircuitBreaker.failure(error.value._tag === "TransportError" ? {} : { retryAfter: error.value.retryAfter })
}
