/**
 * Repeats an attempt by the policy in force, within the deadline. Costs nothing until an attempt fails.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { PrivxFailure } from "../PrivxFailure.ts"
import { RetryObserver } from "../RetryObserver.ts"
import * as RetryPolicy from "../RetryPolicy.ts"

export interface Attempt {
  /** From 1. */
  readonly number: number
  /** Milliseconds that this attempt may take: what is left until the deadline, or less. */
  readonly timeout: number
  /** Whether it is the deadline that ends the attempt, not its own timeout. */
  readonly lastBeforeDeadline: boolean
}

export interface Limits {
  readonly operation: string
  readonly safeToRepeat: boolean
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
}

export const retrying = <A>(
  limits: Limits,
  attempt: (attempt: Attempt) => Effect.Effect<A, PrivxFailure>
): Effect.Effect<A, PrivxFailure> =>
  Clock.clockWith((clock) => {
    const perAttempt = Duration.toMillis(limits.attemptTimeout)
    // Monotonic: a clock that is set while a call runs neither cuts it short nor keeps it alive.
    const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
    const end = now() + Duration.toMillis(limits.deadline)

    const loop = (number: number): Effect.Effect<A, PrivxFailure> => {
      const left = end - now()
      return Effect.catch(
        attempt({ number, timeout: Math.max(1, Math.min(perAttempt, left)), lastBeforeDeadline: left <= perAttempt }),
        (failure) => next(number, failure)
      )
    }

    const next = Effect.fnUntraced(function* (number: number, failure: PrivxFailure) {
      const policy = yield* RetryPolicy.RetryPolicy
      if (number >= policy.attempts || !RetryPolicy.isRetryable(failure, limits.safeToRepeat)) return yield* failure
      const delay = RetryPolicy.delay(policy, number, failure, yield* Random.next)
      // Waiting past the deadline would only replace the reason by a less helpful one.
      if (now() + Duration.toMillis(delay) >= end) return yield* failure
      const observe = yield* RetryObserver
      yield* observe({ operation: limits.operation, attempt: number, failure, delay })
      yield* Effect.sleep(delay)
      return yield* loop(number + 1)
    })

    return loop(1)
  })
