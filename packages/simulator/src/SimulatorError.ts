/**
 * The failure of starting or setting a simulator.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

/**
 * - `listen`: the port cannot be listened on
 * - `invalidOption`: an option has a value that makes no sense
 * - `unknownOperation`: a fault is for an operation that no endpoint has, and would never be played
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Literals(["listen", "invalidOption", "unknownOperation"])

/**
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

/**
 * @since 0.1.0
 * @category errors
 */
export class SimulatorError extends Failure.rendered<object>({
  message: (self) => message(self as SimulatorError),
  hint: (self) => hint(self as SimulatorError)
})(
  Schema.TaggedError<SimulatorError, { readonly hint: string }>()("SimulatorError", {
    reason: Reason,
    /** What exactly, without secrets. */
    detail: Schema.String,
    /** The system's code where there is one, e.g. `EADDRINUSE`. */
    code: Schema.optionalKey(Schema.String)
  })
) {}

const message = (self: SimulatorError): string => `The simulator cannot do this: ${self.detail}.`

const hints: Record<Reason, string> = {
  listen: "Choose another port, or none, and the system finds a free one.",
  invalidOption: "Correct the option.",
  unknownOperation: 'Name one of the operations, or "*" for all of them.'
}

const hint = (self: SimulatorError): string => hints[self.reason]
