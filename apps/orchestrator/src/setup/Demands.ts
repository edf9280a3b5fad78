/**
 * The requirements of a server or worker for every setup, regardless of the submission: a submission can require more,
 * but never less. `MinimumPolicy` applies them.
 */
import type { RequireApproval } from "@privx-kit/runs/Approvals"
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Context from "effect/Context"

export interface Demands {
  readonly requireApproval: RequireApproval
  /** No check has a lower requirement than in this policy. A check that it omits keeps its default. */
  readonly policy: VerificationPolicy | undefined
}

export const none: Demands = { requireApproval: "never", policy: undefined }

/** By default there are no requirements. */
export const Minimum = Context.Reference<Demands>("privx-kit/Minimum", { defaultValue: () => none })
