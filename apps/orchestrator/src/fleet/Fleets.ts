/**
 * Fleet runs, as the command line sees them: begin one or go on with an unfinished one, and get what it came to.
 *
 * ```ts
 * const { counts } = yield* Fleets.use((fleets) => fleets.run(plan))
 * // provided with Fleets.layer({ dataDir, plans: [plan] }), which needs the targets of its hosts: FleetTargets.layer
 * ```
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Database } from "../Database.ts"
import type { DataFolderBusy, DataFolderUnusable } from "../DataFolder.ts"
import * as Journal from "../runs/Journal.ts"
import type { Run } from "../runs/Run.ts"
import { RunConflict, RunNotFound } from "../runs/RunFailures.ts"
import * as RunQueue from "../runs/RunQueue.ts"
import { Runs } from "../runs/Runs.ts"
import { InternalError } from "../SetupFailure.ts"
import { embedded, layerOwn, Setups } from "../Setups.ts"
import { Targets } from "../Targets.ts"
import * as FleetBegin from "./FleetBegin.ts"
import { FleetRecord } from "./FleetRecord.ts"
import { type Counts, digestOf, type FleetFailure, type FleetInputs, kind, type Plan } from "./FleetRun.ts"
import { Drives, FleetWorkflow, payloadOf, Queued } from "./FleetWorkflow.ts"

/** What a fleet run came to. Whether it is well is for whoever asks: hosts may have failed, or wait for approval. */
export interface Outcome {
  readonly runId: string
  readonly counts: Counts
}

/** The fleet run that is meant, as soon as that is known. */
export interface Begun {
  readonly runId: string
  /** An earlier process had begun it. */
  readonly continued: boolean
  /** Unfinished runs of the same fleet with other hosts or inputs. They are left alone. */
  readonly others: ReadonlyArray<string>
}

export class Fleets extends Context.Service<
  Fleets,
  {
    /**
     * Goes on with the unfinished fleet run of the same hosts and inputs, or begins a new one. Interrupting it leaves the
     * run to be continued. Hosts with a set-up of the same inputs that waits for approval are not set up again.
     */
    readonly run: (
      plan: Plan,
      onBegun?: (begun: Begun) => Effect.Effect<void>
    ) => Effect.Effect<Outcome, Exclude<FleetFailure, { readonly _tag: "FleetIncomplete" }>>
    /** Carries out the hosts that failed or were cancelled again, as another attempt of the same fleet run. */
    readonly retry: (
      runId: string,
      onBegun?: (begun: Begun) => Effect.Effect<void>
    ) => Effect.Effect<Outcome, Exclude<FleetFailure, { readonly _tag: "FleetIncomplete" }> | RunNotFound | RunConflict>
  }
>()("privx-kit/Fleets") {
  /** Everything a process needs for fleets in one data folder. Set-ups that are unfinished there are continued at once. */
  static readonly layer = (options: {
    readonly dataDir: string
    /** What is known from the start: unfinished runs of it are continued at once. */
    readonly digests: ReadonlyArray<string>
    /** How many set-ups are taken from the queue at a time, of all fleets. */
    readonly concurrency: number
  }): Layer.Layer<Fleets | FleetRecord | Runs, DataFolderBusy | DataFolderUnusable, Targets> =>
    Layer.suspend(() => {
      const digests = new Set(options.digests)
      return embedded(
        options,
        Layer.effect(Fleets, make(digests, options.concurrency)).pipe(
          Layer.provide(layerOwn),
          Layer.provideMerge(FleetRecord.layer)
        )
      ).pipe(Layer.provide(Layer.succeed(Drives, ({ digest }: FleetInputs) => digests.has(digest))))
    })
}

const make = Effect.fnUntraced(function* (digests: Set<string>, concurrency: number) {
  const runs = yield* Runs
  const setups = yield* Setups
  const targets = yield* Targets
  const database = yield* Database
  const queued = yield* Queued
  const context = yield* Effect.context<Effect.Services<ReturnType<typeof execution>> | FleetRecord | Runs>()

  const look = yield* RunQueue.feed({
    concurrency,
    // What others have left in the queue is theirs.
    carryOut: (run) => (targets.has(run.target) ? setups.carryOut(run) : Effect.void)
  })
  yield* queued.await.pipe(Effect.andThen(queued.close), Effect.andThen(look), Effect.forever, Effect.forkScoped)

  /** Fails when the record can no longer be written: the fleet run itself waits until it can. */
  const unwritable: Effect.Effect<never, StorageFailed> = runs.probe.pipe(Effect.delay("1 second"), Effect.forever)

  const outcome = Effect.fnUntraced(function* (run: Pick<Run, "id" | "attempt" | "target" | "kind">) {
    const counts = yield* execution(run).pipe(
      Effect.catchTag("FleetIncomplete", ({ counts }) => Effect.succeed(counts)),
      // The engine has no typed failures of its own.
      Effect.catchDefect((defect) =>
        Effect.fail(
          database.isFailure(defect) ? database.failure(defect) : new InternalError({ detail: String(defect) })
        )
      ),
      Effect.raceFirst(unwritable),
      Effect.provideContext(context)
    )
    return { runId: run.id, counts }
  })

  const run = Effect.fn("Fleets.run")(function* (plan: Plan, onBegun: (begun: Begun) => Effect.Effect<void> = quiet) {
    digests.add(digestOf(plan))
    const { continued, others, run } = yield* Effect.provideContext(FleetBegin.choose(plan), context)
    yield* onBegun({ runId: run.id, continued, others })
    return yield* outcome(run)
  })

  const retry = Effect.fn("Fleets.retry")(function* (
    runId: string,
    onBegun: (begun: Begun) => Effect.Effect<void> = quiet
  ) {
    const run = yield* runs.get(runId)
    if (run === undefined || run.kind !== kind) return yield* new RunNotFound({ runId })
    const again = yield* runs.retry(runId)
    if (again === undefined) {
      const detail =
        run.endedAt === null ? "it is not over, privx-kit fleet apply continues it" : "there is nothing to retry"
      return yield* new RunConflict({ runId, status: run.status, detail })
    }
    yield* onBegun({ runId, continued: false, others: [] })
    return yield* outcome(again)
  })

  return Fleets.of({ run, retry })
})

const quiet = () => Effect.void

/** Begins it, or joins it where it is under way. */
const execution = (run: Pick<Run, "id" | "attempt" | "target" | "kind">) =>
  Effect.flatMap(prepared(run), (payload) => FleetWorkflow.execute(payload))

/** What the engine is to be given for it. What another process has put aside is resumed. */
export const prepared = Effect.fnUntraced(function* (run: Pick<Run, "id" | "attempt" | "target" | "kind">) {
  const payload = payloadOf(run)
  const executionId = yield* FleetWorkflow.executionId(payload)
  const known = yield* FleetWorkflow.poll(executionId)
  if (known._tag === "Some" && known.value._tag === "Suspended") yield* FleetWorkflow.resume(executionId)
  // The record is written first: an end that it does not have was never there.
  if (known._tag === "Some" && known.value._tag === "Complete") yield* Journal.forget({ ...run, runId: run.id })
  return payload
})
