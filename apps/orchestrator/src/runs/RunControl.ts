/**
 * What this process knows of the runs that it carries out, beyond what is stored: how one under way is reached from
 * outside of the engine's fibers, to stop it or to hear that it waits. Lost with the process, and nothing with it.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ApprovalPending, type RunCancelled } from "./RunFailures.ts"
import type { SetupResult } from "../SetupWorkflow.ts"
import type { Review } from "./Run.ts"
import { RunEvent, RunEvents } from "./RunEvents.ts"
import type { RunRecorder } from "./RunRecorder.ts"

/** One attempt of a run, in this process. */
export interface Active {
  /** This process has just recorded the run. */
  created: boolean
  /** The workflow's body is replayed from its top: what follows its steps is kept from one replay to the next. */
  recorder: RunRecorder | undefined
  /** Fails when the run is cancelled. */
  readonly cancelled: Deferred.Deferred<never, RunCancelled>
  /** Fails when the run begins to wait for an approval. */
  readonly parked: Deferred.Deferred<never, ApprovalPending>
  /** Whether it was decided: a body that is replayed does not wait any more. */
  decided: boolean
  over: boolean
  /** How many in this process wait for its end. */
  waiting: number
  /** What the run came to. */
  result: SetupResult | undefined
}

export class RunControl extends Context.Service<
  RunControl,
  {
    readonly active: (runId: string, attempt: number) => Active
    /** Tells that the run waits, once. */
    readonly park: (runId: string, attempt: number, sha256: string, review: Review) => Effect.Effect<void>
    /** Waits for an attempt with that effect; afterwards it is forgotten, unless others wait for it or it goes on. */
    readonly waitFor: <A, E, R>(
      runId: string,
      attempt: number,
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E, R>
    /** An attempt is over: it is forgotten, now or when those who wait for it have looked at it. */
    readonly ended: (runId: string, attempt: number) => Effect.Effect<void>
  }
>()("privx-kit/RunControl") {
  static readonly layer: Layer.Layer<RunControl> = Layer.effect(
    RunControl,
    Effect.gen(function* () {
      const tell = yield* RunEvents
      const all = new Map<string, Active>()
      const active = (runId: string, attempt: number): Active => {
        const key = `${runId}/${attempt}`
        const known = all.get(key)
        if (known !== undefined) return known
        const made: Active = {
          created: false,
          recorder: undefined,
          cancelled: Deferred.makeUnsafe(),
          parked: Deferred.makeUnsafe(),
          decided: false,
          waiting: 0,
          over: false,
          result: undefined
        }
        all.set(key, made)
        return made
      }
      const forget = (runId: string, attempt: number): void => {
        const key = `${runId}/${attempt}`
        const one = all.get(key)
        if (one !== undefined && one.over && one.waiting === 0) all.delete(key)
      }
      return RunControl.of({
        active,
        park: Effect.fnUntraced(function* (runId, attempt, sha256, review) {
          const { decided, parked } = active(runId, attempt)
          if (decided) return
          const first = yield* Deferred.fail(parked, new ApprovalPending({ runId, sha256, change: review.change }))
          if (first) yield* tell(RunEvent.ApprovalAwaited({ runId, sha256, review }))
        }),
        waitFor: (runId, attempt, effect) =>
          Effect.suspend(() => {
            const one = active(runId, attempt)
            one.waiting++
            return Effect.ensuring(
              effect,
              Effect.sync(() => {
                one.waiting--
                forget(runId, attempt)
              })
            )
          }),
        ended: (runId, attempt) =>
          Effect.sync(() => {
            active(runId, attempt).over = true
            forget(runId, attempt)
          })
      })
    })
  )
}
