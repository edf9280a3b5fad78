/** The decision for which a run waits: the signal that wakes the run, and the recorded decision. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import type { Decision } from "./Run.ts"
import { InternalError, RunCancelled } from "./RunFailures.ts"
import { RunRequests } from "./RunRequests.ts"

/** Wakes a waiting run. It carries no decision: that is in the record. */
export const Approval = DurableDeferred.make("approval", {
  success: Schema.Struct({ action: Schema.Literals(["cancel", "decide"]) })
})

/**
 * Reads the decision about the waiting script from the record; the message that woke the run is not trusted. A decision about
 * another script does not count.
 */
export const decisionOf = Effect.fnUntraced(function* (
  runId: string,
  attempt: number,
  sha256: string
): Effect.fn.Return<Decision, RunCancelled | InternalError | StorageFailed, RunRequests> {
  const requests = yield* RunRequests
  const asked = yield* requests.of(runId, attempt)
  const cancel = asked.find(({ action }) => action === "cancel")
  if (cancel !== undefined) return yield* new RunCancelled(cancel)
  const decision = asked.find((request) => request.action === "decide" && request.sha256 === sha256)
  if (decision === undefined) {
    return yield* new InternalError({ detail: "the run was woken, but no decision about its script is recorded" })
  }
  return { ...Struct.pick(decision, ["by", "at", "comment"]), approved: decision.approved === true }
})
