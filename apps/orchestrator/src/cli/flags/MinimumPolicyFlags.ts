/** Flags with which a server or worker sets the minimum requirements of every setup. */
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import type { RequireApproval } from "@privx-kit/runs/Approvals"
import type { Demands } from "../../setup/Demands.ts"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import * as FlagKinds from "./FlagKinds.ts"

export const flags = {
  requireApproval: Flag.Literals("require-approval", ["always", "changed", "never"]).pipe(
    Flag.withDescription(
      "Require approval of every setup, whatever was submitted: always, or if the script has changed (default never)"
    ),
    Flag.withDefault("never" as const)
  ),
  policy: FlagKinds.text("policy", "FILE", "Minimum policy of every script; a submission can only be stricter")
}

export interface Input {
  readonly requireApproval: RequireApproval
  readonly policy: string | undefined
}

export const read = Effect.fnUntraced(function* ({
  policy,
  requireApproval
}: Input): Effect.fn.Return<Demands, SettingsError> {
  if (policy === undefined) return { requireApproval, policy: undefined }
  const PolicyFile = yield* Effect.promise(() => import("../../setup/PolicyFile.ts"))
  return { requireApproval, policy: yield* PolicyFile.read(policy) }
})
