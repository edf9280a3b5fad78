/**
 * Attempts and time that several calls share. A single call has the attempts of the `RetryPolicy` and the deadline of
 * its connection. An operation that repeats several calls in rounds would multiply both. Within a scope, all calls and
 * the logins that they need share one limit.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type { PrivxFailure } from "./PrivxFailure.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import { TransportError } from "./TransportError.ts"

interface Call {
  readonly operation: string
  readonly origin: string
}

/**
 * The state of a scope.
 *
 * @since 0.1.0
 * @category models
 */
export class RetryScope {
  /** Start of the operation, in milliseconds of the monotonic clock. */
  readonly began: number
  /** Deadline of everything within the scope. */
  readonly end: number
  private readonly used: { failures: number; last: PrivxFailure | undefined; latestEnd: number }

  /** The call that has the deadline `end`. */
  private readonly call: Call | undefined

  constructor(began: number, end: number, call?: Call, outer?: RetryScope) {
    this.began = began
    this.end = end
    this.call = call
    this.used = outer?.used ?? { failures: 0, last: undefined, latestEnd: Number.POSITIVE_INFINITY }
    if (outer !== undefined) this.used.latestEnd = end
  }

  /**
   * Counts a failed attempt and returns the number of failed attempts. A failure that passes through several layers
   * counts once.
   */
  failed(failure: PrivxFailure): number {
    if (this.used.last !== failure) this.used.failures++
    this.used.last = failure
    return this.used.failures
  }

  /** Resets the count of failures: a transfer that made progress gets all attempts again. */
  progressed(): void {
    this.used.failures = 0
  }

  /** The failure of an effect within the call that has not completed at the call's deadline. */
  deadline(operation: string, detail: string): TransportError | undefined {
    return this.call === undefined
      ? undefined
      : new TransportError({
          operation,
          origin: this.call.origin,
          reason: "deadline",
          detail: `${detail} in time for ${this.call.operation}`
        })
  }

  /** The deadline of the latest call: no wait may exceed it. */
  get latestEnd(): number {
    return this.used.latestEnd
  }
}

/**
 * The current scope; `undefined` if each call has its own limits.
 *
 * @since 0.1.0
 * @category references
 */
export const Current = Context.Reference<RetryScope | undefined>("@privx-kit/http/RetryScope", {
  defaultValue: () => undefined
})

/**
 * Runs an operation so that all calls within it share the attempts of one `RetryPolicy` and one deadline, which starts
 * now.
 *
 * **When to use**: around an operation that repeats several calls together, for example one that starts again with a
 * new session when a download is interrupted. Use {@link next} before each further round.
 *
 * **Details**: scopes do not nest: the outer scope applies. The deadline is that of the connection, or
 * `downloadDeadline` for a download.
 *
 * @example
 * ```ts
 * import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
 * import * as RetryScope from "@privx-kit/http/RetryScope"
 * import * as Effect from "effect/Effect"
 * import * as Option from "effect/Option"
 *
 * const inRounds = <A, R>(round: Effect.Effect<A, PrivxFailure, R>): Effect.Effect<A, PrivxFailure, R> => {
 *   const again: Effect.Effect<A, PrivxFailure, R> = Effect.catch(round, (failure) =>
 *     Effect.flatMap(RetryScope.next(failure), (delay) =>
 *       Option.isNone(delay) ? Effect.fail(failure) : Effect.delay(again, delay.value)
 *     )
 *   )
 *   return RetryScope.share(again)
 * }
 * ```
 *
 * @since 0.1.0
 * @category scopes
 */
export const share = <A, E, R>(operation: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Current, (outer) =>
    outer !== undefined
      ? operation
      : Effect.flatMap(now, (began) =>
          Effect.provideService(operation, Current, new RetryScope(began, Number.POSITIVE_INFINITY))
        )
  )

/**
 * Counts a failed round of an operation within {@link share}, and returns how long to wait before the next one; none if the
 * attempts or the time are used up.
 *
 * **Details**: a failure that a call within the round has counted is not counted again. Outside {@link share} it returns
 * none.
 *
 * **Gotchas**: the caller decides whether another round can repair the failure.
 *
 * @example
 * ```ts
 * import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
 * import * as RetryScope from "@privx-kit/http/RetryScope"
 * import * as Effect from "effect/Effect"
 * import * as Option from "effect/Option"
 *
 * const withSecondRound = <A>(round: Effect.Effect<A, PrivxFailure>) =>
 *   Effect.catch(round, (failure) =>
 *     Effect.flatMap(RetryScope.next(failure), (delay) =>
 *       Option.isNone(delay) ? Effect.fail(failure) : Effect.delay(round, delay.value)
 *     )
 *   ).pipe(RetryScope.share)
 * ```
 *
 * @since 0.1.0
 * @category scopes
 */
export const next = (failure: PrivxFailure): Effect.Effect<Option.Option<Duration.Duration>> =>
  Effect.gen(function* () {
    const policy = yield* RetryPolicy.RetryPolicy
    const scope = yield* Current
    const failures = scope?.failed(failure) ?? policy.attempts
    if (failures >= policy.attempts) return Option.none()
    const delay = RetryPolicy.delay(policy, failures, failure, yield* Random.next)
    const left = (scope?.latestEnd ?? 0) - (yield* now)
    return Duration.toMillis(delay) < left ? Option.some(delay) : Option.none()
  })

/**
 * Runs an effect that a call needs before it can be sent, and aborts it at the deadline of the call.
 *
 * @internal
 */
export const inTime =
  (operation: string, detail: string) =>
  <A>(effect: Effect.Effect<A, PrivxFailure>): Effect.Effect<A, PrivxFailure> =>
    Effect.flatMap(Effect.all([Current, now]), ([scope, time]) => {
      const late = scope?.deadline(operation, detail)
      return scope === undefined || late === undefined
        ? effect
        : Effect.timeoutOrElse(effect, { duration: Math.max(1, scope.end - time), orElse: () => Effect.fail(late) })
    })

/**
 * Milliseconds of the monotonic clock: setting the clock neither cuts a deadline short nor extends it.
 *
 * @internal
 */
export const millis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000

const now: Effect.Effect<number> = Clock.clockWith((clock) => Effect.sync(() => millis(clock)))
