/**
 * All problems of the settings, and the sources that were searched. Never contains the value of a secret.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"
import { sentence } from "./ProblemText.ts"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Problem = Schema.Struct({
  /** The setting's name for people, e.g. `base URL`; in a file with several settings, the path of the field, or `the file`. */
  setting: Schema.String,
  /** The problem, as the rest of a sentence that starts with the setting. */
  problem: Schema.String,
  /** What to do, as a sentence. */
  fix: Schema.String,
  /** The position of the setting, if it is in a file with several; lines and columns count from 1. */
  at: Schema.optionalKey(Schema.Struct({ path: Schema.String, line: Schema.Int, column: Schema.Int }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Problem = typeof Problem.Type

/**
 * @since 0.1.0
 * @category errors
 */
export class SettingsError extends Failure.Class<SettingsError>()(
  "SettingsError",
  {
    problems: Schema.Array(Problem),
    /** The sources of settings, in order of precedence. */
    looked: Schema.Array(Schema.String)
  },
  {
    message: (self) => self.problems.map((problem) => `${sentence(problem)} ${problem.fix}`).join(" "),
    hint: (self) =>
      self.problems.every(({ at }) => at !== undefined)
        ? "Nothing was sent. An editor that uses the JSON Schemas of privx-kit shows most of these problems while you type."
        : self.looked.includes("environment")
          ? "Run `privx-kit doctor` to see the source of each value."
          : "Nothing was sent."
  }
) {}
