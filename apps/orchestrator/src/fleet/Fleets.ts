/**
 * Fleet runs for the command line: starts one or resumes an unfinished one, and returns its outcome.
 *
 * ```ts
 * const { counts } = yield* Fleets.use((fleets) => fleets.run(plan))
 * // provided with EmbeddedRuntime.layerFleets({ dataDir, digests, concurrency }), and FleetPrivxHosts.layer for the hosts
 * ```
 */
import type { CommonFailure } from "@privx-kit/runs/DurableRun"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { RunFeeder } from "@privx-kit/runs/RunFeeder"
import { type ApprovalPending, type RunConflict, RunNotFound } from "@privx-kit/runs/RunFailures"
import { Runs } from "@privx-kit/runs/Runs"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { FleetRecord } from "./FleetRecord.ts"
import {
  type Counts,
  digestOf,
  type FleetFailure,
  type FleetIncomplete,
  type FleetInputs,
  kind,
  type Plan
} from "./FleetRun.ts"
import * as FleetStart from "./FleetStart.ts"
import { FleetOwnership, FleetRun } from "./FleetWorkflow.ts"

/** All failures except those of hosts, which are part of the outcome. */
type Failed =
  | Exclude<FleetFailure, { readonly _tag: "FleetIncomplete" }>
  | CommonFailure
  | RunNotFound
  | ApprovalPending

/** The outcome of a fleet run. The caller evaluates it: hosts may have failed or wait for approval. */
export interface Outcome {
  readonly runId: string
  readonly counts: Counts
}

/** Called with the fleet run as soon as it is known. */
export interface Started {
  readonly runId: string
  /** Whether an earlier process had started it. */
  readonly continued: boolean
  /** Unfinished runs of the same fleet with other hosts or inputs. They are not changed. */
  readonly others: ReadonlyArray<string>
}

export class Fleets extends Context.Service<
  Fleets,
  {
    /**
     * Resumes the unfinished fleet run with the same hosts and inputs, or starts a new one. If it is interrupted, the run
     * can be resumed. Hosts with a setup of the same inputs that waits for approval are not set up again.
     */
    readonly run: (plan: Plan, onStart?: (started: Started) => Effect.Effect<void>) => Effect.Effect<Outcome, Failed>
    /** Retries the failed and cancelled hosts, as another attempt of the same fleet run. */
    readonly retry: (
      runId: string,
      onStart?: (started: Started) => Effect.Effect<void>
    ) => Effect.Effect<Outcome, Failed | RunConflict>
  }
>()("privx-kit/Fleets") {
  /**
   * Everything that a process needs for fleets in one data directory. Unfinished setups there are resumed immediately.
   */
  /** Executes fleet runs, and claims at most the given number of their setups from the queue at a time. */
  static readonly layer = (options: {
    readonly concurrency: number
  }): Layer.Layer<Fleets, never, RunExecutor | RunFeeder | Runs | FleetRecord | FleetOwned> =>
    Layer.effect(Fleets, make(options.concurrency))
}

/** The digests of the fleets that this process executes. Executed plans are added. */
export class FleetOwned extends Context.Service<FleetOwned, Set<string>>()("privx-kit/fleet/FleetOwned") {
  static readonly layer = (digests: ReadonlyArray<string>): Layer.Layer<FleetOwned> =>
    Layer.effectContext(
      Effect.sync(() => {
        const owned = new Set(digests)
        return Context.make(FleetOwned, owned).pipe(
          Context.add(FleetOwnership, ({ digest }: FleetInputs) => owned.has(digest))
        )
      })
    )
}

const make = Effect.fnUntraced(function* (concurrency: number) {
  const owned = yield* FleetOwned
  const runs = yield* Runs
  const executor = yield* RunExecutor
  const context = yield* Effect.context<Runs | FleetRecord>()
  yield* RunFeeder.use((feeder) => feeder.feed(concurrency))

  const outcome = <E extends Failed | RunConflict>(
    runId: string,
    execution: Effect.Effect<Counts, E | FleetIncomplete>
  ) =>
    execution.pipe(
      Effect.catch((failure): Effect.Effect<Counts, Exclude<E, FleetIncomplete>> =>
        isIncomplete(failure) ? Effect.succeed(failure.counts) : Effect.fail(failure as Exclude<E, FleetIncomplete>)
      ),
      Effect.map((counts): Outcome => ({ runId, counts }))
    )

  const run = Effect.fn("Fleets.run")(function* (
    plan: Plan,
    onStart: (started: Started) => Effect.Effect<void> = quiet
  ) {
    owned.add(digestOf(plan))
    const { continued, others, run } = yield* Effect.provideContext(FleetStart.choose(plan), context)
    yield* onStart({ runId: run.id, continued, others })
    return yield* outcome(run.id, executor.resume(FleetRun, run.id))
  })

  const retry = Effect.fn("Fleets.retry")(function* (
    runId: string,
    onStart: (started: Started) => Effect.Effect<void> = quiet
  ) {
    const run = yield* runs.get(runId)
    if (run === undefined || run.kind !== kind) return yield* new RunNotFound({ runId })
    const onRun = () => onStart({ runId, continued: false, others: [] })
    return yield* outcome(runId, executor.retry(FleetRun, runId, { onRun }))
  })

  return Fleets.of({ run, retry })
})

const quiet = () => Effect.void

const isIncomplete = (failure: { readonly _tag: string }): failure is FleetIncomplete =>
  failure._tag === "FleetIncomplete"
