/** The process that should set up a host of a submitted fleet cannot connect to it. */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export class HostUnusable extends Failure.Class<HostUnusable>()(
  "HostUnusable",
  {
    /** Base URL of the PrivX. */
    target: Schema.String,
    /** Each problem names a location, never its content. */
    problems: Schema.Array(Schema.String)
  },
  {
    message: (self) => `${self.target} cannot be set up from here: ${self.problems.join("; ")}.`,
    hint: "Correct this where the runs are executed, at each privx-kit worker or at privx-kit serve, then run privx-kit fleet retry."
  }
) {}
