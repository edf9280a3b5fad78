/**
 * Named places at which the crash suite kills a process: before and after each effect and each write to the journal or
 * the record. They do nothing unless a program provides crash points.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category models
 */
export interface CrashPoints {
  /** Passes `before <name>`, executes the effect, and passes `after <name>`. */
  readonly around: <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whether crash points are provided; without them nothing needs to be wrapped. */
  readonly active: boolean
}

/**
 * @since 0.1.0
 * @category references
 */
export const CrashPoints = Context.Reference<CrashPoints>("privx-kit/CrashPoints", {
  defaultValue: () => ({ around: (_name, effect) => effect, active: false })
})

/**
 * Makes crash points that call a function at each of their names.
 *
 * **When to use**: in a test that kills a process at a named place. Without crash points nothing is wrapped.
 *
 * @param reached called with the name of each crash point, e.g. `before deliver`
 *
 * @example
 * ```ts
 * import { CrashPoints, make } from "@privx-kit/durable/CrashPoints"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = Layer.succeed(
 *   CrashPoints,
 *   make((point) => {
 *     if (point === "after deliver") process.kill(process.pid, "SIGKILL")
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (reached: (point: string) => void): CrashPoints => ({
  around: (name, effect) =>
    Effect.sync(() => reached(`before ${name}`)).pipe(
      Effect.andThen(effect),
      Effect.tap(() => Effect.sync(() => reached(`after ${name}`)))
    ),
  active: true
})
