/** What a setup is asked for with, and the inputs of the run that come of it. */
import { InvalidInput } from "@privx-kit/runs/RunFailures"
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as path from "node:path"
import type { Owner } from "@privx-kit/artifacts/Manifest"
import type { RequireApproval } from "@privx-kit/runs/Approvals"
import { expectations } from "./SetupExpectations.ts"
import { SetupInputs } from "./SetupRun.ts"

export interface SetupRequest {
  /** Base URL of the PrivX; only origin and path are kept. Must be one that this process is configured for. */
  readonly target: URL
  /** Resume this run, or get its result if it has ended; the inputs below are ignored then. */
  readonly runId?: string | undefined
  /** Begin a new run even where an unfinished one with the same inputs exists. */
  readonly fresh?: boolean | undefined
  /** Directory that gets the script and its manifest; created when missing. */
  readonly output?: string | undefined
  /** SHA-256 that the script must have, 64 hexadecimal digits. */
  readonly sha256?: string | undefined
  readonly minBytes?: number | undefined
  /** Default 4 MiB. */
  readonly maxBytes?: number | undefined
  /** Which checks of the verification are required, warned of, or off; each has its own default. */
  readonly policy?: VerificationPolicy | undefined
  /** Permissions of the script in the output directory; default 0700. */
  readonly mode?: number | undefined
  /** Who is to own the script in the output directory; for root only. */
  readonly owner?: typeof Owner.Type | undefined
  /** When the run waits for a person before it delivers. Default `never`. */
  readonly requireApproval?: RequireApproval | undefined
  /** Where a run of that key exists for the target it is that one which is meant, whether or not it is over. */
  readonly idempotencyKey?: string | undefined
  /** Fail with `ApprovalPending` if the run waits for an approval; the run keeps waiting. */
  readonly noWait?: boolean | undefined
  /** Told which run it is, as soon as that is known: other unfinished runs go on in the same process. */
  readonly onRun?: ((runId: string) => Effect.Effect<void>) | undefined
}

/** Always in the same order of keys, so that the same inputs are the same text. */
export const inputsOf = (request: Omit<SetupRequest, "target">): Effect.Effect<SetupInputs, InvalidInput> => {
  const { output, requireApproval } = request
  const asked = {
    ...Struct.pick(request, [...Struct.keys(expectations), "mode", "owner"]),
    // The run may be continued from another working directory.
    output: output === undefined ? undefined : path.resolve(output),
    requireApproval: requireApproval === "never" ? undefined : requireApproval
  }
  const names = Struct.keys(Struct.omit(SetupInputs.fields, ["connection"]))
  return Schema.decodeUnknownEffect(SetupInputs)(
    Object.fromEntries(names.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]])))
  ).pipe(Effect.mapError((error) => new InvalidInput({ detail: error.message })))
}
