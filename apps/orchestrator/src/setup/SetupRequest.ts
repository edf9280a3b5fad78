/** What a setup is asked for with, and the inputs of the run that come of it. */
import { InvalidInput } from "@privx-kit/runs/RunFailures"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as path from "node:path"
import { type SetupFieldName, setupFields } from "./SetupFields.ts"
import { SetupInputs } from "./SetupInputs.ts"

/** The inputs of a setup as a caller gives them: relative paths and upper-case digits are fine. `setupFields` describes them. */
export type RequestedInputs = {
  readonly [Name in SetupFieldName]?: (typeof SetupInputs.Encoded)[Name] | undefined
}

export interface SetupRequest extends RequestedInputs {
  /** Base URL of the PrivX; only origin and path are kept. Must be one that this process is configured for. */
  readonly target: URL
  /** Resume this run, or get its result if it has ended; its inputs are ignored then. */
  readonly runId?: string | undefined
  /** Begin a new run even where an unfinished one with the same inputs exists. */
  readonly fresh?: boolean | undefined
  /** Where a run of that key exists for the target it is that one which is meant, whether or not it is over. */
  readonly idempotencyKey?: string | undefined
  /** Fail with `ApprovalPending` if the run waits for an approval; the run keeps waiting. */
  readonly noWait?: boolean | undefined
  /** Receives the id of the run as soon as it is known: the same process may resume other unfinished runs. */
  readonly onRun?: ((runId: string) => Effect.Effect<void>) | undefined
}

const names = Struct.keys(setupFields)

/** Always in the same order of keys, so that the same inputs are the same text. */
export const inputsOf = (request: RequestedInputs): Effect.Effect<SetupInputs, InvalidInput> => {
  const { output, requireApproval } = request
  const asked = {
    ...request,
    // The run may be continued from another working directory.
    output: output === undefined ? undefined : path.resolve(output),
    requireApproval: requireApproval === "never" ? undefined : requireApproval
  }
  return Schema.decodeUnknownEffect(SetupInputs)(
    Object.fromEntries(names.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]])))
  ).pipe(Effect.mapError((error) => new InvalidInput({ detail: error.message })))
}
