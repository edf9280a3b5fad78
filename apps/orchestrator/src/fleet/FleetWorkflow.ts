/**
 * The durable fleet run: a workflow whose one activity has the hosts set up. The set-ups are runs of their own, recorded in
 * the queue a few at a time and carried out by whichever process takes them; the activity looks at the record until each
 * is over or waits for approval. After a crash it begins again by looking at what there is.
 *
 * The set-ups are not started by the engine from within the workflow: of each that ends, a message to the parent would stay
 * behind, and an entity's mailbox is bounded.
 *
 * Names of workflow and activity, and the shapes in `FleetRun`, stand in journals of users.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import { WorkflowInstance } from "effect/workflow/WorkflowEngine"
import type { Run } from "../runs/Run.ts"
import { RunControl } from "../runs/RunControl.ts"
import { Runs } from "../runs/Runs.ts"
import { InternalError } from "../SetupFailure.ts"
import { FleetRecord } from "./FleetRecord.ts"
import { Counts, CountsJson, FailureJson, FleetFailure, FleetIncomplete, FleetInputs, idOf } from "./FleetRun.ts"
import type { PlannedHost } from "./FleetRun.ts"

export const FleetWorkflow = Workflow.make("Fleet", {
  payload: {
    runId: Schema.String,
    attempt: Schema.optionalKey(Schema.Int),
    target: Schema.String
  },
  // A failed execution stays failed for ever under its key: each attempt has its own.
  idempotencyKey: ({ attempt = 1, runId }) => (attempt === 1 ? runId : `${runId}/${attempt}`),
  success: Counts,
  error: FleetFailure
})

/**
 * Which fleet runs this process drives. By default none: what it has not been asked for is put aside untouched. Provide it
 * to the layer.
 */
export const Drives = Context.Reference<(run: FleetInputs) => boolean>("privx-kit/fleet/Drives", {
  defaultValue: () => () => false
})

/** Opened when something was put into the queue, so that a feeder in this process need not wait for its interval. */
export const Queued = Context.Reference<Latch.Latch>("privx-kit/fleet/Queued", {
  defaultValue: () => Latch.makeUnsafe(false)
})

export const payloadOf = ({ attempt, id, target }: Pick<Run, "id" | "attempt" | "target">) => ({
  runId: id,
  ...(attempt === 1 ? undefined : { attempt }),
  target
})

export const layer = FleetWorkflow.toLayer(
  Effect.fnUntraced(function* ({ attempt = 1, runId }) {
    const runs = yield* Runs
    const drives = yield* Drives
    const run = yield* runs.get(runId)
    const inputs = run === undefined ? undefined : Schema.decodeUnknownOption(FleetInputs)(run.inputs)
    if (inputs === undefined || inputs._tag === "None" || !drives(inputs.value)) {
      return yield* Workflow.suspend(yield* WorkflowInstance)
    }
    return yield* Activity.make({
      name: "drive",
      success: Counts,
      error: FleetFailure,
      execute: carryOut(runId, attempt)
    })
  })
)

/** The activity: what it comes to is in the record before it is in the journal. */
const carryOut = Effect.fnUntraced(function* (
  runId: string,
  attempt: number
): Effect.fn.Return<Counts, FleetFailure, Runs | FleetRecord | RunControl> {
  const runs = yield* Runs
  const control = yield* RunControl
  const { cancelled } = control.active(runId, attempt)
  const { ended } = yield* runs.begin(runId, attempt)
  if (ended !== undefined) {
    return ended.failure === null
      ? yield* Effect.orDie(Schema.decodeUnknownEffect(CountsJson)(ended.result))
      : yield* Effect.flatMap(Effect.orDie(Schema.decodeUnknownEffect(FailureJson)(ended.failure)), Effect.fail)
  }
  return yield* drive(runId, attempt).pipe(
    Effect.raceFirst(Deferred.await(cancelled)),
    Effect.tapErrorTag("RunCancelled", () => Effect.ignore(partsOver(runId))),
    Effect.tap((counts) =>
      Effect.flatMap(Effect.orDie(Schema.encodeEffect(CountsJson)(counts)), (result) =>
        runs.end(runId, { status: "succeeded", result })
      )
    ),
    Effect.catchDefect((defect) => Effect.fail(new InternalError({ detail: String(defect) }))),
    Effect.tapError((failure: FleetFailure) => {
      const status = failure._tag === "RunCancelled" ? "cancelled" : "failed"
      return Effect.flatMap(Effect.orDie(Schema.encodeEffect(FailureJson)(failure)), (encoded) =>
        Effect.ignore(runs.end(runId, { status, failure: encoded }))
      )
    }),
    Effect.ensuring(control.ended(runId, attempt))
  )
})

/** How often the record is looked at: soon after something has changed, seldom while nothing does. In milliseconds. */
const soonest = 20
const latest = 250

/** Puts hosts into the queue, so that never more than `concurrency` are under way, until none is. */
const drive = Effect.fnUntraced(function* (
  runId: string,
  attempt: number
): Effect.fn.Return<Counts, FleetIncomplete | StorageFailed, Runs | FleetRecord> {
  const record = yield* FleetRecord
  const queued = yield* Queued
  const { concurrency, hosts } = yield* patient(record.plan(runId))
  const waiting = yield* patient(toDo(runId, attempt, hosts))
  // Of earlier rounds: those that somebody has decided by now are waited for as well.
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

/** The hosts that have no run yet; of a fleet run that is tried again, those too that had failed before. */
const toDo = Effect.fnUntraced(function* (
  runId: string,
  attempt: number,
  hosts: ReadonlyArray<PlannedHost>
): Effect.fn.Return<ReadonlyArray<PlannedHost>, StorageFailed, Runs | FleetRecord> {
  const runs = yield* Runs
  const record = yield* FleetRecord
  const begun = (yield* runs.get(runId))?.startedAt
  const since = begun === undefined || begun === null ? yield* Clock.currentTimeMillis : DateTime.toEpochMillis(begun)
  const done = new Set<string>()
  yield* record.eachPart(runId, ({ endedAt, id, status }) => {
    const failedBefore = (status === "failed" || status === "cancelled") && endedAt !== null && endedAt <= since
    if (attempt === 1 || !failedBefore) done.add(id)
  })
  return hosts.filter(({ name, waiting }) => waiting === undefined && !done.has(idOf(runId, name)))
})

/** A disk that is full for a while ends the set-ups that meet it, and not the fleet run that is to tell of them. */
const patient = <A, R>(effect: Effect.Effect<A, StorageFailed, R>): Effect.Effect<A, StorageFailed, R> =>
  Effect.retry(effect, {
    while: ({ reason }) => reason !== "damaged" && reason !== "missing",
    schedule: Schedule.spaced("1 second")
  })

/** Waits until the parts, which were asked to as well, have stopped; not for ever. */
const partsOver = (runId: string) =>
  Effect.gen(function* () {
    const record = yield* FleetRecord
    yield* record.open(runId).pipe(Effect.delay("50 millis"), Effect.repeat({ until: (open) => open === 0 }))
  }).pipe(Effect.timeoutOption("10 seconds"))
