/**
 * The command line is invalid or contradictory. Nothing has been done.
 *
 * The text never repeats a positional argument: it could be a session id, or a secret that was given by mistake.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export class UsageError extends Failure.Class<UsageError>()(
  "UsageError",
  {
    /** The command as far as it was recognized, e.g. `privx-kit ueba setup`. */
    command: Schema.String,
    /** One sentence for each problem. */
    problems: Schema.Array(Schema.String)
  },
  {
    message: (self) => self.problems.join(" "),
    hint: (self) => `See: ${self.command} --help`
  }
) {}
