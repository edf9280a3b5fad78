/**
 * What a person does to a run, wherever it is done from: a data folder or the server. Each leaves a request that the
 * process at the run acts on.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import { Approvals } from "./Approvals.ts"
import { isOver, type Run } from "./Run.ts"
import { RunAmbiguous, RunConflict, RunNotFound } from "./RunFailures.ts"
import { RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"

/** The run that is meant by an id or by the beginning of one, if that fits no other. */
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

/** Asks to cancel a run that is not over. */
export const cancel = Effect.fn("RunActions.cancel")(function* (
  run: Run,
  by: string
): Effect.fn.Return<void, RunConflict | StorageFailed, RunRequests> {
  const requests = yield* RunRequests
  if (isOver(run)) return yield* new RunConflict({ runId: run.id, status: run.status, detail: "it is over" })
  yield* requests.ask({ runId: run.id, attempt: run.attempt, action: "cancel", by })
})

export interface Decision {
  readonly approved: boolean
  readonly by: string
  readonly comment: string | undefined
}

/** Answers whether somebody at the run has yet to act on it: of one that has succeeded, the script is approved at once. */
export const decide = Effect.fn("RunActions.decide")(function* (
  { attempt, id, sha256, status, target }: Run,
  { approved, by, comment }: Decision
): Effect.fn.Return<boolean, RunConflict | StorageFailed, RunRequests | Approvals> {
  const requests = yield* RunRequests
  const approvals = yield* Approvals
  if (status === "succeeded" && approved && sha256 !== null) {
    yield* approvals.approve({ target, sha256, runId: id, by, comment: comment ?? null })
    return false
  }
  if (status !== "waiting") {
    return yield* new RunConflict({ runId: id, status, detail: "it does not wait for approval" })
  }
  const first = yield* requests.ask({ runId: id, attempt, action: "decide", approved, by, comment })
  if (!first) return yield* new RunConflict({ runId: id, status, detail: "somebody has decided already" })
  return true
})
