/**
 * The durable fleet run: a workflow with one activity, which sets up the hosts. Each setup is a separate run. The
 * activity queues a few runs at a time, any process claims and executes them, and the activity polls the record until
 * each run has ended or waits for approval. After a crash, it starts again from the record.
 *
 * The engine does not start the setups from within the workflow, because each completed child would leave a message to
 * the parent, and the mailbox of an entity is bounded.
 *
 * The names of workflow and activity, and the shapes in `FleetRun`, are stored in users' journals and must not change.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as DurableRun from "@privx-kit/runs/DurableRun"
import { RunControl } from "@privx-kit/runs/RunControl"
import { QueueSignal } from "@privx-kit/runs/RunQueue"
import { Runs } from "@privx-kit/runs/Runs"
import { FleetRecord } from "./FleetRecord.ts"
import { Counts, FleetFailure, FleetIncomplete, FleetInputs, idOf, kind } from "./FleetRun.ts"
import type { PlannedHost } from "./FleetRun.ts"

/** Selects the fleet runs that this process executes. By default none: other runs are suspended unchanged. */
export const FleetOwnership = Context.Reference<(run: FleetInputs) => boolean>("privx-kit/fleet/FleetOwnership", {
  defaultValue: () => () => false
})

/**
 * Selects fleet runs that were submitted to a server, and not those that a command applies in the same data directory.
 */
export const layerSubmitted: Layer.Layer<never> = Layer.succeed(
  FleetOwnership,
  ({ handedOver }: FleetInputs) => handedOver === true
)

export const FleetRun = DurableRun.make({
  name: kind,
  title: "Fleet",
  workflow: "Fleet",
  steps: [],
  inputs: FleetInputs,
  result: Counts,
  failure: FleetFailure,
  coordinates: true,
  isHere: ({ inputs }) => Effect.map(FleetOwnership, (owns) => Schema.is(FleetInputs)(inputs) && owns(inputs))
})

export const layer = FleetRun.toLayer(
  Effect.fnUntraced(function* (run) {
    const control = yield* RunControl
    const { cancelled } = control.active(run.runId, run.attempt)
    return yield* run.finish(
      "drive",
      drive(run.runId, run.attempt).pipe(
        Effect.raceFirst(Deferred.await(cancelled)),
        Effect.tapErrorTag("RunCancelled", () => Effect.ignore(partsOver(run.runId)))
      )
    )
  })
)

/** The polling interval of the record, in milliseconds: short after a change, longer without changes. */
const soonest = 20
const latest = 250

/** Queues hosts until none is left, with at most `concurrency` of them running. */
const drive = Effect.fnUntraced(function* (
  runId: string,
  attempt: number
): Effect.fn.Return<Counts, FleetIncomplete | StorageFailed, Runs | FleetRecord> {
  const record = yield* FleetRecord
  const queued = yield* QueueSignal
  const { concurrency, hosts } = yield* patient(record.plan(runId))
  const waiting = yield* patient(toDo(runId, attempt, hosts))
  // Also waits for runs of earlier rounds that were decided in the meantime.
  let decided = yield* patient(record.decided(hosts.flatMap(({ waiting }) => waiting ?? [])))
  for (let next = 0, pause = soonest, before = -1; ;) {
    if (decided.length > 0) decided = yield* patient(record.decided(decided))
    const busy = (yield* patient(record.busy(runId))) + decided.length
    const room = concurrency - busy
    if (busy === 0 && next >= waiting.length) break
    pause = busy === before ? Math.min(pause * 1.5, latest) : soonest
    before = busy
    if (room > 0 && next < waiting.length) {
      yield* patient(record.enqueue(runId, waiting.slice(next, next + room), attempt))
      next += room
      yield* queued.open
    }
    yield* Effect.sleep(pause)
  }
  const counts = yield* patient(record.counts(runId))
  return counts.failed + counts.cancelled > 0 ? yield* new FleetIncomplete({ counts }) : counts
})

/** The hosts without a run; in a later attempt, also those that had failed before. */
const toDo = Effect.fnUntraced(function* (
  runId: string,
  attempt: number,
  hosts: ReadonlyArray<PlannedHost>
): Effect.fn.Return<ReadonlyArray<PlannedHost>, StorageFailed, Runs | FleetRecord> {
  const runs = yield* Runs
  const record = yield* FleetRecord
  const startedAt = (yield* runs.get(runId))?.startedAt
  const since =
    startedAt === undefined || startedAt === null ? yield* Clock.currentTimeMillis : DateTime.toEpochMillis(startedAt)
  const done = new Set<string>()
  yield* record.eachPart(runId, ({ endedAt, id, status }) => {
    const failedBefore = (status === "failed" || status === "cancelled") && endedAt !== null && endedAt <= since
    if (attempt === 1 || !failedBefore) done.add(id)
  })
  return hosts.filter(({ name, waiting }) => waiting === undefined && !done.has(idOf(runId, name)))
})

/** If the disk is temporarily full, setups fail, but the fleet run that reports them does not. */
const patient = <A, R>(effect: Effect.Effect<A, StorageFailed, R>): Effect.Effect<A, StorageFailed, R> =>
  Effect.retry(effect, {
    while: ({ reason }) => reason !== "damaged" && reason !== "missing",
    schedule: Schedule.spaced("1 second")
  })

/** Waits, within a time limit, until the parts have stopped. They have received the request as well. */
const partsOver = (runId: string) =>
  Effect.gen(function* () {
    const record = yield* FleetRecord
    yield* record.open(runId).pipe(Effect.delay("50 millis"), Effect.repeat({ until: (open) => open === 0 }))
  }).pipe(Effect.timeoutOption("10 seconds"))
