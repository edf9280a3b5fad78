/** What a set-up is asked for with, and the inputs of the run that come of it. */
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as path from "node:path"
import type { Owner } from "./artifacts/Manifest.ts"
import type { RequireApproval } from "./runs/Approvals.ts"
import { InvalidInput } from "./SetupFailure.ts"
import { SetupInputs } from "./SetupWorkflow.ts"

export interface SetupRequest {
  /** Base URL of the PrivX; only origin and path are kept. Must be one that this process is configured for. */
  readonly target: URL
  /** Go on with this run, or get its result when it is over; the inputs below are then those that it was begun with. */
  readonly runId?: string | undefined
  /** Begin a new run even where an unfinished one with the same inputs exists. */
  readonly fresh?: boolean | undefined
  /** Folder that gets the script and its manifest; created when missing. */
  readonly output?: string | undefined
  /** SHA-256 that the script must have, 64 hexadecimal digits. */
  readonly sha256?: string | undefined
  readonly minBytes?: number | undefined
  /** Default 4 MiB. */
  readonly maxBytes?: number | undefined
  /** Which checks of the verification are required, warned of, or off; each has its own default. */
  readonly policy?: VerificationPolicy | undefined
  /** Permissions of the script in the output folder; default 0700. */
  readonly mode?: number | undefined
  /** Who is to own the script in the output folder; for root only. */
  readonly owner?: typeof Owner.Type | undefined
  /** When the run waits for a person before it delivers. Default `never`. */
  readonly requireApproval?: RequireApproval | undefined
  /** Where a run of that key exists for the target it is that one which is meant, whether or not it is over. */
  readonly idempotencyKey?: string | undefined
  /** Fail with `ApprovalPending` where the run waits for an approval; the run goes on waiting. */
  readonly noWait?: boolean | undefined
  /** Told which run it is, as soon as that is known: other unfinished runs go on in the same process. */
  readonly onRun?: ((runId: string) => Effect.Effect<void>) | undefined
}

/** Always in the same order of keys, so that the same inputs are the same text. */
export const inputsOf = (request: Omit<SetupRequest, "target">): Effect.Effect<SetupInputs, InvalidInput> => {
  const { maxBytes, minBytes, mode, output, owner, policy, requireApproval, sha256 } = request
  return Schema.decodeUnknownEffect(SetupInputs)({
    // The run may be continued from another working directory.
    ...(output === undefined ? undefined : { output: path.resolve(output) }),
    ...(sha256 === undefined ? undefined : { sha256 }),
    ...(minBytes === undefined ? undefined : { minBytes }),
    ...(maxBytes === undefined ? undefined : { maxBytes }),
    ...(mode === undefined ? undefined : { mode }),
    ...(owner === undefined ? undefined : { owner }),
    ...(policy === undefined ? undefined : { policy }),
    ...(requireApproval === undefined || requireApproval === "never" ? undefined : { requireApproval })
  }).pipe(Effect.mapError((error) => new InvalidInput({ detail: error.message })))
}
