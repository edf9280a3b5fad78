/**
 * Observes the steps of one run: sends events, and updates the record with few statements. The journal entry of an
 * activity contains the outcome of its step, so the step need not be recorded immediately. A quick run records its steps
 * when it ends, and after a crash the journal restores them. Only a slow step is recorded before it ends, because a
 * person may be following it.
 *
 * @since 0.1.0
 */
import type { Failure } from "@privx-kit/core/Failure"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Array from "effect/Array"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Schema from "effect/Schema"
import type { Decision, Review, Run, RunStep, StepName } from "./Run.ts"
import { RunEvent, RunEvents } from "./RunEvents.ts"
import * as StepHooks from "./StepHooks.ts"
import type { RunKind } from "./RunKinds.ts"
import { Runs, type StepRecord } from "./Runs.ts"
import type { Steps } from "./Steps.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface RunRecorder extends Steps {
  /**
   * Loads the steps of earlier processes, once, before the first step; `done` are the journaled steps. Returns the run
   * if its end is already recorded; only the engine must still be informed.
   */
  readonly begin: (done: ReadonlyArray<RunStep>) => Effect.Effect<Run | undefined, StorageFailed>
  /** The steps so far, for the journal. */
  readonly steps: () => ReadonlyArray<RunStep>
  /** Writes pending changes, when the process stops before the run ends. */
  readonly flush: Effect.Effect<void, StorageFailed>
  /** Records that the run waits for a person. */
  readonly wait: (sha256: string, review: Review, report: Schema.Json) => Effect.Effect<void, StorageFailed>
  /** Records that a person has approved the script. */
  readonly approved: (decision: Decision) => Effect.Effect<void>
  readonly succeeded: (result: Schema.Json, script?: Partial<Script>) => Effect.Effect<void, StorageFailed>
  /** The current step has failed; whether the run fails is not decided yet. */
  readonly stepFailed: (failure: Failure) => Effect.Effect<void>
  /** The current step and the run have failed; `encoded` is the failure as it is recorded. */
  readonly failed: (
    failure: Failure,
    encoded: Schema.Json,
    script?: Partial<Script>
  ) => Effect.Effect<void, StorageFailed>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Script {
  readonly sha256: string
  readonly review: Review
}

/** Minimum time between two `Progress` events, in milliseconds. */
const progressInterval = 100

/** Minimum time between two records of a step's progress, in milliseconds, for observers in other processes. */
const saveInterval = 1000

/** A step that takes longer, in milliseconds, is recorded before it ends. */
const lasting = 250

/**
 * Makes the recorder of one attempt: it writes the steps to the record and reports them as events.
 *
 * **When to use**: `DurableRun` does so for each run. A workflow gets a `RunScope` instead.
 *
 * @example
 * ```ts
 * import * as RunRecorder from "@privx-kit/runs/RunRecorder"
 *
 * export const recorder = RunRecorder.make({
 *   id: "0f8fad5b-d9cb-469f-a165-70867728950e",
 *   kind: { name: "secret-rotation", title: "Secret rotation", steps: [{ name: "create", title: "Create the secret" }] },
 *   attempt: 1,
 *   target: "https://privx.example.com",
 *   created: true,
 *   persist: (write) => write
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (run: {
  readonly id: string
  readonly kind: Pick<RunKind, "name" | "title" | "steps">
  readonly attempt: number
  readonly target: string
  readonly created: boolean
  readonly persist: <A>(write: Effect.Effect<A, StorageFailed>) => Effect.Effect<A, StorageFailed>
}) {
  const { id: runId, kind, attempt, persist, target } = run
  const runs = yield* Runs
  const tell = yield* RunEvents
  const hooks = yield* StepHooks.StepHooks
  const steps = new Map<StepName, StepRecord>()
  const unsaved = new Set<StepName>()
  /** Steps whose next attempt was counted when the previous attempt failed. */
  const counted = new Set<StepName>()
  let current: { readonly name: StepName; readonly from: number } | undefined
  let hasStarted = false
  let ended: Run | undefined
  let nextProgress = 0
  let nextSave = 0

  const titleOf = (step: StepName): string => kind.steps.find(({ name }) => name === step)?.title ?? step

  /** A clock that was set back ends no step before it started. */
  const put = (step: Omit<StepRecord, "position">): void => {
    const { endedAt, startedAt } = step
    steps.set(step.name, {
      ...step,
      endedAt: endedAt === null ? null : Math.max(startedAt, endedAt),
      position: steps.get(step.name)?.position ?? steps.size + 1
    })
    unsaved.add(step.name)
  }

  const unwritten = (): ReadonlyArray<StepRecord> => {
    const records = [...unsaved].flatMap((name) => steps.get(name) ?? [])
    unsaved.clear()
    return records
  }

  /**
   * What the end of a run writes: with the pending changes, every step that has ended. A database that crashed may have lost a
   * step whose write it had confirmed.
   */
  const ending = (): ReadonlyArray<StepRecord> => {
    const records = [...steps.values()].filter(({ endedAt, name }) => endedAt !== null || unsaved.has(name))
    unsaved.clear()
    return records
  }

  const flush = Effect.suspend(() => {
    const records = unwritten()
    return Array.isReadonlyArrayNonEmpty(records)
      ? Effect.uninterruptible(runs.saveSteps(runId, attempt, records)).pipe(
          // Written together with the next change.
          Effect.tapCause(() => Effect.sync(() => records.forEach(({ name }) => unsaved.add(name))))
        )
      : Effect.void
  })

  const begin = Effect.fnUntraced(function* (done: ReadonlyArray<RunStep>) {
    if (!hasStarted) {
      const found = run.created
        ? { resumed: false, steps: [], ended: undefined }
        : yield* persist(runs.begin(runId, attempt))
      hasStarted = true
      ended = found.ended
      for (const step of found.steps) steps.set(step.name, { ...recordOf(step), position: steps.size + 1 })
      yield* tell(RunEvent.RunStarted({ runId, kind: kind.name, title: kind.title, target, resumed: found.resumed }))
      if (ended !== undefined) yield* tell(RunEvent.RunEnded({ runId, outcome: outcomeOf(ended) }))
    }
    if (ended !== undefined) return ended
    for (const step of done) {
      const known = steps.get(step.name)
      if (known === undefined || known.endedAt === null) put(recordOf(step))
    }
    return undefined
  })

  const change = (name: StepName, update: (step: StepRecord) => Partial<StepRecord>): void => {
    const step = steps.get(name)
    if (step !== undefined) put({ ...step, ...update(step) })
  }

  const stepFailed = Effect.fnUntraced(function* (failure: Failure) {
    const now = yield* Clock.currentTimeMillis
    const waiting = steps.get("approve")?.status === "waiting" ? ({ name: "approve", from: now } as const) : undefined
    const at = current ?? waiting
    if (at === undefined) return
    current = undefined
    const status = statusOf(failure)
    change(at.name, (step) => ({
      status,
      endedAt: now,
      failures: status === "cancelled" ? step.failures : withFailure(step.failures, failure)
    }))
    yield* tell(
      RunEvent.StepFailed({
        runId,
        step: at.name,
        title: titleOf(at.name),
        millis: Math.max(0, now - at.from),
        failure
      })
    )
  })

  const recorder: RunRecorder = {
    begin,
    flush,
    steps: () => [...steps.values()].map(stepOf),
    run: Effect.fnUntraced(function* (name, effect, outcome) {
      const from = yield* Clock.currentTimeMillis
      current = { name, from }
      const before = steps.get(name)
      const step: Omit<StepRecord, "position"> = {
        name,
        status: "running",
        attempts: (before?.attempts ?? 0) + (counted.delete(name) ? 0 : 1),
        startedAt: before?.startedAt ?? from,
        endedAt: null,
        bytes: null,
        totalBytes: null,
        failures: before?.failures ?? {}
      }
      put(step)
      yield* tell(RunEvent.StepStarted({ runId, step: name, title: titleOf(name), attempt: step.attempts }))
      // If the write fails now, the end of the step writes the same facts.
      const hooked = StepHooks.around(
        hooks,
        { runId, kind: kind.name, target, step: name, attempt: step.attempts },
        effect
      )
      const value = yield* whenLasting(hooked, Effect.ignore(flush))
      const now = yield* Clock.currentTimeMillis
      const { bytes, summary } = outcome(value)
      counted.delete(name)
      current = undefined
      change(name, () => ({ status: "succeeded", endedAt: now, bytes: bytes ?? null, totalBytes: bytes ?? null }))
      yield* tell(
        RunEvent.StepCompleted({ runId, step: name, title: titleOf(name), millis: Math.max(0, now - from), summary })
      )
      return value
    }),
    retried: Effect.fnUntraced(function* (name, failure, delay) {
      const attempt = steps.get(name)?.attempts ?? 1
      yield* tell(
        RunEvent.StepRetried({
          runId,
          step: name,
          title: titleOf(name),
          attempt,
          failure,
          delayMs: Duration.toMillis(delay)
        })
      )
      change(name, (step) => ({ attempts: step.attempts + 1, failures: withFailure(step.failures, failure) }))
      counted.add(name)
      // A person may be watching while the run waits.
      if (Duration.toMillis(delay) >= 100) yield* Effect.ignore(flush)
    }),
    wait: Effect.fnUntraced(function* (sha256, review, report) {
      const now = yield* Clock.currentTimeMillis
      put({
        name: "approve",
        status: "waiting",
        attempts: 1,
        startedAt: now,
        endedAt: null,
        bytes: null,
        totalBytes: null,
        failures: {}
      })
      yield* runs.reviewed(runId, { sha256, review, report, steps: unwritten() }, attempt)
    }),
    approved: Effect.fnUntraced(function* (decision) {
      const endedAt = DateTime.toEpochMillis(decision.at)
      const startedAt = steps.get("approve")?.startedAt ?? endedAt
      put({
        name: "approve",
        status: "succeeded",
        attempts: 1,
        startedAt,
        endedAt,
        bytes: null,
        totalBytes: null,
        failures: {}
      })
      const summary = `by ${decision.by}`
      yield* tell(
        RunEvent.StepCompleted({
          runId,
          step: "approve",
          title: titleOf("approve"),
          millis: Math.max(0, endedAt - startedAt),
          summary
        })
      )
    }),
    succeeded: Effect.fnUntraced(function* (result, script) {
      const rest = { attempt, steps: ending(), ...script }
      const first = yield* persist(runs.end(runId, { status: "succeeded", result }, rest))
      // Another process ended the run while this one was paused.
      if (first) yield* tell(RunEvent.RunEnded({ runId, outcome: "succeeded" }))
    }),
    stepFailed,
    failed: Effect.fnUntraced(function* (failure, encoded, script) {
      yield* stepFailed(failure)
      const status = statusOf(failure)
      const rest = { attempt, steps: ending(), ...script }
      const first = yield* persist(runs.end(runId, { status, failure: encoded }, rest))
      if (first) yield* tell(RunEvent.RunEnded({ runId, outcome: status }))
    }),
    note: (text) =>
      Effect.suspend(() => {
        const step = current?.name ?? ""
        return tell(RunEvent.Noted({ runId, step, title: titleOf(step), text }))
      }),
    progress: Effect.fnUntraced(function* (bytes, total) {
      const now = yield* Clock.currentTimeMillis
      if (now < nextProgress && bytes !== total) return
      nextProgress = now + progressInterval
      const step = current?.name ?? ""
      yield* tell(RunEvent.Progress({ runId, step, title: titleOf(step), bytes, total }))
      if (current === undefined || now - current.from < lasting || now < nextSave) return
      nextSave = now + saveInterval
      change(step, () => ({ bytes, totalBytes: total ?? null }))
      yield* Effect.ignore(flush)
    })
  }
  return recorder
})

/**
 * Runs a second effect once if the first takes long, and ends when both have ended. It uses a timer instead of a fiber:
 * few steps take long, and each would need a fiber to be started and interrupted.
 */
const whenLasting = <A, E, R>(effect: Effect.Effect<A, E, R>, other: Effect.Effect<void>): Effect.Effect<A, E, R> =>
  Effect.contextWith((context: Context.Context<never>) => {
    let fiber: Fiber.Fiber<void> | undefined
    const timer = setTimeout(() => {
      fiber = Effect.runForkWith(context)(other)
    }, lasting)
    return Effect.ensuring(
      effect,
      Effect.suspend(() => {
        clearTimeout(timer)
        return fiber === undefined ? Effect.void : Fiber.await(fiber)
      })
    )
  })

const statusOf = ({ _tag }: Failure): "cancelled" | "failed" => (_tag === "RunCancelled" ? "cancelled" : "failed")

const outcomeOf = ({ failure, status }: Run): "succeeded" | "failed" | "cancelled" =>
  failure === null ? "succeeded" : status === "cancelled" ? "cancelled" : "failed"

const recordOf = (step: RunStep): Omit<StepRecord, "position"> => ({
  ...step,
  startedAt: DateTime.toEpochMillis(step.startedAt),
  endedAt: step.endedAt === null ? null : DateTime.toEpochMillis(step.endedAt)
})

const stepOf = ({ position: _, ...record }: StepRecord): RunStep => ({
  ...record,
  startedAt: DateTime.makeUnsafe(record.startedAt),
  endedAt: record.endedAt === null ? null : DateTime.makeUnsafe(record.endedAt)
})

/** By `error_code`, or by class and reason if PrivX sent no code. */
const withFailure = (
  failures: Readonly<Record<string, number>>,
  failure: Failure
): Readonly<Record<string, number>> => {
  const key =
    "reason" in failure
      ? `${failure._tag}.${String(failure.reason)}`
      : "status" in failure && "code" in failure
        ? String(failure.code)
        : failure._tag
  return { ...failures, [key]: (failures[key] ?? 0) + 1 }
}
