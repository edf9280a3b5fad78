/** What is wrong with the settings, all of it at once, and where was looked. Never holds a value of a secret. */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export const Problem = Schema.Struct({
  /** The setting's name for people, e.g. `base URL`. */
  setting: Schema.String,
  /** What is wrong, as the rest of a sentence that begins with the setting. */
  problem: Schema.String,
  /** What to do: a sentence. */
  fix: Schema.String,
  /** Where it stands, where the setting is in a file that has more than one; lines and columns from 1. */
  at: Schema.optionalKey(Schema.Struct({ path: Schema.String, line: Schema.Int, column: Schema.Int }))
})

export type Problem = typeof Problem.Type

export class SettingsError extends Failure.rendered<object>({
  message: (self) => message(self as SettingsError),
  hint: (self) => hint(self as SettingsError)
})(
  Schema.TaggedError<SettingsError, { readonly hint: string }>()("SettingsError", {
    problems: Schema.Array(Problem),
    /** Where settings were looked for, in the order in which they count. */
    looked: Schema.Array(Schema.String)
  })
) {}

const hint = (self: SettingsError): string =>
  self.problems.every(({ at }) => at !== undefined)
    ? "Nothing was sent. With fleet.schema.json, which comes with privx-kit, an editor finds most of it."
    : "privx-kit doctor shows which value comes from where."

const message = (self: SettingsError): string =>
  self.problems.map(({ fix, problem, setting }) => `The ${setting} ${problem}. ${fix}`).join(" ")
