/**
 * The failure to start or change a simulator.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

/**
 * - `listen`: the simulator cannot listen on the port
 * - `invalidOption`: an option has an invalid value
 * - `unknownOperation`: a fault names an operation that no endpoint has, so it would never occur
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
 * The failure: what the simulator cannot do, and why.
 *
 * @since 0.1.0
 * @category errors
 */
export class SimulatorError extends Failure.Class<SimulatorError>()(
  "SimulatorError",
  {
    reason: Reason,
    /** Details, without secrets. */
    detail: Schema.String,
    /** The system's error code, if there is one, e.g. `EADDRINUSE`. */
    code: Schema.optionalKey(Schema.String)
  },
  {
    message: (self) => `Cannot run the simulator: ${self.detail}.`,
    hint: (self) => hints[self.reason]
  }
) {}

const hints: Record<Reason, string> = {
  listen: "Choose another port, or omit it so that the system chooses a free one.",
  invalidOption: "Correct the value of the option.",
  unknownOperation: 'Use one of these operations, or "*" for all of them.'
}
