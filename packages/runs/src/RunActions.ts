/**
 * The actions of a person on a run, from the command line or through a server. Each records a request, on which the process
 * that executes the run acts.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import { Approvals } from "./Approvals.ts"
import { isOver, type Run } from "./Run.ts"
import { RunAmbiguous, RunConflict, RunNotFound } from "./RunFailures.ts"
import { RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"

/**
 * Finds a run by its id, or by a unique prefix of its id.
 *
 * **Errors**: `RunNotFound` if none has it, `RunAmbiguous` with the first candidates if several have, `StorageFailed`.
 *
 * @example
 * ```ts
 * import * as RunActions from "@privx-kit/runs/RunActions"
 *
 * export const run = RunActions.find("1f0c")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const find = Effect.fn("RunActions.find")(function* (
  beginning: string
): Effect.fn.Return<Run, RunNotFound | RunAmbiguous | StorageFailed, Runs> {
  const runs = yield* Runs
  const ids = yield* runs.idsLike(beginning, 4)
  const [id] = ids
  if (id === undefined || beginning === "") return yield* new RunNotFound({ runId: beginning })
  if (ids.length > 1) return yield* new RunAmbiguous({ beginning, ids })
  return (yield* runs.get(id)) ?? (yield* new RunNotFound({ runId: id }))
})

/**
 * Requests the cancellation of a run that has not ended.
 *
 * **Details**: the process that executes the run acts on the request, and cancels its parts as well. Only the first request
 * counts.
 *
 * **Errors**: `RunConflict` if the run has ended, `StorageFailed`.
 *
 * @param by the name of the person, for the record
 *
 * @example
 * ```ts
 * import * as RunActions from "@privx-kit/runs/RunActions"
 * import * as Effect from "effect/Effect"
 *
 * export const cancelled = Effect.flatMap(RunActions.find("1f0c"), (run) => RunActions.cancel(run, "anna", "wrong host"))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const cancel = Effect.fn("RunActions.cancel")(function* (
  run: Run,
  by: string,
  comment?: string
): Effect.fn.Return<void, RunConflict | StorageFailed, RunRequests> {
  const requests = yield* RunRequests
  if (isOver(run))
    return yield* new RunConflict({ runId: run.id, status: run.status, detail: "there is nothing to cancel" })
  yield* requests.ask({ runId: run.id, attempt: run.attempt, action: "cancel", by, comment })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Decision {
  readonly approved: boolean
  readonly by: string
  readonly comment: string | undefined
  /** The script that was reviewed, and the attempt that downloaded it. */
  readonly sha256: string
  readonly attempt: number
}

/**
 * Approves or rejects exactly the script that was reviewed.
 *
 * **Details**: the recorded decision names the script, and the process that executes the run compares it again. The script
 * of a run that has succeeded is approved at once.
 *
 * **Errors**: `RunConflict` if the run is at another attempt, has another script, does not wait, was decided about, or is
 * being cancelled. Nothing is decided then. `StorageFailed` if the database cannot be used.
 *
 * @returns whether a process still has to act on the decision
 *
 * @example
 * ```ts
 * import * as RunActions from "@privx-kit/runs/RunActions"
 * import * as Effect from "effect/Effect"
 *
 * export const approved = Effect.flatMap(RunActions.find("1f0c"), (run) =>
 *   RunActions.decide(run, {
 *     approved: true,
 *     by: "anna",
 *     comment: "read it twice",
 *     sha256: run.sha256 ?? "",
 *     attempt: run.attempt
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const decide = Effect.fn("RunActions.decide")(function* (
  { attempt, id, sha256, status, target }: Run,
  decision: Decision
): Effect.fn.Return<boolean, RunConflict | StorageFailed, RunRequests | Approvals> {
  const requests = yield* RunRequests
  const approvals = yield* Approvals
  const { approved, by, comment } = decision
  if (sha256 === null || !(status === "waiting" || (status === "succeeded" && approved))) {
    return yield* new RunConflict({ runId: id, status, detail: "it is not waiting for approval" })
  }
  if (decision.attempt !== attempt) {
    const detail = `the decision is about attempt ${decision.attempt}, and the run is at attempt ${attempt}`
    return yield* new RunConflict({ runId: id, status, detail })
  }
  if (decision.sha256 !== sha256) {
    const detail = `the decision is about the script ${decision.sha256}, and the script of the run is ${sha256}`
    return yield* new RunConflict({ runId: id, status, detail })
  }
  if (status === "succeeded") {
    yield* approvals.approve({ target, sha256, runId: id, by, comment: comment ?? null })
    return false
  }
  const first = yield* requests.ask({ runId: id, attempt, action: "decide", approved, sha256, by, comment })
  if (!first) {
    return yield* new RunConflict({ runId: id, status, detail: "its script has already been approved or rejected" })
  }
  // Read after the write: of a cancellation and a decision at the same time, at least one sees the other.
  const asked = yield* requests.of(id, attempt)
  const cancel = asked.find(({ action }) => action === "cancel")
  if (cancel === undefined) return true
  yield* Effect.forEach(
    asked.filter(({ action }) => action === "decide"),
    requests.remove,
    { discard: true }
  )
  const detail = `${cancel.by} has requested its cancellation, so the decision was discarded`
  return yield* new RunConflict({ runId: id, status, detail })
})
