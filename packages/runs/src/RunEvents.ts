/**
 * The events of a run while it is executed: the interface between the engine and the code that shows progress (the
 * command line, the server). Events are not journaled; a late observer reads `Runs` instead.
 *
 * @since 0.1.0
 */
import type { Failure } from "@privx-kit/core/Failure"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Review, StepName } from "./Run.ts"

/**
 * Every event has the id of its run, because a process can execute many. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type RunEvent = Data.TaggedEnum<{
  /** The run starts in this process; `resumed` if an earlier process had started it. */
  RunStarted: {
    readonly runId: string
    readonly kind: string
    /** Title of the kind, as people see it. */
    readonly title: string
    readonly target: string
    readonly resumed: boolean
  }
  /** A step starts; `attempt` counts from 1, across all processes. */
  StepStarted: { readonly runId: string; readonly step: StepName; readonly title: string; readonly attempt: number }
  /** An attempt failed and another follows after `delayMs`. */
  StepRetried: {
    readonly runId: string
    readonly step: StepName
    readonly title: string
    /** The attempt that failed, from 1. */
    readonly attempt: number
    readonly failure: Failure
    readonly delayMs: number
  }
  /** Bytes received so far, at most ten times a second and once at the end; `total` when the server announced it. */
  Progress: {
    readonly runId: string
    readonly step: StepName
    readonly title: string
    readonly bytes: number
    readonly total: number | undefined
  }
  /** The progress of a step, in one line for a person. */
  Noted: { readonly runId: string; readonly step: StepName; readonly title: string; readonly text: string }
  /** A step has completed; `summary` is one line for a person. */
  StepCompleted: {
    readonly runId: string
    readonly step: StepName
    readonly title: string
    readonly millis: number
    readonly summary: string
  }
  StepFailed: {
    readonly runId: string
    readonly step: StepName
    readonly title: string
    readonly millis: number
    readonly failure: Failure
  }
  /** The run waits for a person to approve its script. Sent once by each process. */
  ApprovalAwaited: { readonly runId: string; readonly sha256: string; readonly review: Review }
  /** The run has ended. There is no event for an interrupted run: its process is ending. */
  RunEnded: { readonly runId: string; readonly outcome: "succeeded" | "failed" | "cancelled" }
}>

/**
 * @since 0.1.0
 * @category constants
 */
export const RunEvent = Data.taggedEnum<RunEvent>()

/**
 * The observer. It is read when the layer of the executor is built, because steps run on fibers of the engine and not
 * on the caller's. Provide it to that layer: `Layer.provide(Layer.succeed(RunEvents, observe))`.
 *
 * @since 0.1.0
 * @category references
 */
export const RunEvents = Context.Reference<(event: RunEvent) => Effect.Effect<void>>("privx-kit/RunEvents", {
  defaultValue: () => () => Effect.void
})
