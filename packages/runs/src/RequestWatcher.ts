/**
 * Acts on requests of other processes about the runs in this data directory: at its start on pending requests, then on
 * new ones as they arrive. A request is removed only when its effect is durable, so that no crash loses one.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import type { Database } from "@privx-kit/durable/Database"
import * as Journal from "./Journal.ts"
import { isOver, type Run } from "./Run.ts"
import { RunControl } from "./RunControl.ts"
import { RunCancelled } from "./RunFailures.ts"
import { type RunKind, RunKinds, type UnknownRunKind } from "./RunKinds.ts"
import { interval, type Request, RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"

/**
 * Cancels every run whose cancellation was requested.
 *
 * **When to use**: in a process that has locked the storage and executes no runs.
 *
 * **Errors**: `StorageFailed` if the database cannot be used. Requests about kinds that this process does not know stay.
 *
 * @example
 * ```ts
 * import * as RequestWatcher from "@privx-kit/runs/RequestWatcher"
 *
 * export const settled = RequestWatcher.settleCancellations()
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const settleCancellations = Effect.fn("RequestWatcher.settleCancellations")(function* () {
  const requests = yield* RunRequests
  const unknown = new Set<string>()
  const open = Effect.map(requests.cancellations, (all) => all.filter(({ runId }) => !unknown.has(runId)))
  // Each request may add requests for the parts of its run.
  for (let asked = yield* open; asked.length > 0; asked = yield* open) {
    for (const request of asked) {
      yield* requests.cancelParts(request)
      yield* Effect.matchEffect(cancelOutright(request), {
        onSuccess: () => requests.remove(request),
        // The request waits for a process that knows the kind.
        onFailure: (failure) =>
          failure._tag === "UnknownRunKind" ? Effect.sync(() => unknown.add(request.runId)) : Effect.fail(failure)
      })
    }
  }
})

/** Cancels a run that no fiber is executing. */
const cancelOutright = Effect.fnUntraced(function* (
  request: Request
): Effect.fn.Return<void, StorageFailed | UnknownRunKind, Runs | RunKinds | Database | MessageStorage | SqlClient> {
  const runs = yield* Runs
  const run = yield* runs.get(request.runId)
  if (run === undefined || run.attempt !== request.attempt) return
  if (run.status === "succeeded" || run.status === "failed") return
  const kind = yield* Effect.flatMap(RunKinds, (kinds) => kinds.get(run.kind))
  yield* Journal.forget(kind, { runId: run.id, attempt: run.attempt })
  if (!isOver(run)) {
    yield* runs.end(run.id, { status: "cancelled", failure: yield* encodeCancelled(new RunCancelled(request)) })
  }
})

const encodeCancelled = (failure: RunCancelled) =>
  Effect.orDie(Schema.encodeEffect(Schema.toCodecJson(RunCancelled))(failure))

/**
 * Remembers which runs have been decided about, so that a replayed body no longer waits.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import * as RequestWatcher from "@privx-kit/runs/RequestWatcher"
 *
 * export const noted = RequestWatcher.noteDecisions()
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const noteDecisions = Effect.fnUntraced(function* () {
  const requests = yield* RunRequests
  const control = yield* RunControl
  for (const { attempt, runId } of yield* requests.decisions) control.active(runId, attempt).decided = true
})

/**
 * Acts, once, on the requests about runs of this process: cancellations and decisions.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import * as RequestWatcher from "@privx-kit/runs/RequestWatcher"
 *
 * export const acted = RequestWatcher.act()
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const act = Effect.fnUntraced(function* () {
  const requests = yield* RunRequests
  const runs = yield* Runs
  const kinds = yield* RunKinds
  for (const request of yield* requests.open) {
    const run = yield* runs.get(request.runId)
    const kind = run === undefined ? undefined : kinds.find(run.kind)
    if (request.action === "cancel") yield* requests.cancelParts(request)
    if (run !== undefined && kind === undefined) {
      // The request waits for a process that knows the kind.
      continue
    }
    if (run === undefined || kind === undefined || isOver(run) || run.attempt !== request.attempt) {
      yield* requests.applied(request)
    } else if (request.action === "cancel" && run.status === "queued") {
      yield* cancelOutright(request)
      yield* requests.applied(request)
    } else if (!(yield* kind.isHere({ runId: run.id, ...run }))) {
      // This process is not executing it. The decision is left to a process that can resume it.
      if (request.action === "cancel") {
        yield* cancelOutright(request)
        yield* requests.applied(request)
      }
    } else if (request.action === "cancel") {
      // It stays open until the run has ended: the run may be about to wait.
      yield* stop(request, run, kind)
    } else if (run.status === "waiting") {
      yield* decide(request, run, kind)
      yield* requests.applied(request)
    }
  }
})

const stop = Effect.fnUntraced(function* (request: Request, run: Run, kind: RunKind) {
  const control = yield* RunControl
  const active = control.active(run.id, run.attempt)
  yield* Deferred.fail(active.cancelled, new RunCancelled(request))
  if (run.status === "waiting" && !active.decided) yield* decide(request, run, kind)
})

const decide = Effect.fnUntraced(function* (
  { action }: Request,
  run: Run,
  kind: RunKind
): Effect.fn.Return<void, never, RunControl | WorkflowEngine> {
  const control = yield* RunControl
  control.active(run.id, run.attempt).decided = true
  yield* kind.wake({ runId: run.id, attempt: run.attempt }, action)
})

/**
 * Acts on requests about runs of this process, until the scope closes.
 *
 * **Details**: every 200 milliseconds. A database that cannot be read is read again.
 *
 * @example
 * ```ts
 * import * as RequestWatcher from "@privx-kit/runs/RequestWatcher"
 *
 * export const watching = RequestWatcher.watch
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const watch = act().pipe(
  // A database that cannot be read is reported to the callers that wait for a run; here the read is only retried.
  Effect.catchTag("StorageFailed", (failure) => Effect.logDebug(failure.message)),
  Effect.delay(interval),
  Effect.forever,
  Effect.forkScoped
)
