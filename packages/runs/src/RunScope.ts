/**
 * One attempt of a run, as the body of its workflow sees it, and what every body needs and can fail with.
 *
 * @since 0.1.0
 */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import type { Decision, Review, StepName } from "./Run.ts"
import type { RunControl } from "./RunControl.ts"
import { ApprovalRejected, InternalError, InvalidInput, RunCancelled, StepRefused } from "./RunFailures.ts"
import type * as RunRecorder from "./RunRecorder.ts"
import type { RunRequests } from "./RunRequests.ts"
import type { Runs } from "./Runs.ts"

/**
 * The failures that a run of any kind can have.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CommonFailure = Schema.Union([
  StorageFailed,
  InvalidInput,
  InternalError,
  RunCancelled,
  ApprovalRejected,
  StepRefused
])

/**
 * @since 0.1.0
 * @category models
 */
export type CommonFailure = typeof CommonFailure.Type

/**
 * The services that every body needs.
 *
 * @since 0.1.0
 * @category models
 */
export type Services = Runs | RunRequests | RunControl

/**
 * @since 0.1.0
 * @category models
 */
export interface ActivityOptions<A, I> {
  /** The journaled value of the activity. It must not contain a secret. */
  readonly success: Schema.Codec<A, I>
  /**
   * Whether a cancellation interrupts the activity; otherwise it takes effect when the activity has ended. Default
   * `true`.
   */
  readonly cancellable?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StepOptions<A, I> extends ActivityOptions<A, I> {
  /** The result of the step, in one line for a person. */
  readonly summary?: ((value: A) => string) | undefined
}

/**
 * The task of a run: its inputs, decoded and as recorded.
 *
 * @since 0.1.0
 * @category models
 */
export interface Known<Inputs> {
  readonly target: string
  readonly inputs: Inputs
  readonly json: Schema.Json
}

/**
 * Proof that a body has ended with `finish`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finished {
  readonly _tag: "Finished"
}

/**
 * One attempt of a run, as the body of its workflow sees it.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunScope<Inputs, Result, E> {
  readonly runId: string
  readonly attempt: number
  /** Base URL of the PrivX host, or the name of another target. */
  readonly target: string
  readonly inputs: Inputs
  /** Executes an effect once and journals its exit. The name must be unique within the run. */
  readonly activity: <A, I, R>(
    name: string,
    options: ActivityOptions<A, I>,
    effect: Effect.Effect<A, E | CommonFailure, R>
  ) => Effect.Effect<A, E | CommonFailure, Activities<R>>
  /** An activity that is one step of the run. */
  readonly step: <A, I, R>(
    name: StepName,
    options: StepOptions<A, I>,
    effect: Effect.Effect<A, E | CommonFailure, R>
  ) => Effect.Effect<A, E | CommonFailure, Activities<R>>
  /**
   * Undoes a part of the run before the run fails or is cancelled. `compensation` is executed as an activity with that
   * name, and the end is recorded after it. It must be safe to repeat. Its own failure is logged and does not replace
   * the run's failure.
   */
  readonly compensated: <A, R, R2>(
    name: string,
    effect: Effect.Effect<A, E | CommonFailure, R>,
    compensation: Effect.Effect<void, E | CommonFailure, R2>
  ) => Effect.Effect<A, E | CommonFailure, Activities<R | R2>>
  /** Adds facts about the script, which are recorded with the end. */
  readonly note: (script: Partial<RunRecorder.Script>) => void
  /** Waits for a person's decision about the script, across restarts. Fails when the run is cancelled meanwhile. */
  readonly awaitDecision: (
    sha256: string,
    review: Review
  ) => Effect.Effect<Decision, E | CommonFailure, WorkflowEngine | WorkflowInstance | Services>
  /** Follows the steps within an activity that has several. */
  readonly recorder: RunRecorder.RunRecorder
  /** The last activity, as one step of the run. */
  readonly finishStep: <R>(
    name: StepName,
    effect: Effect.Effect<Result, E | CommonFailure, R>,
    options?: Pick<StepOptions<Result, unknown>, "summary">
  ) => Effect.Effect<Finished, E | CommonFailure, Activities<R>>
  /** The last activity. Its value is the result of the run, and is recorded with its end. */
  readonly finish: <R>(
    name: string,
    effect: Effect.Effect<Result, E | CommonFailure, R>
  ) => Effect.Effect<Finished, E | CommonFailure, Activities<R>>
}

/**
 * @since 0.1.0
 * @category models
 */
export type Activities<R> = R | WorkflowEngine | WorkflowInstance
