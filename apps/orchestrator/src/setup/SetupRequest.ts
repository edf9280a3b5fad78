/** The request of a setup, and the inputs of the run that result from it. */
import { InvalidInput } from "@privx-kit/runs/RunFailures"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as path from "node:path"
import { type SetupFieldName, setupFields } from "./SetupFields.ts"
import { SetupInputs } from "./SetupInputs.ts"

/**
 * The inputs of a setup from a caller, including relative paths and upper-case digits. `setupFields` describes them.
 */
export type RequestedInputs = {
  readonly [Name in SetupFieldName]?: (typeof SetupInputs.Encoded)[Name] | undefined
}

export interface SetupRequest extends RequestedInputs {
  /** Base URL of the PrivX host, reduced to origin and path. This process must be configured for it. */
  readonly target: URL
  /** Resume this run, or return its result if it has ended. Its inputs are then ignored. */
  readonly runId?: string | undefined
  /** Start a new run even if an unfinished run with the same inputs exists. */
  readonly fresh?: boolean | undefined
  /** Selects the run with this key for the target, if one exists, whether or not it has ended. */
  readonly idempotencyKey?: string | undefined
  /** Fail with `ApprovalPending` if the run waits for an approval; the run keeps waiting. */
  readonly noWait?: boolean | undefined
  /** Receives the id of the run as soon as it is known: the same process may resume other unfinished runs. */
  readonly onRun?: ((runId: string) => Effect.Effect<void>) | undefined
}

const names = Struct.keys(setupFields)

/** Fields are always in the same order, so that equal inputs have equal texts. */
export const inputsOf = (request: RequestedInputs): Effect.Effect<SetupInputs, InvalidInput> => {
  const { output, requireApproval } = request
  const asked = {
    ...request,
    // The run may be resumed from another working directory.
    output: output === undefined ? undefined : path.resolve(output),
    requireApproval: requireApproval === "never" ? undefined : requireApproval
  }
  return Schema.decodeUnknownEffect(SetupInputs)(
    Object.fromEntries(names.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]])))
  ).pipe(Effect.mapError((error) => new InvalidInput({ detail: error.message })))
}
