/**
 * Follows the steps of one run: tells the observer, and keeps the projection up to date with few statements. What a step
 * came to is part of what its activity leaves in the journal, so that it need not be written at once: a quick run writes
 * its steps when it ends, and after a crash they come out of the journal again. Only a step that lasts is written while it
 * is under way, because somebody may be looking.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Array from "effect/Array"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Schema from "effect/Schema"
import type { SetupFailure } from "../SetupFailure.ts"
import type { Steps } from "../SetupPipeline.ts"
import type { Decision, Review, Run, RunStep, StepName } from "./Run.ts"
import { RunEvent, RunEvents } from "./RunEvents.ts"
import { Runs, type StepRecord } from "./Runs.ts"

export interface RunRecorder extends Steps {
  /**
   * Loads what earlier processes did, once. Before the first step; `done` are the steps that the journal has. Answers the
   * run where its end is recorded already: then nothing is left to do but to tell the engine.
   */
  readonly begin: (done: ReadonlyArray<RunStep>) => Effect.Effect<Run | undefined, StorageFailed>
  /** What the steps have come to, for the journal. */
  readonly steps: () => ReadonlyArray<RunStep>
  /** Writes what is not written yet. When the process stops in the middle. */
  readonly flush: Effect.Effect<void, StorageFailed>
  /** From now on it waits for somebody. */
  readonly wait: (sha256: string, review: Review) => Effect.Effect<void, StorageFailed>
  /** Somebody has approved it. */
  readonly approved: (decision: Decision) => Effect.Effect<void>
  readonly succeeded: (result: Schema.Json, script: Script) => Effect.Effect<void, StorageFailed>
  /** The step under way has failed, and the run with it; `encoded` is the failure as it is kept. */
  readonly failed: (
    failure: SetupFailure,
    encoded: Schema.Json,
    script?: Partial<Script>
  ) => Effect.Effect<void, StorageFailed>
}

export interface Script {
  readonly sha256: string
  readonly review: Review
}

/** At most so many milliseconds pass between two `Progress` events. */
const progressInterval = 100

/** A step that lasts longer, in milliseconds, is written while it is under way. */
const lasting = 250

/** @param created this process has just recorded the run, so nothing has to be loaded */
export const make = Effect.fnUntraced(function* (run: {
  readonly id: string
  readonly attempt: number
  readonly target: string
  readonly created: boolean
}) {
  const { id: runId, attempt, target } = run
  const runs = yield* Runs
  const tell = yield* RunEvents
  const steps = new Map<StepName, StepRecord>()
  const unsaved = new Set<StepName>()
  /** Steps whose next attempt has been counted when the last one failed. */
  const counted = new Set<StepName>()
  let current: { readonly name: StepName; readonly from: number } | undefined
  let begun = false
  let ended: Run | undefined
  let nextProgress = 0

  const put = (step: StepRecord): void => {
    steps.set(step.name, step)
    unsaved.add(step.name)
  }

  const unwritten = (): ReadonlyArray<StepRecord> => {
    const records = [...unsaved].flatMap((name) => steps.get(name) ?? [])
    unsaved.clear()
    return records
  }

  const flush = Effect.suspend(() => {
    const records = unwritten()
    return Array.isReadonlyArrayNonEmpty(records)
      ? Effect.uninterruptible(runs.saveSteps(runId, attempt, records)).pipe(
          // Still to be written, with the next that is.
          Effect.tapError(() => Effect.sync(() => records.forEach(({ name }) => unsaved.add(name))))
        )
      : Effect.void
  })

  const begin = Effect.fnUntraced(function* (done: ReadonlyArray<RunStep>) {
    if (!begun) {
      const found = run.created ? { resumed: false, steps: [], ended: undefined } : yield* runs.begin(runId, attempt)
      begun = true
      ended = found.ended
      for (const step of found.steps) steps.set(step.name, recordOf(step))
      yield* tell(RunEvent.RunStarted({ runId, target, resumed: found.resumed }))
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

  const recorder: RunRecorder = {
    begin,
    flush,
    steps: () => [...steps.values()].map(stepOf),
    run: Effect.fnUntraced(function* (name, effect, outcome) {
      const from = yield* Clock.currentTimeMillis
      current = { name, from }
      const before = steps.get(name)
      const step: StepRecord = {
        name,
        status: "running",
        attempts: (before?.attempts ?? 0) + (counted.delete(name) ? 0 : 1),
        startedAt: before?.startedAt ?? from,
        endedAt: null,
        bytes: null,
        failures: before?.failures ?? {}
      }
      put(step)
      yield* tell(RunEvent.StepStarted({ runId, step: name, attempt: step.attempts }))
      // What cannot be written now is written with the end of the step.
      const value = yield* whenLasting(effect, Effect.ignore(flush))
      const now = yield* Clock.currentTimeMillis
      const { bytes, summary } = outcome(value)
      counted.delete(name)
      current = undefined
      change(name, () => ({ status: "succeeded", endedAt: now, bytes: bytes ?? null }))
      yield* tell(RunEvent.StepCompleted({ runId, step: name, millis: now - from, summary }))
      return value
    }),
    retried: Effect.fnUntraced(function* (name, failure, delay) {
      const attempt = steps.get(name)?.attempts ?? 1
      yield* tell(RunEvent.StepRetried({ runId, step: name, attempt, failure, delayMs: Duration.toMillis(delay) }))
      change(name, (step) => ({ attempts: step.attempts + 1, failures: withFailure(step.failures, failure) }))
      counted.add(name)
      // Somebody may be watching while it waits.
      if (Duration.toMillis(delay) >= 100) yield* Effect.ignore(flush)
    }),
    wait: Effect.fnUntraced(function* (sha256, review) {
      const now = yield* Clock.currentTimeMillis
      put({ name: "approve", status: "waiting", attempts: 1, startedAt: now, endedAt: null, bytes: null, failures: {} })
      yield* runs.reviewed(runId, { sha256, review, steps: unwritten() }, attempt)
    }),
    approved: Effect.fnUntraced(function* (decision) {
      const endedAt = DateTime.toEpochMillis(decision.at)
      const startedAt = steps.get("approve")?.startedAt ?? endedAt
      put({ name: "approve", status: "succeeded", attempts: 1, startedAt, endedAt, bytes: null, failures: {} })
      const summary = `by ${decision.by}`
      yield* tell(RunEvent.StepCompleted({ runId, step: "approve", millis: endedAt - startedAt, summary }))
    }),
    succeeded: Effect.fnUntraced(function* (result, { review, sha256 }) {
      yield* runs.end(runId, { status: "succeeded", result }, { attempt, sha256, review, steps: unwritten() })
      yield* tell(RunEvent.RunEnded({ runId, outcome: "succeeded" }))
    }),
    failed: Effect.fnUntraced(function* (failure, encoded, script) {
      const now = yield* Clock.currentTimeMillis
      const cancelled = failure._tag === "RunCancelled"
      const status = cancelled ? "cancelled" : "failed"
      const waiting = steps.get("approve")?.status === "waiting" ? ({ name: "approve", from: now } as const) : undefined
      const at = current ?? waiting
      if (at !== undefined) {
        change(at.name, (step) => ({
          status,
          endedAt: now,
          failures: cancelled ? step.failures : withFailure(step.failures, failure)
        }))
        yield* tell(RunEvent.StepFailed({ runId, step: at.name, millis: now - at.from, failure }))
      }
      yield* runs.end(runId, { status, failure: encoded }, { attempt, steps: unwritten(), ...script })
      yield* tell(RunEvent.RunEnded({ runId, outcome: status }))
    }),
    progress: Effect.fnUntraced(function* (bytes, total) {
      const now = yield* Clock.currentTimeMillis
      if (now < nextProgress && bytes !== total) return
      nextProgress = now + progressInterval
      yield* tell(RunEvent.Progress({ runId, bytes, total }))
    })
  }
  return recorder
})

/**
 * Does something else once where an effect lasts, and ends when both have ended. A timer and no fiber: hardly any step lasts, and
 * each would have to be begun and interrupted.
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

const outcomeOf = ({ failure, status }: Run): "succeeded" | "failed" | "cancelled" =>
  failure === null ? "succeeded" : status === "cancelled" ? "cancelled" : "failed"

const recordOf = (step: RunStep): StepRecord => ({
  ...step,
  startedAt: DateTime.toEpochMillis(step.startedAt),
  endedAt: step.endedAt === null ? null : DateTime.toEpochMillis(step.endedAt)
})

const stepOf = (record: StepRecord): RunStep => ({
  ...record,
  startedAt: DateTime.makeUnsafe(record.startedAt),
  endedAt: record.endedAt === null ? null : DateTime.makeUnsafe(record.endedAt)
})

/** By `error_code`, or by class and reason where PrivX gave no code. */
const withFailure = (
  failures: Readonly<Record<string, number>>,
  failure: SetupFailure
): Readonly<Record<string, number>> => {
  const key =
    "reason" in failure ? `${failure._tag}.${failure.reason}` : "status" in failure ? failure.code : failure._tag
  return { ...failures, [key]: (failures[key] ?? 0) + 1 }
}
