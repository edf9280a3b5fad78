/**
 * Acts on what other processes ask of the runs in this data folder: at the start on what was asked while no process was
 * there, then as it comes. A request is settled only when nothing can undo it any more, whenever the process dies.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import type { Database } from "../Database.ts"
import { Approval, FailureJson, SetupWorkflow, type Verdict } from "../SetupWorkflow.ts"
import * as Journal from "./Journal.ts"
import { isOver, type Run } from "./Run.ts"
import { RunControl } from "./RunControl.ts"
import { RunCancelled } from "./RunFailures.ts"
import * as RunKinds from "./RunKinds.ts"
import { interval, type Request, RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"

/**
 * Before the engine starts: runs that were cancelled are, and the engine forgets them. One that was noted as cancelled
 * while the engine did not get to note it would otherwise come back.
 */
export const settleCancellations = Effect.fn("RequestWatcher.settleCancellations")(function* () {
  const requests = yield* RunRequests
  // Each may bring those of its parts.
  for (let asked = yield* requests.cancellations; asked.length > 0; asked = yield* requests.cancellations) {
    for (const request of asked) {
      yield* requests.cancelParts(request)
      yield* cancelOutright(request)
      yield* requests.remove(request)
    }
  }
})

/** Cancels a run that no fiber is at. */
const cancelOutright = Effect.fnUntraced(function* (
  request: Request
): Effect.fn.Return<void, StorageFailed, Runs | Database | MessageStorage | SqlClient> {
  const runs = yield* Runs
  const run = yield* runs.get(request.runId)
  if (run === undefined || run.attempt !== request.attempt) return
  if (run.status === "succeeded" || run.status === "failed") return
  yield* Journal.forget({ runId: run.id, ...run })
  if (!isOver(run)) {
    yield* runs.end(run.id, { status: "cancelled", failure: yield* encodeFailure(new RunCancelled(request)) })
  }
})

const encodeFailure = (failure: RunCancelled) => Effect.orDie(Schema.encodeEffect(FailureJson)(failure))

/** Notes the decisions that have been made, so that no run is said to wait for one that is there. */
export const noteDecisions = Effect.fnUntraced(function* () {
  const requests = yield* RunRequests
  const control = yield* RunControl
  for (const { attempt, runId } of yield* requests.decisions) control.active(runId, attempt).decided = true
})

/** Acts on what is open now. */
export const act = Effect.fnUntraced(function* () {
  const requests = yield* RunRequests
  const runs = yield* Runs
  for (const request of yield* requests.open) {
    const run = yield* runs.get(request.runId)
    if (request.action === "cancel") yield* requests.cancelParts(request)
    if (run === undefined || isOver(run) || run.attempt !== request.attempt) {
      yield* requests.applied(request)
    } else if (request.action === "cancel" && run.status === "queued") {
      yield* cancelOutright(request)
      yield* requests.applied(request)
    } else if (!(yield* RunKinds.of(run).isHere(run))) {
      // Nothing is at it here. What was decided of it is left to a process that can go on with it.
      if (request.action === "cancel") {
        yield* cancelOutright(request)
        yield* requests.applied(request)
      }
    } else if (request.action === "cancel") {
      // It stays open until the run is over: the run may only just be going to wait.
      yield* stop(request, run)
    } else if (run.status === "waiting") {
      yield* decide(request, run)
      yield* requests.applied(request)
    }
  }
})

const stop = Effect.fnUntraced(function* (request: Request, run: Run) {
  const control = yield* RunControl
  const active = control.active(run.id, run.attempt)
  yield* Deferred.fail(active.cancelled, new RunCancelled(request))
  if (run.status === "waiting" && !active.decided) yield* decide(request, run)
})

const decide = Effect.fnUntraced(function* (
  { action, approved, at, by, comment }: Request,
  run: Run
): Effect.fn.Return<void, never, RunControl | WorkflowEngine> {
  const control = yield* RunControl
  const verdict: Verdict = { action, approved: approved === true, at, by, comment }
  const executionId = yield* SetupWorkflow.executionId({ runId: run.id, ...run, inputs: {} })
  const token = DurableDeferred.tokenFromExecutionId(Approval, { workflow: SetupWorkflow, executionId })
  control.active(run.id, run.attempt).decided = true
  yield* DurableDeferred.succeed(Approval, { token, value: verdict })
})

/** Acts on requests as they come, for as long as the scope is open. */
export const watch = act().pipe(
  // A database that cannot be read is told to whoever waits for a run; here it is only tried again.
  Effect.catchTag("StorageFailed", (failure) => Effect.logDebug(failure.message)),
  Effect.delay(interval),
  Effect.forever,
  Effect.forkScoped
)
