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
import * as Failure from "@privx-kit/core/Failure"
import type { Ueba } from "@privx-kit/ueba/Ueba"
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { randomUUID } from "node:crypto"
import * as path from "node:path"
import { ArtifactStore } from "./ArtifactStore.ts"
import { DataFolder, type DataFolderBusy, type DataFolderUnusable, fromStorage } from "./DataFolder.ts"
import { Delivery } from "./Delivery.ts"
import * as Engine from "./Engine.ts"
import { type Run, Runs } from "./Runs.ts"
import { InternalError, InvalidInput, type SetupFailure } from "./SetupFailure.ts"
import * as SetupWorkflow from "./SetupWorkflow.ts"
import type { SetupInputs, SetupResult } from "./SetupWorkflow.ts"
import * as Storage from "./Storage.ts"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import { fromSqlite, sqliteError } from "./SqliteFailure.ts"
import { nameOf, Targets } from "./Targets.ts"

export type { SetupResult }

export interface SetupRequest {
  /** Base URL of the PrivX; only origin and path are kept. Must be one that this process is configured for. */
  readonly target: URL
  /** Go on with this run, or get its result when it is over; the inputs below are then those that it was begun with. */
  readonly runId?: string | undefined
  /** Begin a new run even where an unfinished one with the same inputs exists. */
  readonly fresh?: boolean | undefined
  /** Folder that gets the script and its manifest; created when missing. */
  readonly output?: string | undefined
  /** SHA-256 that the script must have, 64 hexadecimal digits. */
  readonly sha256?: string | undefined
  readonly minBytes?: number | undefined
  /** Default 4 MiB. */
  readonly maxBytes?: number | undefined
  /** Which checks of the verification are required, warned of, or off; each has its own default. */
  readonly policy?: VerificationPolicy | undefined
}

/** There is no run of that id that this process could go on with. */
export class RunNotFound extends Failure.rendered<object>({
  message: (self) => notFound(self as RunNotFound),
  hint: (self) => notFoundHint(self as RunNotFound)
})(
  Schema.TaggedError<RunNotFound, { readonly hint: string }>()("RunNotFound", {
    runId: Schema.String,
    /** The target that the run belongs to, when there is such a run. */
    target: Schema.optionalKey(Schema.String)
  })
) {}

const notFound = (self: RunNotFound): string =>
  self.target === undefined
    ? `There is no run ${self.runId} in the data folder.`
    : `The run ${self.runId} belongs to ${self.target}.`

const notFoundHint = (self: RunNotFound): string =>
  self.target === undefined ? "Leave the run id out to begin a new run." : "Give --base-url for that PrivX."

export class Setups extends Context.Service<
  Setups,
  {
    /**
     * Carries a set-up through: goes on with `runId`, or with the latest unfinished run of the same target and inputs, or
     * begins a new one. Interrupting it leaves the run to be continued: by the engine as long as this process lives, by
     * the next process afterwards.
     */
    readonly run: (request: SetupRequest) => Effect.Effect<SetupResult, SetupFailure | RunNotFound>
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
  }): Layer.Layer<Setups | Runs, DataFolderBusy | DataFolderUnusable, Targets> =>
    Layer.effect(Setups, make).pipe(
      Layer.provide(SetupWorkflow.layer),
      Layer.provide(Engine.layer),
      Layer.provide(tidy),
      Layer.provide(Delivery.layer),
      Layer.provide(ArtifactStore.layer),
      Layer.provideMerge(Runs.layer),
      Layer.provide(Storage.layer),
      Layer.provide(DataFolder.layer(options.dataDir)),
      // The layers above are constants: without this, a second data folder in one program would be given the first one's.
      Layer.fresh
    )
}

/** Before the engine starts nothing is running, and after it has stopped nothing is. */
const tidy: Layer.Layer<never, DataFolderUnusable, Runs | DataFolder> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { interruptAll } = yield* Runs
    const { path: folder } = yield* DataFolder
    yield* Effect.acquireRelease(Effect.mapError(interruptAll, fromStorage(folder)), () => Effect.ignore(interruptAll))
  })
)

const make = Effect.gen(function* () {
  const runs = yield* Runs
  const targets = yield* Targets
  const folder = yield* DataFolder
  const file = Storage.databaseFile(folder.path)
  const engine = yield* Effect.context<WorkflowEngine>()

  const decoded = <A, I>(schema: Schema.Codec<A, I>, json: unknown): Effect.Effect<A, StorageFailed> =>
    Effect.mapError(
      Schema.decodeUnknownEffect(schema)(json),
      (error) => new StorageFailed({ path: file, reason: "damaged", detail: error.message })
    )

  const decodeInputs = (run: Run) => decoded(SetupWorkflow.SetupInputs, run.inputs)

  const unwritable = yield* watch(runs)

  const carryOut = (id: string, target: string, inputs: SetupInputs) =>
    SetupWorkflow.SetupWorkflow.execute({ runId: id, target, inputs }).pipe(
      Effect.raceFirst(unwritable),
      // The engine has no typed failures of its own.
      Effect.catchDefect((defect) =>
        Effect.fail(
          sqliteError(defect) === undefined ? new InternalError({ detail: String(defect) }) : fromSqlite(file)(defect)
        )
      ),
      Effect.provideContext(engine)
    )

  /**
   * What the engine knows and the projection knows can be apart by one write after a crash. What the engine never heard of
   * is handed to it, what it put aside is resumed, and what it has finished is noted.
   */
  const reconcile = Effect.fnUntraced(function* (run: Run) {
    if (targets.find(run.target) === undefined) return
    const payload = { runId: run.id, target: run.target, inputs: yield* decodeInputs(run) }
    const executionId = yield* SetupWorkflow.SetupWorkflow.executionId(payload)
    const known = yield* SetupWorkflow.SetupWorkflow.poll(executionId)
    if (known._tag === "None") {
      yield* SetupWorkflow.SetupWorkflow.execute(payload, { discard: true })
    } else if (known.value._tag === "Suspended") {
      yield* SetupWorkflow.SetupWorkflow.resume(executionId)
    } else {
      yield* carryOut(run.id, run.target, payload.inputs).pipe(
        Effect.matchEffect({
          onSuccess: (result) =>
            Effect.flatMap(encoded(SetupWorkflow.ResultJson, result), (result) =>
              runs.end(run.id, { status: "succeeded", result })
            ),
          onFailure: (failure) =>
            Effect.flatMap(encoded(SetupWorkflow.FailureJson, failure), (failure) =>
              runs.end(run.id, { status: "failed", failure })
            )
        })
      )
    }
  })

  yield* runs
    .list({ kind: SetupWorkflow.kind, unfinished: true })
    .pipe(Effect.flatMap(Effect.forEach(reconcile, { discard: true })), Effect.mapError(fromStorage(folder.path)))

  /** The id of the run to go on with, or of a new one. One after another, so that two who ask for the same share it. */
  const choose = Effect.fnUntraced(function* (target: string, inputs: SetupInputs, fresh: boolean) {
    if (!fresh) {
      const wanted = JSON.stringify(inputs)
      const open = yield* runs.list({ kind: SetupWorkflow.kind, target, unfinished: true })
      const same = open.find((run) => JSON.stringify(run.inputs) === wanted)
      if (same !== undefined) return same.id
    }
    const id = randomUUID()
    yield* runs.create({ id, kind: SetupWorkflow.kind, target, inputs })
    return id
  }, Semaphore.makeUnsafe(1).withPermits(1))

  const run = Effect.fn("Setups.run")(function* (
    request: SetupRequest
  ): Effect.fn.Return<SetupResult, SetupFailure | RunNotFound> {
    const target = nameOf(request.target)
    if (request.runId !== undefined) {
      const found = yield* runs.get(request.runId)
      if (found === undefined || found.kind !== SetupWorkflow.kind) {
        return yield* new RunNotFound({ runId: request.runId })
      }
      if (found.target !== target) return yield* new RunNotFound({ runId: request.runId, target: found.target })
      return yield* outcomeOf(found)
    }
    if (targets.find(target) === undefined) {
      return yield* new InvalidInput({ detail: `this process is not configured for ${target}` })
    }
    const inputs = yield* inputsOf(request)
    return yield* carryOut(yield* choose(target, inputs, request.fresh === true), target, inputs)
  })

  const outcomeOf = Effect.fnUntraced(function* (run: Run): Effect.fn.Return<SetupResult, SetupFailure> {
    if (run.result !== null) return yield* decoded(SetupWorkflow.ResultJson, run.result)
    if (run.failure !== null) return yield* Effect.flatMap(decoded(SetupWorkflow.FailureJson, run.failure), Effect.fail)
    return yield* carryOut(run.id, run.target, yield* decodeInputs(run))
  })

  return Setups.of({ run })
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

/** Always in the same order of keys, so that the same inputs are the same text. */
const inputsOf = (request: SetupRequest): Effect.Effect<SetupInputs, InvalidInput> => {
  const { maxBytes, minBytes, output, policy, sha256 } = request
  return Schema.decodeUnknownEffect(SetupWorkflow.SetupInputs)({
    // The run may be continued from another working directory.
    ...(output === undefined ? undefined : { output: path.resolve(output) }),
    ...(sha256 === undefined ? undefined : { sha256 }),
    ...(minBytes === undefined ? undefined : { minBytes }),
    ...(maxBytes === undefined ? undefined : { maxBytes }),
    ...(policy === undefined ? undefined : { policy })
  }).pipe(Effect.mapError((error) => new InvalidInput({ detail: error.message })))
}
