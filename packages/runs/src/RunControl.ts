/**
 * The runs that this process is executing. Code outside the engine's fibers uses it to cancel a run, or to learn that
 * the run waits for an approval. It is lost with the process, and nothing depends on it afterwards.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Struct from "effect/Struct"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { ApprovalPending, type RunCancelled } from "./RunFailures.ts"
import type { Review } from "./Run.ts"
import { RunEvent, RunEvents } from "./RunEvents.ts"
import type { RunRecorder } from "./RunRecorder.ts"

/**
 * One attempt of a run, in this process.
 *
 * @since 0.1.0
 * @category models
 */
export interface Active {
  /** Whether this process has just recorded the run. */
  created: boolean
  /** Kept across replays: the body of a workflow is replayed from its top. */
  recorder: RunRecorder | undefined
  /** Fails when the run is cancelled. */
  readonly cancelled: Deferred.Deferred<never, RunCancelled>
  /** Fails when the run starts to wait for an approval. */
  readonly parked: Deferred.Deferred<never, ApprovalPending>
  /** Whether the decision was made: a replayed body no longer waits. */
  decided: boolean
  over: boolean
  /** How many consecutive retries the storage has caused. */
  stalls: number
  /** How many fibers wait for the attempt to end. */
  waiting: number
}

/**
 * What the fibers of a process tell each other about the attempts that it executes.
 *
 * **When to use**: it is part of the runtime of a process that executes runs. A workflow gets a `RunScope` instead.
 *
 * @example
 * ```ts
 * import { RunControl } from "@privx-kit/runs/RunControl"
 *
 * export const stalled = RunControl.use((control) => control.stalled)
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class RunControl extends Context.Service<
  RunControl,
  {
    readonly active: (runId: string, attempt: number) => Active
    /** Announces, once, that the run waits for an approval. */
    readonly park: (runId: string, attempt: number, sha256: string, review: Review) => Effect.Effect<void>
    /**
     * Runs an effect that waits for an attempt. Then forgets the attempt, unless others wait for it or it continues.
     */
    readonly waitFor: <A, E, R>(
      runId: string,
      attempt: number,
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E, R>
    /** Announces that the run retries because its storage does not work, so that callers can stop waiting. */
    readonly stall: (runId: string, attempt: number, failure: StorageFailed) => Effect.Effect<void>
    /** Fails at the next time that a run stalls; never succeeds. */
    readonly stalled: Effect.Effect<never, StorageFailed>
    /** Forgets an ended attempt as soon as nothing waits for it. */
    readonly ended: (runId: string, attempt: number) => Effect.Effect<void>
  }
>()("privx-kit/RunControl") {
  static readonly layer: Layer.Layer<RunControl> = Layer.effect(
    RunControl,
    Effect.gen(function* () {
      const tell = yield* RunEvents
      const all = new Map<string, Active>()
      const listeners = new Set<Deferred.Deferred<never, StorageFailed>>()
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
          stalls: 0,
          waiting: 0,
          over: false
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
          const first = yield* Deferred.fail(
            parked,
            new ApprovalPending({ runId, sha256, ...Struct.pick(review, ["change", "reference"]) })
          )
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
        stall: Effect.fnUntraced(function* (runId, attempt, failure) {
          const one = active(runId, attempt)
          if (one.stalls++ === 0)
            yield* Effect.logWarning(`Run ${runId} is waiting for its storage: ${failure.message}`)
          yield* Effect.forEach(listeners, Deferred.fail(failure), { discard: true })
        }),
        stalled: Effect.acquireUseRelease(
          Effect.sync(() => {
            const deferred = Deferred.makeUnsafe<never, StorageFailed>()
            listeners.add(deferred)
            return deferred
          }),
          Deferred.await,
          (deferred) => Effect.sync(() => listeners.delete(deferred))
        ),
        ended: (runId, attempt) =>
          Effect.sync(() => {
            active(runId, attempt).over = true
            forget(runId, attempt)
          })
      })
    })
  )
}
