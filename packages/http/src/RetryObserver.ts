/**
 * Reports each retry, for example to a command line that shows it or to a test that counts it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { PrivxFailure } from "./PrivxFailure.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Retry {
  /** Name of the operation, e.g. `Ueba.createSession`. */
  readonly operation: string
  /** The number of the failed attempt, from 1. */
  readonly attempt: number
  readonly failure: PrivxFailure
  /** How long the transport waits before the next attempt. */
  readonly delay: Duration.Duration
}

/**
 * Called before the pause of each retry. Default: nothing.
 *
 * @example
 * ```ts
 * import { RetryObserver } from "@privx-kit/http/RetryObserver"
 * import * as Effect from "effect/Effect"
 *
 * const logged = <A, E, R>(call: Effect.Effect<A, E, R>) =>
 *   Effect.provideService(call, RetryObserver, ({ attempt, operation }) =>
 *     Effect.logWarning(`attempt ${attempt} of ${operation} failed`)
 *   )
 * ```
 *
 * @since 0.1.0
 * @category references
 */
export const RetryObserver = Context.Reference<(retry: Retry) => Effect.Effect<void>>("@privx-kit/http/RetryObserver", {
  defaultValue: () => () => Effect.void
})
