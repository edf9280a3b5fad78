/**
 * Named places at which the crash suite kills a process: before and after each effect and each write to the journal or
 * the record. They do nothing unless a program provides crash points.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

export interface CrashPoints {
  /** Passes `before <name>`, executes the effect, and passes `after <name>`. */
  readonly around: <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whether crash points are provided; without them nothing needs to be wrapped. */
  readonly active: boolean
}

export const CrashPoints = Context.Reference<CrashPoints>("privx-kit/CrashPoints", {
  defaultValue: () => ({ around: (_name, effect) => effect, active: false })
})

/** @param reached is called with the name of each crash point */
export const make = (reached: (point: string) => void): CrashPoints => ({
  around: (name, effect) =>
    Effect.sync(() => reached(`before ${name}`)).pipe(
      Effect.andThen(effect),
      Effect.tap(() => Effect.sync(() => reached(`after ${name}`)))
    ),
  active: true
})
