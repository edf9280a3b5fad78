/**
 * What a server or worker demands of every setup, whatever was submitted: a submission can ask for more, and never for less.
 * `MinimumPolicy` applies it.
 */
import type { RequireApproval } from "@privx-kit/runs/Approvals"
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Context from "effect/Context"

export interface Demands {
  readonly requireApproval: RequireApproval
  /** With a policy, no check has a lower requirement than in the policy; a check that it leaves out keeps its default. */
  readonly policy: VerificationPolicy | undefined
}

export const none: Demands = { requireApproval: "never", policy: undefined }

/** By default nothing is demanded. */
export const Minimum = Context.Reference<Demands>("privx-kit/Minimum", { defaultValue: () => none })
