/**
 * Repeats an attempt by the current policy, within the deadline and the client's retry budget. It costs almost nothing
 * until an attempt fails.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Tracer from "effect/Tracer"
import type { PrivxFailure } from "../PrivxFailure.ts"
import type { RetryBudget } from "../RetryBudget.ts"
import { RetryObserver } from "../RetryObserver.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import * as RetryScope from "../RetryScope.ts"
import { errorType, spanOf, type Telemetry, within } from "./telemetry.ts"

/** The time that an exchange may take, in milliseconds from now. */
export interface Window {
  /** Until its response is complete, counted from when it is sent. */
  readonly timeout: number
  /** Until the deadline of the call. */
  readonly left: number
  /** Whether the deadline, not the timeout of the attempt, ends the exchange. */
  readonly timeoutReason: "timeout" | "deadline"
}

export interface Attempt {
  /** From 1. */
  readonly number: number
  /** The scope that the call shares with the logins that it needs. */
  readonly scope: RetryScope.RetryScope
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number
  /** Milliseconds until the deadline. */
  readonly left: () => number
  /**
   * The window of an exchange that starts now; `until` is set if it continues another one, for example after a
   * redirect.
   */
  readonly window: (until?: number) => Window
  /** When an exchange that starts now, and those that continue it, must have ended. */
  readonly until: () => number
}

export interface Limits {
  readonly operation: string
  readonly origin: string
  readonly safeToRepeat: boolean
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
  /** The deadline of the enclosing operation. Default: `deadline`. */
  readonly whole?: Duration.Duration | undefined
  /** Shared by the calls of a client; without one, only the policy bounds the retries. */
  readonly budget?: RetryBudget | undefined
  readonly telemetry?: Telemetry | undefined
  /** The span of the call, if it is not the fiber's: failures are handled within it. */
  readonly span?: Tracer.Span | undefined
}

export const retrying = <A>(
  limits: Limits,
  attempt: (attempt: Attempt) => Effect.Effect<A, PrivxFailure>
): Effect.Effect<A, PrivxFailure> =>
  Effect.withFiber((fiber) => {
    const clock = Context.get(fiber.context, Clock.Clock)
    const outer = Context.get(fiber.context, RetryScope.Current)
    const perAttempt = Duration.toMillis(limits.attemptTimeout)
    const now = () => RetryScope.millis(clock)
    const start = now()
    const began = outer?.began ?? start
    const whole = Duration.toMillis(limits.whole ?? limits.deadline)
    const end = Math.min(start + Duration.toMillis(limits.deadline), began + whole, outer?.end ?? Infinity)
    const scope = new RetryScope.RetryScope(began, end, limits, outer)

    let paid: number | undefined

    const left = () => end - now()
    const until = () => Math.min(now() + perAttempt, end)
    const window = (until?: number): Window => {
      const time = now()
      const timeout = Math.min(until === undefined ? perAttempt : until - time, end - time)
      return {
        timeout: Math.max(1, timeout),
        left: Math.max(1, end - time),
        timeoutReason: end - time <= timeout ? "deadline" : "timeout"
      }
    }

    const loop = (number: number): Effect.Effect<A, PrivxFailure> =>
      Effect.matchEffect(attempt({ number, scope, now, left, window, until }), {
        onSuccess: (value) => {
          limits.budget?.succeeded(paid)
          return Effect.succeed(value)
        },
        onFailure: (failure) => next(number, failure)
      })

    const next = (number: number, failure: PrivxFailure): Effect.Effect<A, PrivxFailure> =>
      Effect.flatMap(RetryPolicy.RetryPolicy, (policy) => {
        const failures = scope.failed(failure)
        // The token provider has retried its own requests already.
        const isMine = failure.operation === limits.operation
        if (!isMine || failures >= policy.attempts || !RetryPolicy.isRetryable(failure, limits.safeToRepeat)) {
          return Effect.fail(failure)
        }
        const again = repeat(number, failures, failure, policy)
        return limits.span === undefined ? again : within(again, limits.span)
      })

    const repeat = (number: number, failures: number, failure: PrivxFailure, policy: RetryPolicy.Policy) =>
      Effect.gen(function* () {
        const delay = RetryPolicy.delay(policy, failures, failure, yield* Random.next)
        // Waiting past the deadline would only replace the reason with a less helpful one.
        if (Duration.toMillis(delay) >= left()) return yield* failure
        const timedOut = failure._tag === "TransportError" && failure.reason === "timeout"
        const cost = limits.budget?.take(timedOut)
        if (limits.budget !== undefined && cost === undefined) return yield* failure
        if (cost !== undefined) paid = (paid ?? 0) + cost
        yield* record(limits, number, failure, delay)
        const observe = yield* RetryObserver
        yield* observe({ operation: limits.operation, attempt: failures, failure, delay })
        yield* Effect.sleep(delay)
        return yield* loop(number + 1)
      })

    return loop(1)
  })

/** Records a retry as an event of the call's span, and counts it. */
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
