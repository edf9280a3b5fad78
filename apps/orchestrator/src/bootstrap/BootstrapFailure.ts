/** The failures of a bootstrap, as the journal stores them: decoding the JSON returns the same class. */
import * as Failure from "@privx-kit/core/Failure"
import { TrainingFailed } from "@privx-kit/ueba/Training"
import { TrustAnchorsInvalid } from "@privx-kit/ueba/TrustAnchors"
import * as Schema from "effect/Schema"
import { SetupFailure } from "../setup/SetupFailure.ts"

/** The range of the dataset has too few connections for a training. No dataset was created. */
export class TooFewConnections extends Failure.Class<TooFewConnections>()(
  "TooFewConnections",
  {
    count: Schema.Int,
    minimum: Schema.Int,
    /** The range, in one line. */
    range: Schema.String,
    /** Whether further connections can still fall into the range. */
    open: Schema.Boolean
  },
  {
    message: ({ count, minimum, range }) =>
      `The models cannot be trained: there are ${count} connections ${range}, and ${minimum} are needed.`,
    hint: ({ open }) =>
      open
        ? "Retry the run when there are more connections, let it wait with --few-connections wait, or choose an earlier start."
        : "Choose a longer range: its end has passed, so it will not get more connections."
  }
) {}

/** A wait of a bootstrap has reached its time limit. */
export class WaitExpired extends Failure.Class<WaitExpired>()(
  "WaitExpired",
  {
    /** The condition, as in `Waited for …`. */
    awaited: Schema.String,
    /** The state when the wait ended. */
    last: Schema.String,
    seconds: Schema.Int
  },
  {
    message: ({ awaited, last, seconds }) =>
      `Waited ${seconds} seconds for ${awaited} without success${last === "" ? "" : `; last seen: ${last}`}.`,
    hint: "Find out why it takes so long, then retry the run: it continues where it stopped."
  }
) {}

/** After the switch, UEBA does not analyze with the dataset: another one is active, or the service is not running. */
export class NotConfirmed extends Failure.Class<NotConfirmed>()(
  "NotConfirmed",
  { problems: Schema.Array(Schema.String) },
  {
    message: ({ problems }) => `UEBA is not in the expected state after the bootstrap: ${problems.join("; ")}.`,
    hint: "Run privx-kit ueba status to see its state. Someone else may be changing it at the same time."
  }
) {}

/** The script was executed on this machine and failed, so UEBA cannot be expected to run. */
export class ExecutionFailed extends Failure.Class<ExecutionFailed>()(
  "ExecutionFailed",
  {
    /** The outcome of the script: `exited with code 1`. */
    outcome: Schema.String,
    log: Schema.NullOr(Schema.String)
  },
  {
    message: ({ outcome }) => `The setup script ${outcome}.`,
    hint: ({ log }) =>
      `Read ${log === null ? "what it printed" : `its log, ${log}`}, correct the cause, then retry the run.`
  }
) {}

export const BootstrapFailure = Schema.Union([
  SetupFailure,
  TrainingFailed,
  TrustAnchorsInvalid,
  TooFewConnections,
  WaitExpired,
  NotConfirmed,
  ExecutionFailed
])

export type BootstrapFailure = typeof BootstrapFailure.Type
