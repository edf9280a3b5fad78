/**
 * Executes runs of every kind in this process: starts a run or joins an unfinished one, retries, and waits for the result.
 * When it starts, it reconciles the record with the journal: after a crash, the two can differ by one write.
 *
 * ```ts
 * const result = yield* RunExecutor.use((executor) => executor.run(rotation, { target, inputs }))
 * ```
 *
 * Steps run on fibers of the engine. Their context, `RunEvents` included, is the one that was provided to the layer.
 *
 * @since 0.1.0
 */
import type { Failure } from "@privx-kit/core/Failure"
import { fromDefect, StorageFailed } from "@privx-kit/core/StorageFailed"
import { Database } from "@privx-kit/durable/Database"
import type { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Cause from "effect/Cause"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type * as SqlClient from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import type { CommonFailure, DurableRun } from "./DurableRun.ts"
import * as Journal from "./Journal.ts"
import * as RequestWatcher from "./RequestWatcher.ts"
import { isOver, type Run } from "./Run.ts"
import { RunControl } from "./RunControl.ts"
import { type ApprovalPending, InternalError, InvalidInput, RunConflict, RunNotFound } from "./RunFailures.ts"
import { type RunKind, RunKinds, type Task, type UnknownRunKind } from "./RunKinds.ts"
import { RunOwnership } from "./RunOwnership.ts"
import type { RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"
import * as RunSubmission from "./RunSubmission.ts"
import * as StorageHealth from "./StorageHealth.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface RunOptions {
  /** Whether to fail with `ApprovalPending` if the run waits for an approval; the run keeps waiting. */
  readonly noWait?: boolean | undefined
  /** Called with the id of the run, as soon as it is known. */
  readonly onRun?: ((runId: string) => Effect.Effect<void>) | undefined
}

/**
 * Executes durable runs in this process, and waits for their ends.
 *
 * **Details**: `run` joins an unfinished run of the same kind, target and inputs, or starts one; `resume` continues a
 * recorded run or reads its result; `retry` starts another attempt. If the effect is interrupted, the run continues in the
 * engine of this process, and a later process resumes it.
 *
 * **Errors**: the failure of the run, `RunNotFound` if there is no such run, `RunConflict` if it cannot be retried, and
 * `ApprovalPending` if it waits for an approval and `noWait` is set.
 *
 * @example
 * ```ts
 * import type { Failure } from "@privx-kit/core/Failure"
 * import type { DurableRun } from "@privx-kit/runs/DurableRun"
 * import { RunExecutor } from "@privx-kit/runs/RunExecutor"
 *
 * export const rotated = <Result, E extends Failure>(kind: DurableRun<{ readonly vault: string }, Result, E>) =>
 *   RunExecutor.use((runs) => runs.run(kind, { target: "https://privx.example.com", inputs: { vault: "main" } }))
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class RunExecutor extends Context.Service<
  RunExecutor,
  {
    /**
     * Executes a run to its end: joins an unfinished one of the same kind, target and inputs, or starts a new one.
     * If the effect is interrupted, the run continues in the engine of this process, and a later process resumes it.
     */
    readonly run: <Inputs, Result, E extends Failure>(
      kind: DurableRun<Inputs, Result, E>,
      request: RunSubmission.Request<Inputs>,
      options?: RunOptions
    ) => Effect.Effect<Result, E | CommonFailure | ApprovalPending>
    /** Executes a recorded run to its end, or reads the result of one that has ended. */
    readonly resume: <Inputs, Result, E extends Failure>(
      kind: DurableRun<Inputs, Result, E>,
      runId: string,
      options?: RunOptions & {
        /** Refuses a run of another target. */
        readonly target?: string | undefined
      }
    ) => Effect.Effect<Result, E | CommonFailure | RunNotFound | ApprovalPending>
    /** Executes a failed or cancelled run again, with the same inputs, as a new attempt. */
    readonly retry: <Inputs, Result, E extends Failure>(
      kind: DurableRun<Inputs, Result, E>,
      runId: string,
      options?: RunOptions & { readonly target?: string | undefined }
    ) => Effect.Effect<Result, E | CommonFailure | RunNotFound | RunConflict | ApprovalPending>
    /** Executes a recorded run of any kind; fails with `ApprovalPending` if it waits for an approval. */
    readonly execute: (run: Run) => Effect.Effect<void, Failure | UnknownRunKind>
    /** Retries a run of any kind and waits for its end; the outcome is in the record. */
    readonly retryAny: (
      run: Run,
      options?: RunOptions
    ) => Effect.Effect<void, Failure | UnknownRunKind | RunConflict | ApprovalPending>
    /** Whether this process can execute the run. */
    readonly isHere: (run: Run) => Effect.Effect<boolean>
  }
>()("@privx-kit/runs/RunExecutor") {
  /** Uses an engine and a storage that belong to this process alone. */
  static readonly layer: Layer.Layer<RunExecutor, StorageFailed, Services> = Layer.suspend(() =>
    Layer.effect(RunExecutor, make({ shared: false }))
  )

  /** Uses an engine and a storage that other processes share, and leaves their runs to them. */
  static readonly layerShared: Layer.Layer<RunExecutor, StorageFailed, Services> = Layer.suspend(() =>
    Layer.effect(RunExecutor, make({ shared: true }))
  )
}

/**
 * @since 0.1.0
 * @category models
 */
export type Services =
  | WorkflowEngine
  | MessageStorage
  | SqlClient.SqlClient
  | Runs
  | RunKinds
  | RunRequests
  | RunControl
  | PrivxHosts
  | Database

const make = Effect.fnUntraced(function* ({ shared }: { readonly shared: boolean }) {
  const runs = yield* Runs
  const kinds = yield* RunKinds
  const database = yield* Database
  const control = yield* RunControl
  const owns = yield* RunOwnership
  const context = yield* Effect.context<Services>()

  /** Uses the services that were provided to this layer, not those of the caller. */
  const isHere = (kind: RunKind, task: Task) => Effect.provideContext(kind.isHere(task), context)

  const decoded = <A>(schema: Schema.Codec<A, Schema.Json>, json: unknown): Effect.Effect<A, StorageFailed> =>
    Effect.mapError(
      Schema.decodeUnknownEffect(schema)(json),
      (error) => new StorageFailed({ path: database.name, reason: "damaged", detail: error.message })
    )

  // With shared storage, runs outlast an outage, and so do the callers that wait for them.
  const unwritable: Effect.Effect<never, StorageFailed> = shared
    ? Effect.never
    : Effect.raceFirst(yield* watchStorage, control.stalled)

  /** Waits for an attempt that the engine executes. */
  const awaited = <E>(
    { attempt, id }: Pick<Run, "id" | "attempt">,
    execution: Effect.Effect<void, E, WorkflowEngine>,
    noWait: boolean,
    impatience = unwritable
  ): Effect.Effect<void, E | StorageFailed | InternalError | ApprovalPending> =>
    execution.pipe(
      Effect.raceFirst(impatience),
      // The engine has no typed failures of its own.
      Effect.catchDefect((defect) =>
        Effect.fail(
          database.isFailure(defect)
            ? database.failure(defect)
            : (fromDefect(defect) ?? new InternalError({ detail: String(defect) }))
        )
      ),
      noWait ? Effect.raceFirst(Deferred.await(control.active(id, attempt).parked)) : identity,
      Effect.provideContext(context)
    )

  const attemptOf = ({ attempt, id }: Pick<Run, "id" | "attempt">) => ({ runId: id, attempt })

  const resultOf = <Inputs, Result, E extends Failure>(
    kind: DurableRun<Inputs, Result, E>,
    run: Pick<Run, "id" | "attempt">,
    noWait: boolean
  ): Effect.Effect<Result, E | CommonFailure | ApprovalPending> =>
    Effect.suspend(() => {
      const active = control.active(run.id, run.attempt)
      return control.waitFor(
        run.id,
        run.attempt,
        Effect.andThen(
          awaited(run, kind.execute(attemptOf(run)), noWait),
          Effect.suspend(() => {
            const result = kind.resultOf(active)
            return result === undefined
              ? Effect.flatMap(runs.get(run.id), (found) => decoded(kind.result, found?.result))
              : Effect.succeed(result)
          })
        )
      )
    })

  /** While an end is recorded but not yet journaled, callers wait until record and journal agree. */
  const isSettled = Effect.fnUntraced(function* (kind: RunKind, run: Run) {
    return isOver(run) && !(yield* Effect.provideContext(Journal.isOpen(kind, attemptOf(run)), context))
  })

  const outcomeOf = Effect.fnUntraced(function* <Inputs, Result, E extends Failure>(
    kind: DurableRun<Inputs, Result, E>,
    run: Run,
    noWait: boolean
  ): Effect.fn.Return<Result, E | CommonFailure | ApprovalPending> {
    if (!(yield* isSettled(kind, run))) return yield* resultOf(kind, run, noWait)
    return run.failure === null
      ? yield* decoded(kind.result, run.result)
      : yield* Effect.flatMap(decoded(kind.failure, run.failure), Effect.fail)
  })

  /**
   * Starts runs that the engine does not know, resumes runs that it suspended, and records ends that only the engine
   * knows.
   */
  const reconcile = Effect.fnUntraced(function* (kind: RunKind, run: Run) {
    if (!owns({ kind: kind.name, runId: run.id })) return
    if (!(yield* isHere(kind, { runId: run.id, ...run }))) return
    const attempt = attemptOf(run)
    const known = yield* kind.poll(attempt)
    if (Option.isSome(known) && known.value === "suspended") {
      yield* kind.resume(attempt)
    } else if (Option.isSome(known) && known.value !== "suspended" && Exit.isFailure(known.value)) {
      const failure = Cause.findErrorOption(known.value.cause).pipe(
        Option.getOrElse(() => new InternalError({ detail: "the run ended with a defect" }))
      )
      const encoded = yield* Effect.orDie(Schema.encodeEffect(kind.failure)(failure))
      yield* runs.end(run.id, { status: "failed", failure: encoded })
    } else {
      if (Option.isSome(known)) {
        const now = yield* runs.get(run.id)
        // It has ended in the meantime.
        if (now === undefined || isOver(now)) return
        // The record is written first: without it, the run has not succeeded.
        yield* Journal.forget(kind, attempt)
      }
      yield* kind.start(attempt)
    }
  })

  const reconcileAll = Effect.forEach(
    kinds.all,
    (kind) =>
      Effect.flatMap(runs.list({ kind: kind.name, unfinished: true }), (open) =>
        Effect.forEach(
          // A queued run belongs to the process that claims it.
          open.filter(({ status }) => status !== "queued"),
          (run) => reconcile(kind, run),
          { discard: true }
        )
      ),
    { discard: true }
  )

  yield* Effect.andThen(RequestWatcher.noteDecisions(), reconcileAll).pipe((effect) =>
    shared ? Effect.forkScoped(Effect.ignore(effect)) : effect
  )
  yield* RequestWatcher.watch

  /** A run that is `running` at two consecutive checks although the engine has ended it or does not know it. */
  const stray = Effect.fnUntraced(function* (kind: RunKind, run: Run) {
    const progress = yield* kind.poll(attemptOf(run))
    if (Option.isSome(progress)) return progress.value !== "suspended"
    return !shared && !(yield* Effect.provideContext(Journal.isOpen(kind, attemptOf(run)), context))
  })
  let before: ReadonlySet<string> = new Set()
  const reconcileStray = Effect.gen(function* () {
    const running = (yield* runs.list({ status: ["running", "interrupted"], unfinished: true, results: false })).filter(
      (run) => kinds.find(run.kind)?.coordinates === false
    )
    const nameOf = ({ attempt, id }: Run) => `${id}/${attempt}`
    for (const run of running.filter((run) => before.has(nameOf(run)))) {
      const kind = yield* kinds.get(run.kind)
      if (yield* stray(kind, run)) yield* reconcile(kind, run)
    }
    before = new Set(running.map(nameOf))
  })
  yield* reconcileStray.pipe(
    // A run that cannot be read now is checked next time.
    Effect.catchCause((cause) => Effect.logDebug("Cannot compare the record of the runs with the journal.", cause)),
    Effect.delay(reconciling),
    Effect.forever,
    Effect.forkScoped
  )

  /** One after another, so that two callers that request the same run share it. */
  const alone = Semaphore.makeUnsafe(1).withPermits(1)

  const find = Effect.fnUntraced(function* (kind: RunKind, runId: string, target: string | undefined) {
    const run = yield* runs.get(runId)
    if (run === undefined || run.kind !== kind.name) return yield* new RunNotFound({ runId })
    if (target !== undefined && run.target !== target) return yield* new RunNotFound({ runId, target: run.target })
    // The engine would suspend it and never end it.
    if (!isOver(run) && !(yield* isHere(kind, { runId, ...run }))) {
      return yield* new RunNotFound({ runId, target: run.target })
    }
    return run
  })

  const startAgain = Effect.fnUntraced(function* (run: Run) {
    const again = yield* runs.retry(run.id)
    if (again !== undefined) return again
    const detail = isOver(run) ? "there is nothing to retry" : "only a run that has ended can be retried"
    return yield* new RunConflict({ runId: run.id, status: run.status, detail })
  })

  return RunExecutor.of({
    run: Effect.fn("RunExecutor.run")(function* (kind, request, options = {}) {
      const { noWait = false, onRun = quiet } = options
      const { inputs, target } = request
      const json = yield* Effect.mapError(
        Schema.encodeEffect(kind.inputs)(inputs),
        (error) => new InvalidInput({ detail: error.message })
      )
      if (!(yield* isHere(kind, { runId: "", target, inputs: json }))) {
        return yield* new InvalidInput({ detail: `this process is not configured for ${target}` })
      }
      const chosen = yield* RunSubmission.choose(kind, { ...request, json }, { queued: false }).pipe(
        Effect.tap((chosen) =>
          Effect.sync(() => {
            if (!chosen.created) return
            const active = control.active(chosen.id, 1)
            active.created = true
            kind.remember(active, { target, inputs, json })
          })
        ),
        request.fresh === true || request.idempotencyKey !== undefined ? identity : alone,
        Effect.provideService(Runs, runs)
      )
      yield* onRun(chosen.created ? chosen.id : chosen.run.id)
      return chosen.created
        ? yield* resultOf(kind, { id: chosen.id, attempt: 1 }, noWait)
        : yield* outcomeOf(kind, chosen.run, noWait)
    }),
    resume: Effect.fn("RunExecutor.resume")(function* (kind, runId, options = {}) {
      const run = yield* find(kind, runId, options.target)
      yield* (options.onRun ?? quiet)(run.id)
      return yield* outcomeOf(kind, run, options.noWait === true)
    }),
    retry: Effect.fn("RunExecutor.retry")(function* (kind, runId, options = {}) {
      const run = yield* find(kind, runId, options.target)
      const again = yield* startAgain(run)
      yield* (options.onRun ?? quiet)(run.id)
      return yield* resultOf(kind, again, options.noWait === true)
    }),
    retryAny: Effect.fn("RunExecutor.retryAny")(function* (run, options = {}) {
      const kind = yield* kinds.get(run.kind)
      const again = yield* startAgain(run)
      yield* (options.onRun ?? quiet)(run.id)
      const execution = awaited(again, kind.execute(attemptOf(again)), options.noWait === true)
      yield* control.waitFor(again.id, again.attempt, execution)
    }),
    execute: Effect.fn("RunExecutor.execute")(function* (run: Run) {
      const kind = yield* kinds.get(run.kind)
      if (kind.coordinates) {
        // From here on the engine has the run; until now it stayed in the queue.
        return yield* Effect.provideContext(reconcile(kind, run), context)
      }
      if (yield* isSettled(kind, run)) return
      // It counts as executing for as long as its storage does not work.
      yield* control.waitFor(run.id, run.attempt, awaited(run, kind.execute(attemptOf(run)), true, Effect.never))
    }),
    isHere: (run) => {
      const kind = kinds.find(run.kind)
      return kind === undefined ? Effect.succeed(false) : isHere(kind, { runId: run.id, ...run })
    }
  })
})

/** How often a process compares record and journal: they differ only after a fault of the storage. */
const reconciling = "30 seconds"

const quiet = () => Effect.void

/** Returns an effect that fails when the storage of this process stops working, and never succeeds. */
const watchStorage = Effect.gen(function* () {
  const waiting = new Set<Deferred.Deferred<never, StorageFailed>>()
  yield* Effect.suspend(() => (waiting.size === 0 ? Effect.void : StorageHealth.probe)).pipe(
    Effect.catch((failure) => Effect.forEach(waiting, Deferred.fail(failure), { discard: true })),
    Effect.delay("1 second"),
    Effect.forever,
    Effect.forkScoped
  )
  return Effect.acquireUseRelease(
    Effect.sync(() => {
      const deferred = Deferred.makeUnsafe<never, StorageFailed>()
      waiting.add(deferred)
      return deferred
    }),
    Deferred.await,
    (deferred) => Effect.sync(() => waiting.delete(deferred))
  )
})
