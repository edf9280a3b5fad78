/**
 * A kind of run as a durable workflow. It implements what every kind needs: it reads the inputs from the record,
 * respects a recorded end, shows and journals steps, interrupts a cancelled run, awaits a decision across restarts, and
 * records the end with the last activity.
 *
 * ```ts
 * const rotation = DurableRun.make({ name: "secret-rotation", workflow: "SecretRotation", title: "…", steps, inputs, result, failure })
 * const layer = rotation.toLayer(Effect.fnUntraced(function* (run) {
 *   const created = yield* run.step("create", { success: Created }, create(run.inputs))
 *   return yield* run.finish("confirm", confirm(created))
 * }))
 * ```
 *
 * Invariants:
 * 1. An activity whose exit is committed to the journal is never executed again.
 * 2. The record is written before the journal: a run has ended only if the record says so.
 * 3. The inputs of a run are read from the record, and never from a message.
 * 4. Between activities a body has no side effects: it is replayed from its top after each restart.
 *
 * Journals and records contain the names of workflows, activities and steps, and values of the schemas. A changed
 * schema therefore needs a new name.
 *
 * @since 0.1.0
 */
import { RunId } from "@privx-kit/core/RunId"
import type { Failure } from "@privx-kit/core/Failure"
import { fromDefect, isTransient } from "@privx-kit/core/StorageFailed"
import { CrashPoints } from "@privx-kit/durable/CrashPoints"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as EffectScope from "effect/Scope"
import * as Activity from "effect/workflow/Activity"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import * as Workflow from "effect/workflow/Workflow"
import { type WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import * as AwaitedDecision from "./AwaitedDecision.ts"
import { Decision, type Review, RunStep, type StepName } from "./Run.ts"
import { type Active, RunControl } from "./RunControl.ts"
import { journaled } from "./JournalEntry.ts"
import { InternalError } from "./RunFailures.ts"
import type { Attempt, RunKind, Step, Task } from "./RunKinds.ts"
import { RunOwnership } from "./RunOwnership.ts"
import * as RunRecorder from "./RunRecorder.ts"
import { Runs } from "./Runs.ts"
import {
  type ActivityOptions,
  CommonFailure,
  type Finished,
  type Known,
  type RunScope,
  type Services
} from "./RunScope.ts"

export { CommonFailure, type RunScope, type Services }

import { Steps } from "./Steps.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface DurableRun<Inputs, Result, E extends Failure> extends RunKind {
  readonly inputs: Schema.Codec<Inputs, Schema.Json>
  readonly result: Schema.Codec<Result, Schema.Json>
  readonly failure: Schema.Codec<E | CommonFailure, Schema.Json>
  /** Starts the attempt in the engine, or joins it, and waits for its end. */
  readonly execute: (attempt: Attempt) => Effect.Effect<void, E | CommonFailure, WorkflowEngine>
  /** The result of an attempt in this process, without reading the record; `undefined` after a restart. */
  readonly resultOf: (active: Active) => Result | undefined
  /** Caches the task of a run that this process has just recorded, so that it is not read back. */
  readonly remember: (active: Active, task: Known<Inputs>) => void
  /** Lets the engine execute runs of this kind. */
  readonly toLayer: <R>(
    body: (scope: RunScope<Inputs, Result, E>) => Effect.Effect<Finished, E | CommonFailure, R>
  ) => Layer.Layer<
    never,
    never,
    | Exclude<R, WorkflowEngine | WorkflowInstance | Workflow.Execution<string> | EffectScope.Scope>
    | Runs
    | RunControl
    | PrivxHosts
    | WorkflowEngine
  >
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<Inputs, I, Result, J, E extends Failure, K> {
  readonly name: string
  readonly title: string
  readonly workflow: string
  readonly steps: ReadonlyArray<Step>
  readonly inputs: Schema.Codec<Inputs, I>
  readonly result: Schema.Codec<Result, J>
  /** In addition to {@link CommonFailure}. */
  readonly failure: Schema.Codec<E, K>
  readonly coordinates?: boolean | undefined
  /** Whether this process can execute the run. Default: when it is configured for the PrivX host that is its target. */
  readonly isHere?: ((task: Task) => Effect.Effect<boolean, never, PrivxHosts>) | undefined
}

/**
 * Defines a kind of durable run: its steps, inputs, result and failures, and the workflow that executes it.
 *
 * **Details**: `toLayer` lets the engine of a process execute runs of this kind; `RunExecutor` starts them.
 *
 * **Gotchas**: journals and records contain the names of workflow, activities and steps, and values of the schemas. A
 * changed schema needs a new name. Inputs and journaled values must not contain secrets.
 *
 * **Errors**: a run fails with a failure of the kind, or with a `CommonFailure`.
 *
 * @example
 * ```ts
 * import * as Failure from "@privx-kit/core/Failure"
 * import * as DurableRun from "@privx-kit/runs/DurableRun"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * class VaultSealed extends Failure.Class<VaultSealed>()(
 *   "VaultSealed",
 *   { vault: Schema.String },
 *   { message: ({ vault }) => `The vault ${vault} is sealed.`, hint: "Unseal it." }
 * ) {}
 *
 * const rotation = DurableRun.make({
 *   name: "secret-rotation",
 *   title: "Secret rotation",
 *   workflow: "SecretRotation",
 *   steps: [{ name: "create", title: "Create the secret" }],
 *   inputs: Schema.Struct({ vault: Schema.String }),
 *   result: Schema.Struct({ version: Schema.Int }),
 *   failure: VaultSealed
 * })
 *
 * export const layer = rotation.toLayer(
 *   Effect.fnUntraced(function* (run) {
 *     const version = yield* run.step("create", { success: Schema.Int }, Effect.succeed(7))
 *     return yield* run.finish("end", Effect.succeed({ version }))
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Inputs, I, Result, J, E extends Failure, K>(
  options: Options<Inputs, I, Result, J, E, K>
): DurableRun<Inputs, Result, E> => {
  const { name, title, steps, coordinates = false, isHere = isConfigured } = options
  const failure = Schema.Union([options.failure, CommonFailure])
  const workflow = Workflow.make(options.workflow, {
    payload: { runId: RunId, attempt: Schema.optionalKey(Schema.Int) },
    // A failed execution stays failed under its key, so each attempt has a key of its own.
    idempotencyKey: ({ attempt = 1, runId }) => (attempt === 1 ? runId : `${runId}/${attempt}`),
    // The result is in the record.
    success: Schema.Void,
    error: failure
  })
  const inputsJson = Schema.toCodecJson(options.inputs)
  const resultJson = Schema.toCodecJson(options.result)
  const failureJson = Schema.toCodecJson(failure)
  const decodeInputs = Schema.decodeUnknownEffect(inputsJson)
  const encodeFailure = Schema.encodeEffect(failureJson)
  const decodeFailure = Schema.decodeUnknownEffect(failureJson)
  const encodeResult = Schema.encodeEffect(resultJson)
  const decodeResult = Schema.decodeUnknownEffect(resultJson)

  const results = new WeakMap<Active, Result>()
  const tasks = new WeakMap<Active, Known<Inputs>>()

  const payloadOf = ({ attempt, runId }: Attempt) => ({ runId, ...(attempt === 1 ? undefined : { attempt }) })
  const executionId = (attempt: Attempt) => workflow.executionId(payloadOf(attempt))

  /** Reads the task of the run. An outage of the database does not end the run. */
  const taskOf = Effect.fnUntraced(function* (active: Active, runId: string, attempt: number) {
    const known = tasks.get(active)
    if (known !== undefined) return known
    const runs = yield* Runs
    const control = yield* RunControl
    const stored = yield* outlast(runs.task(runId), { control, runId, attempt, giveUp: Effect.never })
    if (stored === undefined) return undefined
    const inputs = yield* Effect.mapError(
      decodeInputs(stored.inputs),
      (error) => new InternalError({ detail: `the record of run ${runId} cannot be read: ${error.message}` })
    )
    const task = { target: stored.target, inputs, json: stored.inputs }
    tasks.set(active, task)
    return task
  })

  return {
    name,
    title,
    steps,
    workflow: workflow._tag,
    coordinates,
    isHere,
    inputs: inputsJson,
    result: resultJson,
    failure: failureJson,
    executionId,
    execute: (attempt) => workflow.execute(payloadOf(attempt)),
    start: (attempt) => Effect.asVoid(workflow.execute(payloadOf(attempt), { discard: true })),
    poll: (attempt) =>
      Effect.map(
        Effect.flatMap(executionId(attempt), (id) => workflow.poll(id)),
        Option.map((progress) => (progress._tag === "Suspended" ? "suspended" : progress.exit))
      ),
    resume: (attempt) => Effect.flatMap(executionId(attempt), (id) => workflow.resume(id)),
    wake: Effect.fnUntraced(function* (attempt, action) {
      const token = DurableDeferred.tokenFromExecutionId(AwaitedDecision.Approval, {
        workflow,
        executionId: yield* executionId(attempt)
      })
      yield* DurableDeferred.succeed(AwaitedDecision.Approval, { token, value: { action } })
    }),
    resultOf: (active) => results.get(active),
    remember: (active, task) => void tasks.set(active, task),
    toLayer: (body) =>
      workflow.toLayer(
        Effect.fnUntraced(
          function* ({ attempt = 1, runId }) {
            const control = yield* RunControl
            const owns = yield* RunOwnership
            const active = control.active(runId, attempt)
            const task = yield* taskOf(active, runId, attempt)
            // Another process must execute it: the run is suspended unchanged, and that process resumes it.
            if (
              task === undefined ||
              !owns({ kind: name, runId }) ||
              !(yield* isHere({ runId, target: task.target, inputs: task.json }))
            ) {
              return yield* Workflow.suspend(yield* WorkflowInstance)
            }
            const recorder = (active.recorder ??= yield* RunRecorder.make({
              persist: (write) => outlast(write, { control, runId, attempt, giveUp: Effect.never }),
              id: runId,
              kind: { name, title, steps },
              attempt,
              target: task.target,
              created: active.created
            }))
            yield* body(yield* scopeOf({ active, control, recorder, runId, attempt, task }))
          },
          (effect, { attempt = 1, runId }) =>
            // An interrupted run is only suspended.
            Effect.onExit(effect, (exit) =>
              Exit.hasInterrupts(exit)
                ? Effect.void
                : Effect.flatMap(RunControl, (control) => control.ended(runId, attempt))
            )
        )
      )
  }

  function scopeOf({
    active,
    attempt,
    control,
    recorder,
    runId,
    task: { inputs, target }
  }: {
    readonly active: Active
    readonly control: RunControl["Service"]
    readonly recorder: RunRecorder.RunRecorder
    readonly runId: string
    readonly attempt: number
    readonly task: Known<Inputs>
  }) {
    return Effect.map(CrashPoints, (crashPoint): RunScope<Inputs, Result, E> => {
      /** The steps that earlier activities journaled. */
      let done: ReadonlyArray<RunStep> = []
      const script: { sha256?: string; review?: Review } = {}
      /** How many compensations enclose the activity. While there are any, its failure does not end the run yet. */
      let enclosing = 0

      const recorded = <A, R>(
        effect: Effect.Effect<A, E | CommonFailure, R>,
        cancellable: boolean,
        /** For the last activity: its value if the run has already succeeded. */
        succeeded?: (result: Result) => A,
        /** A compensation is executed although the run is cancelled, and because of it. */
        heedsCancellation = true
      ): Effect.Effect<A, E | CommonFailure, R> => {
        const executed = Effect.suspend(() =>
          Deferred.isDoneUnsafe(active.cancelled) && heedsCancellation ? Deferred.await(active.cancelled) : Effect.void
        ).pipe(
          Effect.andThen(Effect.provideService(effect, Steps, recorder)),
          cancellable ? Effect.raceFirst(Deferred.await(active.cancelled)) : (self) => self,
          Effect.catchDefect((defect) =>
            Effect.fail(fromDefect(defect) ?? new InternalError({ detail: String(defect) }))
          ),
          // A transient storage failure does not end the run: repeating the effect gives the same result.
          (self) => outlast(self, { control, runId, attempt, giveUp: Deferred.await(active.cancelled) }),
          // The failure of the run matters more than the failure to record it.
          Effect.tapError((cause) =>
            enclosing > 0
              ? recorder.stepFailed(cause)
              : encodeFailure(cause).pipe(
                  Effect.flatMap((encoded) => recorder.failed(cause, encoded, script)),
                  Effect.ignore
                )
          )
        )
        return recorder.begin(done).pipe(
          Effect.flatMap((ended): Effect.Effect<A, E | CommonFailure, R> => {
            // A process may have died between the record and the journal: then the recorded end applies.
            if (ended?.failure !== undefined && ended.failure !== null) {
              return Effect.flatMap(Effect.orDie(decodeFailure(ended.failure)), Effect.fail)
            }
            return ended?.result === undefined || ended.result === null || succeeded === undefined
              ? executed
              : Effect.map(Effect.orDie(decodeResult(ended.result)), succeeded)
          }),
          Effect.onInterrupt(() => Effect.ignore(recorder.flush))
        )
      }

      const activity = <A, I, R>(
        activityName: string,
        { cancellable = true, success }: ActivityOptions<A, I>,
        effect: Effect.Effect<A, E | CommonFailure, R>,
        heedsCancellation = true
      ) =>
        Activity.make({
          name: activityName,
          success: journaled(success),
          error: failure,
          execute: recorded(
            Effect.map(crashPoint.around(activityName, effect), (value) => ({ value, steps: recorder.steps() })),
            cancellable,
            undefined,
            heedsCancellation
          )
        }).pipe(
          Effect.map(({ steps, value }) => {
            done = steps
            return value
          })
        )

      const finish: RunScope<Inputs, Result, E>["finish"] = (activityName, effect) =>
        Activity.make({
          name: activityName,
          success: Schema.Void,
          error: failure,
          execute: recorded(
            Effect.flatMap(crashPoint.around(activityName, effect), (result) =>
              Effect.orDie(encodeResult(result)).pipe(
                Effect.flatMap((encoded) => recorder.succeeded(encoded, script)),
                Effect.andThen(Effect.sync(() => void results.set(active, result)))
              )
            ),
            false,
            (result) => void results.set(active, result)
          )
        }).pipe(Effect.as({ _tag: "Finished" }))

      const compensated: RunScope<Inputs, Result, E>["compensated"] = (compensationName, effect, compensation) =>
        Effect.suspend(() => {
          enclosing++
          return effect
        }).pipe(
          Effect.tap(() => Effect.sync(() => void enclosing--)),
          // Not after an interruption: the run is then suspended, and resumed later.
          Effect.catch((cause) =>
            Effect.gen(function* () {
              const logged = Effect.ignore(compensation, { log: "Warn", message: `${compensationName} failed` })
              yield* activity(compensationName, { success: Schema.Void, cancellable: false }, logged, false)
              enclosing--
              const end = { success: Schema.Void, cancellable: false }
              yield* activity(`after ${compensationName}`, end, Effect.fail(cause), false)
              return yield* Effect.fail(cause)
            })
          )
        )

      return {
        runId,
        attempt,
        target,
        inputs,
        recorder,
        activity,
        compensated,
        step: (step, options, effect) => activity(step, options, asStep(step, effect, options.summary)),
        finishStep: (step, effect, options) => finish(step, asStep(step, effect, options?.summary)),
        finish,
        note: (facts) => void Object.assign(script, facts),
        awaitDecision: Effect.fnUntraced(function* (sha256, review) {
          const control = yield* RunControl
          yield* control.park(runId, attempt, sha256, review)
          yield* DurableDeferred.await(AwaitedDecision.Approval)
          return yield* activity(
            "decision",
            { success: Decision, cancellable: false },
            AwaitedDecision.decisionOf(runId, attempt, sha256)
          )
        })
      }
    })
  }
}

const isConfigured = ({ target }: Task) => Effect.map(PrivxHosts, (hosts) => hosts.has(target))

const asStep = <A, E extends Failure, R>(
  step: StepName,
  effect: Effect.Effect<A, E, R>,
  summary: ((value: A) => string) | undefined
) => Effect.flatMap(Steps, (steps) => steps.run(step, effect, (value) => ({ summary: summary?.(value) ?? "done" })))

/**
 * Retries the effect until the storage has room again, the database is reachable again, or `giveUp` fails. Callers that
 * wait for the run are notified.
 */
const outlast = <A, E, R, E2 = never>(
  effect: Effect.Effect<A, E, R>,
  run: Attempt & {
    readonly control: RunControl["Service"]
    /** Fails when the retries must stop. */
    readonly giveUp: Effect.Effect<never, E2>
  }
): Effect.Effect<A, E | E2, R> =>
  Effect.matchEffect(effect, {
    onSuccess: (value) =>
      Effect.sync(() => {
        run.control.active(run.runId, run.attempt).stalls = 0
        return value
      }),
    onFailure: (failure): Effect.Effect<A, E | E2, R> => {
      if (!isTransient(failure)) return Effect.fail(failure)
      const { attempt, control, giveUp, runId } = run
      const pause = Math.min(pauses.longest, pauses.first * 2 ** control.active(runId, attempt).stalls)
      return control
        .stall(runId, attempt, failure)
        .pipe(
          Effect.andThen(Effect.raceFirst(Effect.sleep(pause), giveUp)),
          Effect.andThen(Effect.suspend(() => outlast(effect, run)))
        )
    }
  })

/** Between two attempts to use the storage, in milliseconds. */
const pauses = { first: 250, longest: 10_000 }
