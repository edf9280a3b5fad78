/**
 * The observer of a job's steps. The default observes nothing, so that a job also runs without a record of runs.
 *
 * @since 0.1.0
 */
import type { Failure } from "@privx-kit/core/Failure"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { StepRefused } from "./RunFailures.ts"
import type { StepName } from "./Run.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Steps {
  /** Runs a step; `outcome` summarizes its result in one line for a person. */
  readonly run: <A, E extends Failure, R>(
    name: StepName,
    effect: Effect.Effect<A, E, R>,
    outcome: (value: A) => { readonly summary: string; readonly bytes?: number }
  ) => Effect.Effect<A, E | StorageFailed | StepRefused, R>
  /** A step is retried after `delay`. */
  readonly retried: (name: StepName, failure: Failure, delay: Duration.Duration) => Effect.Effect<void>
  /** Reports the progress of the step, in one line for a person. */
  readonly note: (text: string) => Effect.Effect<void>
  readonly progress: (bytes: number, total: number | undefined) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category references
 */
export const Steps = Context.Reference<Steps>("@privx-kit/runs/Steps", {
  defaultValue: () => ({
    run: (_name, effect) => effect,
    retried: () => Effect.void,
    note: () => Effect.void,
    progress: () => Effect.void
  })
})
