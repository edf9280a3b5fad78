/**
 * Repeats an attempt by the policy in force, within the deadline and the client's retry budget. Costs next to nothing until
 * an attempt fails.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { PrivxFailure } from "../PrivxFailure.ts"
import type { RetryBudget } from "../RetryBudget.ts"
import { RetryObserver } from "../RetryObserver.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import type * as Tracer from "effect/Tracer"
import { errorType, spanOf, type Telemetry, within } from "./telemetry.ts"

export interface Attempt {
  /** From 1. */
  readonly number: number
  /** Milliseconds that this attempt may take: what is left until the deadline, or less. */
  readonly timeout: number
  /** Milliseconds until the deadline. */
  readonly left: number
  /** Whether it is the deadline that ends the attempt, not its own timeout. */
  readonly lastBeforeDeadline: boolean
}

export interface Limits {
  readonly operation: string
  readonly safeToRepeat: boolean
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
  /** Shared by the calls of a client; without one, only the policy bounds the retries. */
  readonly budget?: RetryBudget | undefined
  readonly telemetry?: Telemetry | undefined
  /** The span of the call, where it is not the fiber's: what is done about a failure happens within it. */
  readonly span?: Tracer.Span | undefined
}

export const retrying = <A>(
  limits: Limits,
  attempt: (attempt: Attempt) => Effect.Effect<A, PrivxFailure>
): Effect.Effect<A, PrivxFailure> =>
  Clock.clockWith((clock) => {
    const perAttempt = Duration.toMillis(limits.attemptTimeout)
    // Monotonic: a clock that is set while a call runs neither cuts it short nor keeps it alive.
    const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
    const deadline = Duration.toMillis(limits.deadline)
    const end = now() + deadline

    let paid: number | undefined

    const loop = (number: number, left: number): Effect.Effect<A, PrivxFailure> =>
      Effect.matchEffect(
        attempt({
          number,
          timeout: Math.max(1, Math.min(perAttempt, left)),
          left,
          lastBeforeDeadline: left <= perAttempt
        }),
        {
          onSuccess: (value) => {
            limits.budget?.succeeded(paid)
            return Effect.succeed(value)
          },
          onFailure: (failure) => next(number, failure)
        }
      )

    const next = (number: number, failure: PrivxFailure): Effect.Effect<A, PrivxFailure> =>
      Effect.flatMap(RetryPolicy.RetryPolicy, (policy) => {
        // The token provider has retried its own requests already.
        const isMine = failure.operation === limits.operation
        if (!isMine || number >= policy.attempts || !RetryPolicy.isRetryable(failure, limits.safeToRepeat)) {
          return Effect.fail(failure)
        }
        const again = repeat(number, failure, policy)
        return limits.span === undefined ? again : within(again, limits.span)
      })

    const repeat = (number: number, failure: PrivxFailure, policy: RetryPolicy.Policy) =>
      Effect.gen(function* () {
        const delay = RetryPolicy.delay(policy, number, failure, yield* Random.next)
        // Waiting past the deadline would only replace the reason by a less helpful one.
        if (now() + Duration.toMillis(delay) >= end) return yield* failure
        const timedOut = failure._tag === "TransportError" && failure.reason === "timeout"
        const cost = limits.budget?.take(timedOut)
        if (limits.budget !== undefined && cost === undefined) return yield* failure
        if (cost !== undefined) paid = (paid ?? 0) + cost
        yield* record(limits, number, failure, delay)
        const observe = yield* RetryObserver
        yield* observe({ operation: limits.operation, attempt: number, failure, delay })
        yield* Effect.sleep(delay)
        return yield* loop(number + 1, end - now())
      })

    return loop(1, deadline)
  })

/** A retry is an event of the call's span, and counted. */
const record = (
  { operation, telemetry }: Limits,
  number: number,
  failure: PrivxFailure,
  delay: Duration.Duration
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    telemetry?.retried(operation, failure, fiber.context)
    const span = spanOf(fiber.context)
    if (span === undefined) return Effect.void
    return Effect.map(Clock.currentTimeNanos, (now) => {
      span.attribute("http.request.resend_count", number)
      span.event("retry", now, {
        "http.request.resend_count": number,
        "error.type": errorType(failure),
        "privx.error_code": "code" in failure ? String(failure.code) : "",
        "privx.retry.delay_ms": Duration.toMillis(delay)
      })
    })
  })
