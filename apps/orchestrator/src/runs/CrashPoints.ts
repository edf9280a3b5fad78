/**
 * Named places at which the crash suite lets a process die: before and after each effect and each write into the journal
 * or the projection. Nothing but a program that provides its own points ever does anything there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

export interface CrashPoints {
  /** Passes `before <name>`, carries out the effect, and passes `after <name>`. */
  readonly around: <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whether anybody listens: nothing has to be wrapped where nobody does. */
  readonly active: boolean
}

export const CrashPoints = Context.Reference<CrashPoints>("privx-kit/CrashPoints", {
  defaultValue: () => ({ around: (_name, effect) => effect, active: false })
})

/** @param reached is told each point that is passed */
export const make = (reached: (point: string) => void): CrashPoints => ({
  around: (name, effect) =>
    Effect.sync(() => reached(`before ${name}`)).pipe(
      Effect.andThen(effect),
      Effect.tap(() => Effect.sync(() => reached(`after ${name}`)))
    ),
  active: true
})
