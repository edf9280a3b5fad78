/**
 * The failure of reading a fault from its text form.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category errors
 */
export class FaultSyntaxError extends Failure.rendered<object>({
  message: (self) => message(self as FaultSyntaxError),
  hint: () =>
    "Write OPERATION:ACTION[*TIMES][%PERCENT][+SKIP][,NAME=VALUE…], e.g. createSession:503/MAX_LOAD*2,retry-after=2 " +
    "or downloadSetupScript:truncate@1000."
})(
  Schema.TaggedError<FaultSyntaxError, { readonly hint: string }>()("FaultSyntaxError", {
    /** The whole text, as given. */
    text: Schema.String,
    /** The part of it that was not understood. */
    fragment: Schema.String,
    /** What is wrong with that part. */
    problem: Schema.String
  })
) {}

const message = (self: FaultSyntaxError): string =>
  self.fragment === self.text
    ? `The fault "${self.text}" is not understood: ${self.problem}.`
    : `The fault "${self.text}" is not understood at "${self.fragment}": ${self.problem}.`
