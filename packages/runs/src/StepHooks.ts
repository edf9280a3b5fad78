/**
 * Hooks before and after each step of every run, for a program that adds behaviour there, for example a check of a
 * change ticket. Default: none.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { StepName } from "./Run.ts"
import type { StepRefused } from "./RunFailures.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface HookedStep {
  readonly runId: string
  readonly kind: string
  readonly target: string
  readonly step: StepName
  /** Counts from 1, across all processes. */
  readonly attempt: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StepHooks {
  /**
   * Called before the step. If it fails, the step fails with the same failure and does not start. It may be called
   * again after a restart.
   */
  readonly before: (step: HookedStep) => Effect.Effect<void, StepRefused>
  /** Called after a step that `before` has allowed. It cannot change the outcome; its own failure is logged. */
  readonly after: (step: HookedStep, outcome: "succeeded" | "failed") => Effect.Effect<void, unknown>
}

/**
 * @since 0.1.0
 * @category references
 */
export const StepHooks = Context.Reference<StepHooks | undefined>("@privx-kit/runs/StepHooks", {
  defaultValue: () => undefined
})

/**
 * Executes a step between its hooks.
 *
 * **Details**: a failure of `after` is logged. It cannot change the outcome.
 *
 * **Errors**: those of the step, and `StepRefused` if `before` fails; the step does not start then.
 *
 * @example
 * ```ts
 * import * as StepHooks from "@privx-kit/runs/StepHooks"
 * import * as Effect from "effect/Effect"
 *
 * const step = { runId: "0f8fad5b-d9cb-469f-a165-70867728950e", kind: "secret-rotation", target: "https://privx.example.com", step: "create", attempt: 1 }
 * export const executed = StepHooks.around(undefined, step, Effect.succeed(7))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const around = <A, E, R>(
  hooks: StepHooks | undefined,
  step: HookedStep,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | StepRefused, R> => {
  if (hooks === undefined) return effect
  const after = (outcome: "succeeded" | "failed") =>
    Effect.ignoreCause(hooks.after(step, outcome), { log: "Warn", message: `the hook after ${step.step} failed` })
  return Effect.andThen(
    hooks.before(step),
    effect.pipe(
      Effect.tap(() => after("succeeded")),
      Effect.tapError(() => after("failed"))
    )
  )
}
