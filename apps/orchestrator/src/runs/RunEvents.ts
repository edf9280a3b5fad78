/**
 * What a run tells while it is under way: the seam between the engine and whoever shows it (the command line, later a
 * server). Nothing here is journalled: an observer that is not there misses nothing that `Runs` does not keep.
 */
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Review, StepName } from "./Run.ts"
import type { SetupFailure } from "../SetupFailure.ts"

/** Every event carries the id of its run, because one process can have many under way. Times are milliseconds. */
export type RunEvent = Data.TaggedEnum<{
  /** The run begins in this process; `resumed` when an earlier process had begun it. */
  RunStarted: { readonly runId: string; readonly target: string; readonly resumed: boolean }
  /** A step begins; `attempt` counts from 1 and goes on across processes. */
  StepStarted: { readonly runId: string; readonly step: StepName; readonly attempt: number }
  /** An attempt failed and another follows after `delayMs`. */
  StepRetried: {
    readonly runId: string
    readonly step: StepName
    /** The attempt that failed, from 1. */
    readonly attempt: number
    readonly failure: PrivxFailure
    readonly delayMs: number
  }
  /** Bytes received so far, at most ten times a second and once at the end; `total` when the server announced it. */
  Progress: { readonly runId: string; readonly bytes: number; readonly total: number | undefined }
  /** A step is done; `summary` is one line for a person. */
  StepCompleted: { readonly runId: string; readonly step: StepName; readonly millis: number; readonly summary: string }
  StepFailed: {
    readonly runId: string
    readonly step: StepName
    readonly millis: number
    readonly failure: SetupFailure
  }
  /** From now on, or still, the run waits for somebody to approve its script. Told once in a process. */
  ApprovalAwaited: { readonly runId: string; readonly sha256: string; readonly review: Review }
  /** The run is over. An interrupted run tells nothing: its process is ending. */
  RunEnded: { readonly runId: string; readonly outcome: "succeeded" | "failed" | "cancelled" }
}>

export const RunEvent = Data.taggedEnum<RunEvent>()

/**
 * The observer. It is read when the layer of `Setups` is built, because steps run on fibers of the engine and not on the
 * caller's: provide it to that layer, `Layer.provide(Layer.succeed(RunEvents, observe))`.
 */
export const RunEvents = Context.Reference<(event: RunEvent) => Effect.Effect<void>>("privx-kit/RunEvents", {
  defaultValue: () => () => Effect.void
})
