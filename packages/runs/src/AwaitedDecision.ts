/**
 * The decision for which a run waits: the signal that wakes the run, and the recorded decision.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import type { Decision } from "./Run.ts"
import { InternalError, RunCancelled } from "./RunFailures.ts"
import { RunRequests } from "./RunRequests.ts"

/**
 * Wakes a waiting run. It contains no decision: that is in the record.
 *
 * @since 0.1.0
 * @category constants
 */
export const Approval = DurableDeferred.make("approval", {
  success: Schema.Struct({ action: Schema.Literals(["cancel", "decide"]) })
})

/**
 * Returns the decision about the script of a run that waited for it.
 *
 * **Errors**: `RunCancelled` if its cancellation was requested, `InternalError` if there is no decision about this script,
 * `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import * as AwaitedDecision from "@privx-kit/runs/AwaitedDecision"
 *
 * export const decision = AwaitedDecision.decisionOf("0f8fad5b-d9cb-469f-a165-70867728950e", 1, "ab".repeat(32))
 * ```
 *
 * @since 0.1.0
 * @category operations
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
