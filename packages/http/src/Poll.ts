/**
 * Polls PrivX until it reaches a state. Transient failures do not end the wait: one failed response must not waste
 * hours of waiting.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { PrivxFailure } from "./PrivxFailure.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

/**
 * The default polling interval.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultInterval: Duration.Duration = Duration.seconds(5)

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<A> {
  readonly isDone: (answer: A) => boolean
  /** Pause between two requests. Default {@link defaultInterval}. */
  readonly interval?: Duration.Input | undefined
  /** Called with each response, including the last one. Default: nothing. */
  readonly onAnswer?: ((answer: A) => Effect.Effect<void>) | undefined
  /** Called with each transient failure. Default: nothing. */
  readonly onFailure?: ((failure: PrivxFailure) => Effect.Effect<void>) | undefined
}

/**
 * Polls until the response satisfies the condition, and returns it.
 *
 * **Details**: a transient failure (see `RetryPolicy.isTransient`) counts as a response that does not satisfy the
 * condition. The wait has no time limit: bound it with `Effect.timeout`.
 *
 * **Errors**: every failure that is not transient.
 *
 * @example
 * ```ts
 * import * as Poll from "@privx-kit/http/Poll"
 * import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
 * import type * as Effect from "effect/Effect"
 *
 * declare const status: Effect.Effect<string, PrivxFailure>
 * const running = Poll.until(status, { isDone: (status) => status === "RUNNING", interval: "10 seconds" })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const until = Effect.fn("Poll.until")(function* <A, R>(
  ask: Effect.Effect<A, PrivxFailure, R>,
  { interval = defaultInterval, isDone, onAnswer = nothing, onFailure = nothing }: Options<A>
): Effect.fn.Return<A, PrivxFailure, R> {
  for (;;) {
    const result = yield* Effect.result(ask)
    if (Result.isSuccess(result)) {
      yield* onAnswer(result.success)
      if (isDone(result.success)) return result.success
    } else if (RetryPolicy.isTransient(result.failure)) yield* onFailure(result.failure)
    else return yield* Effect.fail(result.failure)
    yield* Effect.sleep(interval)
  }
})

const nothing = (): Effect.Effect<void> => Effect.void
