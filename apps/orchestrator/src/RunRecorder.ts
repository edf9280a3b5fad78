/**
 * Follows the steps of one run: tells the observer, and keeps the projection up to date with few statements. A step that
 * ends is written together with what comes next, because between the two nothing happens that could be lost.
 */
import * as Array from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { RunEvent, RunEvents } from "./RunEvents.ts"
import { Runs, type StepName, type StepRecord } from "./Runs.ts"
import type { SetupFailure } from "./SetupFailure.ts"
import type { Steps } from "./SetupPipeline.ts"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"

export interface RunRecorder extends Steps {
  /** Loads what earlier processes did, once. Before the first step. */
  readonly begin: Effect.Effect<void, StorageFailed>
  /** Writes what is not written yet. After the last step of an activity. */
  readonly flush: Effect.Effect<void, StorageFailed>
  readonly succeeded: (result: Schema.Json) => Effect.Effect<void, StorageFailed>
  /** The step under way has failed, and the run with it; `encoded` is the failure as it is kept. */
  readonly failed: (failure: SetupFailure, encoded: Schema.Json) => Effect.Effect<void, StorageFailed>
}

/** At most so many milliseconds pass between two `Progress` events. */
const progressInterval = 100

export const make = Effect.fnUntraced(function* (runId: string, target: string) {
  const runs = yield* Runs
  const tell = yield* RunEvents
  const steps = new Map<StepName, StepRecord>()
  const unsaved = new Set<StepName>()
  /** Steps whose next attempt has been counted when the last one failed. */
  const counted = new Set<StepName>()
  let current: { readonly name: StepName; readonly from: number } | undefined
  let begun = false
  let nextProgress = 0

  const put = (step: StepRecord): void => {
    steps.set(step.name, step)
    unsaved.add(step.name)
  }

  const flush = Effect.suspend(() => {
    const records = [...unsaved].flatMap((name) => steps.get(name) ?? [])
    unsaved.clear()
    return Array.isReadonlyArrayNonEmpty(records) ? runs.saveSteps(runId, records) : Effect.void
  })

  const begin = Effect.gen(function* () {
    if (begun) return
    const { resumed, steps: earlier } = yield* runs.begin(runId)
    begun = true
    for (const step of earlier) {
      const endedAt = step.endedAt === null ? null : DateTime.toEpochMillis(step.endedAt)
      steps.set(step.name, { ...step, startedAt: DateTime.toEpochMillis(step.startedAt), endedAt })
    }
    yield* tell(RunEvent.RunStarted({ runId, target, resumed }))
  })

  const change = (name: StepName, update: (step: StepRecord) => Partial<StepRecord>): void => {
    const step = steps.get(name)
    if (step !== undefined) put({ ...step, ...update(step) })
  }

  const recorder: RunRecorder = {
    begin,
    flush,
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
      if (lengthy.has(name)) yield* flush
      const value = yield* effect
      const now = yield* Clock.currentTimeMillis
      const { bytes, summary } = outcome(value)
      counted.delete(name)
      change(name, () => ({ status: "succeeded", endedAt: now, bytes: bytes ?? null }))
      yield* tell(RunEvent.StepCompleted({ runId, step: name, millis: now - from, summary }))
      return value
    }),
    retried: Effect.fnUntraced(function* (name, failure, delay) {
      const attempt = steps.get(name)?.attempts ?? 1
      yield* tell(RunEvent.StepRetried({ runId, step: name, attempt, failure, delayMs: Duration.toMillis(delay) }))
      change(name, (step) => ({ attempts: step.attempts + 1, failures: withFailure(step.failures, failure) }))
      counted.add(name)
      // Somebody may be watching while it waits. What cannot be written now is written with the end of the step.
      yield* Effect.ignore(flush)
    }),
    succeeded: Effect.fnUntraced(function* (result) {
      yield* flush
      yield* runs.end(runId, { status: "succeeded", result })
      yield* tell(RunEvent.RunEnded({ runId, outcome: "succeeded" }))
    }),
    failed: Effect.fnUntraced(function* (failure, encoded) {
      const now = yield* Clock.currentTimeMillis
      if (current !== undefined) {
        const { from, name } = current
        change(name, (step) => ({ status: "failed", endedAt: now, failures: withFailure(step.failures, failure) }))
        yield* tell(RunEvent.StepFailed({ runId, step: name, millis: now - from, failure }))
      }
      yield* flush
      yield* runs.end(runId, { status: "failed", failure: encoded })
      yield* tell(RunEvent.RunEnded({ runId, outcome: "failed" }))
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

/** Steps that wait for somebody else are shown as running; the others are over before anybody could look. */
const lengthy: ReadonlySet<StepName> = new Set(["create-session", "download"])

/** By `error_code`, or by class and reason where PrivX gave no code. */
const withFailure = (
  failures: Readonly<Record<string, number>>,
  failure: SetupFailure
): Readonly<Record<string, number>> => {
  const key =
    "reason" in failure ? `${failure._tag}.${failure.reason}` : "status" in failure ? failure.code : failure._tag
  return { ...failures, [key]: (failures[key] ?? 0) + 1 }
}
