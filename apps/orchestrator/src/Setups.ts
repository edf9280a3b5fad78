/**
 * Set-up jobs, as the command line sees them: begin one or go on with an unfinished one, and get its result.
 *
 * ```ts
 * const result = yield* Setups.use((setups) => setups.run({ target, output: "." }))
 * // provided with Setups.layer({ dataDir, target }), which needs the Ueba of that target
 * ```
 *
 * Steps run on fibers of the engine. What they take from the context, `RunEvents` and `RetryPolicy` among it, is what was
 * provided to the layer.
 */
import type { Ueba } from "@privx-kit/ueba/Ueba"
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
import * as SqlClient from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { ArtifactStore } from "./artifacts/ArtifactStore.ts"
import { ProofStore } from "./artifacts/ProofStore.ts"
import { Database } from "./Database.ts"
import { DataFolder, type DataFolderBusy, type DataFolderUnusable, fromStorage } from "./DataFolder.ts"
import { Delivery } from "./artifacts/Delivery.ts"
import * as Engine from "./Engine.ts"
import { FleetRecord } from "./fleet/FleetRecord.ts"
import * as FleetWorkflow from "./fleet/FleetWorkflow.ts"
import { isReachable } from "./HostConnection.ts"
import { Approvals } from "./runs/Approvals.ts"
import * as Journal from "./runs/Journal.ts"
import * as RequestWatcher from "./runs/RequestWatcher.ts"
import * as Retention from "./runs/Retention.ts"
import { isOver, type Run } from "./runs/Run.ts"
import { RunControl } from "./runs/RunControl.ts"
import { type ApprovalPending, RunConflict, RunNotFound } from "./runs/RunFailures.ts"
import { RunRequests } from "./runs/RunRequests.ts"
import { Runs } from "./runs/Runs.ts"
import { InternalError, InvalidInput, type SetupFailure } from "./SetupFailure.ts"
import { inputsOf, type SetupRequest } from "./SetupRequest.ts"
import * as SetupWorkflow from "./SetupWorkflow.ts"
import type { SetupInputs, SetupResult } from "./SetupWorkflow.ts"
import * as Storage from "./Storage.ts"
import * as Submission from "./Submission.ts"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import { nameOf, Targets } from "./Targets.ts"

export type { SetupRequest, SetupResult }

export class Setups extends Context.Service<
  Setups,
  {
    /**
     * Carries a set-up through: goes on with `runId`, or with the latest unfinished run of the same target and inputs, or
     * begins a new one. Interrupting it leaves the run to be continued: by the engine as long as this process lives, by
     * the next process afterwards.
     */
    readonly run: (request: SetupRequest) => Effect.Effect<SetupResult, SetupFailure | RunNotFound | ApprovalPending>
    /** Carries a run that failed or was cancelled out again, with its inputs, as another attempt. */
    readonly retry: (request: {
      readonly target: URL
      readonly runId: string
      readonly noWait?: boolean | undefined
    }) => Effect.Effect<SetupResult, SetupFailure | RunNotFound | RunConflict | ApprovalPending>
    /** Carries a recorded run through, or joins it; fails with `ApprovalPending` where it comes to wait for somebody. */
    readonly carryOut: (run: Run) => Effect.Effect<SetupResult, SetupFailure | ApprovalPending>
  }
>()("privx-kit/Setups") {
  /** Everything a process needs for the set-ups of one PrivX, in one data folder. */
  static readonly layer = (options: {
    readonly dataDir: string
    readonly target: URL
  }): Layer.Layer<Setups | Runs, DataFolderBusy | DataFolderUnusable, Ueba> =>
    Setups.layerTargets(options).pipe(Layer.provide(Targets.single(options.target)))

  /** The same for whatever targets the process is configured for. Unfinished runs of these are continued at once. */
  static readonly layerTargets = (options: {
    readonly dataDir: string
  }): Layer.Layer<Setups | Runs, DataFolderBusy | DataFolderUnusable, Targets> => embedded(options, layerOwn)
}

/** Upon an engine and a storage that are this process's own, see {@link embedded}. */
export const layerOwn = Layer.suspend(() => Layer.effect(Setups, make({ shared: false })))

/** What is built upon an engine of this process, in a data folder that it holds as long. */
export const embedded = <A, R>(options: { readonly dataDir: string }, services: Layer.Layer<A, StorageFailed, R>) =>
  services.pipe(
    Layer.provide([SetupWorkflow.layer, FleetWorkflow.layer]),
    Layer.provide(FleetRecord.layer),
    Layer.provide(Engine.layer),
    Layer.provide(tidy),
    inFolder,
    Layer.provide([Delivery.layer, Approvals.layer, RunControl.layer, RunRequests.layer]),
    Layer.provide([ArtifactStore.layer, ProofStore.layer]),
    Layer.provideMerge(Runs.layer),
    Layer.provide(Storage.layer),
    Layer.provide(DataFolder.layer(options.dataDir)),
    // Other processes write now and then: a transaction that finds out half-way that it is too late would fail.
    Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")),
    // The layers above are constants: without this, a second data folder in one program would be given the first one's.
    Layer.fresh
  )

/** The same upon an engine and a storage that other processes share: what those are at is left to them. */
export const layerShared = Layer.suspend(() =>
  Layer.effect(Setups, make({ shared: true })).pipe(
    Layer.provide([SetupWorkflow.layer, FleetWorkflow.layer]),
    Layer.provide(FleetRecord.layer)
  )
)

/** What the storage says, said of the data folder. */
const inFolder = <A, R>(layer: Layer.Layer<A, StorageFailed, R>) =>
  Layer.unwrap(
    Effect.map(DataFolder, ({ path }) =>
      Layer.catchTag(layer, "StorageFailed", (failure) => Layer.effectContext(Effect.fail(fromStorage(path)(failure))))
    )
  )

/** Before the engine starts nothing is running, and after it has stopped nothing is. What is too old goes. */
const tidy: Layer.Layer<never, StorageFailed, Runs | RunRequests | Database | SqlClient.SqlClient> =
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { interruptAll } = yield* Runs
      yield* Effect.acquireRelease(interruptAll, () => Effect.ignore(interruptAll))
      yield* RequestWatcher.settleCancellations()
      yield* Retention.prune(yield* Retention.Retention)
    })
  ).pipe(Layer.provide(Engine.journal))

const make = Effect.fnUntraced(function* ({ shared }: { readonly shared: boolean }) {
  const runs = yield* Runs
  const targets = yield* Targets
  const database = yield* Database
  const control = yield* RunControl
  const context = yield* Effect.context<
    WorkflowEngine | MessageStorage | Runs | RunRequests | RunControl | Targets | Database
  >()

  const decoded = <A, I>(schema: Schema.Codec<A, I>, json: unknown): Effect.Effect<A, StorageFailed> =>
    Effect.mapError(
      Schema.decodeUnknownEffect(schema)(json),
      (error) => new StorageFailed({ path: database.name, reason: "damaged", detail: error.message })
    )

  const decodeInputs = (run: Run) => decoded(SetupWorkflow.SetupInputs, run.inputs)

  // A database elsewhere may go away and come back: then the runs go on.
  const unwritable: Effect.Effect<never, StorageFailed> = shared ? Effect.never : yield* watch(runs)

  type Wanted = Pick<Run, "id" | "attempt" | "target"> & { readonly inputs: SetupInputs; readonly noWait: boolean }

  const payloadOf = ({ attempt, id, inputs, target }: Pick<Wanted, "id" | "attempt" | "target" | "inputs">) => ({
    runId: id,
    ...(attempt === 1 ? undefined : { attempt }),
    target,
    inputs
  })

  const carryOut = Effect.fnUntraced(function* (
    wanted: Wanted
  ): Effect.fn.Return<SetupResult, SetupFailure | ApprovalPending> {
    const { attempt, id } = wanted
    const active = control.active(id, attempt)
    const outcome = SetupWorkflow.SetupWorkflow.execute(payloadOf(wanted)).pipe(
      Effect.raceFirst(unwritable),
      // The engine has no typed failures of its own.
      Effect.catchDefect((defect) =>
        Effect.fail(
          database.isFailure(defect) ? database.failure(defect) : new InternalError({ detail: String(defect) })
        )
      ),
      wanted.noWait ? Effect.raceFirst(Deferred.await(active.parked)) : identity,
      Effect.provideContext(context),
      Effect.andThen(
        Effect.suspend(() => (active.result === undefined ? recordedResult(id) : Effect.succeed(active.result)))
      )
    )
    return yield* control.waitFor(id, attempt, outcome)
  })

  const recordedResult = (id: string) =>
    Effect.flatMap(runs.get(id), (run) => decoded(SetupWorkflow.ResultJson, run?.result))

  /**
   * What the engine knows and the projection knows can be apart by one write after a crash. What the engine never heard of
   * is handed to it, what it put aside is resumed, and what it has ended is noted.
   */
  const reconcile = Effect.fnUntraced(function* (run: Run) {
    if (!(yield* isReachable(run))) return
    const payload = payloadOf({ ...run, inputs: yield* decodeInputs(run) })
    const executionId = yield* SetupWorkflow.SetupWorkflow.executionId(payload)
    const known = yield* SetupWorkflow.SetupWorkflow.poll(executionId)
    if (known._tag === "Some" && known.value._tag === "Suspended") {
      yield* SetupWorkflow.SetupWorkflow.resume(executionId)
    } else if (known._tag === "Some" && known.value._tag === "Complete" && Exit.isFailure(known.value.exit)) {
      const failure = Cause.findErrorOption(known.value.exit.cause).pipe(
        Option.getOrElse(() => new InternalError({ detail: "the run ended without a failure of its own" }))
      )
      yield* runs.end(run.id, { status: "failed", failure: yield* encoded(SetupWorkflow.FailureJson, failure) })
    } else {
      if (known._tag === "Some") {
        const now = yield* runs.get(run.id)
        // It has come to its end while it was looked at.
        if (now === undefined || isOver(now)) return
        // The projection is written first: a success that it does not have was never there.
        yield* Journal.forget({ ...run, runId: run.id })
      }
      yield* SetupWorkflow.SetupWorkflow.execute(payload, { discard: true })
    }
  })

  yield* RequestWatcher.noteDecisions().pipe(
    Effect.andThen(runs.list({ kind: SetupWorkflow.kind, unfinished: true })),
    // What is queued is for whoever takes it from there.
    Effect.map((open) => open.filter(({ status }) => status !== "queued")),
    Effect.flatMap(Effect.forEach(reconcile, { discard: true })),
    (effect) => (shared ? Effect.forkScoped(Effect.ignore(effect)) : effect)
  )
  yield* RequestWatcher.watch

  /** One after another, so that two who ask for the same share it; each who wants a run of its own need not wait. */
  const alone = Semaphore.makeUnsafe(1).withPermits(1)

  const find = Effect.fnUntraced(function* (runId: string, target: string) {
    const run = yield* runs.get(runId)
    if (run === undefined || run.kind !== SetupWorkflow.kind) return yield* new RunNotFound({ runId })
    if (run.target !== target) return yield* new RunNotFound({ runId, target: run.target })
    return run
  })

  const run = Effect.fn("Setups.run")(function* (
    request: SetupRequest
  ): Effect.fn.Return<SetupResult, SetupFailure | RunNotFound | ApprovalPending> {
    const target = nameOf(request.target)
    const noWait = request.noWait === true
    const told = request.onRun ?? (() => Effect.void)
    if (request.runId !== undefined) {
      const run = yield* find(request.runId, target)
      yield* told(run.id)
      return yield* outcomeOf(run, noWait)
    }
    if (!targets.has(target)) {
      return yield* new InvalidInput({ detail: `this process is not configured for ${target}` })
    }
    const inputs = yield* inputsOf(request)
    const chosen = yield* Submission.choose(target, inputs, request, { queued: false }).pipe(
      Effect.tap((chosen) =>
        Effect.sync(() => {
          if (chosen.created) control.active(chosen.id, 1).created = true
        })
      ),
      request.fresh === true || request.idempotencyKey !== undefined ? identity : alone,
      Effect.provideService(Runs, runs)
    )
    yield* told(chosen.created ? chosen.id : chosen.run.id)
    return chosen.created
      ? yield* carryOut({ id: chosen.id, attempt: 1, target, inputs, noWait })
      : yield* outcomeOf(chosen.run, noWait)
  })

  const outcomeOf = Effect.fnUntraced(function* (
    run: Run,
    noWait: boolean
  ): Effect.fn.Return<SetupResult, SetupFailure | ApprovalPending> {
    // Where its end is recorded and the engine is about to hear of it, whoever asks waits until both agree.
    const settled = isOver(run) && !(yield* Effect.provideContext(Journal.isOpen({ ...run, runId: run.id }), context))
    if (!settled) return yield* carryOut({ ...run, inputs: yield* decodeInputs(run), noWait })
    return run.failure === null
      ? yield* decoded(SetupWorkflow.ResultJson, run.result)
      : yield* Effect.flatMap(decoded(SetupWorkflow.FailureJson, run.failure), Effect.fail)
  })

  const retry = Effect.fn("Setups.retry")(function* (request: {
    readonly target: URL
    readonly runId: string
    readonly noWait?: boolean | undefined
  }): Effect.fn.Return<SetupResult, SetupFailure | RunNotFound | RunConflict | ApprovalPending> {
    const run = yield* find(request.runId, nameOf(request.target))
    const again = yield* runs.retry(run.id)
    if (again === undefined) {
      const detail = isOver(run)
        ? "there is nothing to retry"
        : "it is not over, privx-kit ueba setup --run continues it"
      return yield* new RunConflict({ runId: run.id, status: run.status, detail })
    }
    return yield* carryOut({ ...again, inputs: yield* decodeInputs(again), noWait: request.noWait === true })
  })

  return Setups.of({ run, retry, carryOut: (run) => outcomeOf(run, true) })
})

/**
 * Where its journal cannot be written, the engine tries again and again without a word, which is right for the run and
 * wrong for whoever waits for it. The effect that this answers with fails when that is so, and never succeeds.
 */
const watch = Effect.fnUntraced(function* (runs: Runs["Service"]) {
  const waiting = new Set<Deferred.Deferred<never, StorageFailed>>()
  yield* Effect.suspend(() => (waiting.size === 0 ? Effect.void : runs.probe)).pipe(
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

/** What this process has in its hands always has a JSON form. */
const encoded = <A>(schema: Schema.Codec<A, Schema.Json>, value: A): Effect.Effect<Schema.Json> =>
  Effect.orDie(Schema.encodeEffect(schema)(value))
