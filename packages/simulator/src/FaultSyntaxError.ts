/**
 * The failure to parse the text form of a fault.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

/**
 * The failure: which part of which text cannot be parsed, and why.
 *
 * @since 0.1.0
 * @category errors
 */
export class FaultSyntaxError extends Failure.Class<FaultSyntaxError>()(
  "FaultSyntaxError",
  {
    /** The complete text. */
    text: Schema.String,
    /** The part that cannot be parsed. */
    fragment: Schema.String,
    /** The problem of that part. */
    problem: Schema.String
  },
  {
    message: (self) =>
      self.fragment === self.text
        ? `Cannot parse the fault "${self.text}": ${self.problem}.`
        : `Cannot parse the fault "${self.text}" at "${self.fragment}": ${self.problem}.`,
    hint:
      "Write OPERATION:ACTION[*TIMES][%PERCENT][+SKIP][,NAME=VALUE…], e.g. createSession:503/MAX_LOAD*2,retry-after=2 " +
      "or downloadSetupScript:truncate@1000."
  }
) {}
