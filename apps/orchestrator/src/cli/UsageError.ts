/**
 * The command line cannot be understood, or contradicts itself. Nothing has been done.
 *
 * The text never repeats a positional argument: a session id, or a secret that was put there by mistake, could be one.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export class UsageError extends Failure.Class<UsageError>()(
  "UsageError",
  {
    /** The command as far as it was understood, e.g. `privx-kit ueba setup`. */
    command: Schema.String,
    /** Sentences, one for each thing that is wrong. */
    problems: Schema.Array(Schema.String)
  },
  {
    message: (self) => self.problems.join(" "),
    hint: (self) => `See: ${self.command} --help`
  }
) {}
