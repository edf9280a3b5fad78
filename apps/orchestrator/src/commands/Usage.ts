/** A command line that the parser refuses: said on standard error, with what was probably meant, and exit code 2. */
import type * as CliError from "effect/cli/CliError"
import * as Effect from "effect/Effect"
import { Screen } from "../terminal/Screen.ts"
import * as Outcome from "./Outcome.ts"
import { UsageError } from "./UsageError.ts"

export const fail = Effect.fnUntraced(function* (
  error: CliError.CliError,
  args: ReadonlyArray<string>
): Effect.fn.Return<never, Outcome.Ended, Screen> {
  const { err, out } = yield* Screen
  const path = error._tag === "ShowHelp" ? error.commandPath : ["privx-kit"]
  const errors = error._tag === "ShowHelp" ? error.errors : [error]
  const failure = new UsageError({
    command: path.join(" "),
    problems: errors.length === 0 ? [`${path.join(" ")} needs a command.`] : [...new Set(errors.map(sentence))]
  })
  if (wantsJson(args)) {
    yield* out.line(Outcome.document(path.slice(1).join(" "), { error: yield* Outcome.toJson(failure) }))
  }
  yield* Effect.forEach(yield* Outcome.toLines(failure, err), err.line, { discard: true })
  return yield* Effect.fail(new Outcome.Ended("usage"))
})

/** Whether `--json` was given, as far as that can be said of a command line that is not understood. */
export const wantsJson = (args: ReadonlyArray<string>): boolean => {
  const end = args.indexOf("--")
  return (end === -1 ? args : args.slice(0, end)).includes("--json")
}

const sentence = (error: CliError.CliError): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return `There is no flag ${error.option} here.${meant(error.suggestions)}${forSecrets(error.option)}`
    case "UnknownSubcommand":
      // A word that is no command may be anything, a secret among it.
      return `There is no such command.${meant(error.suggestions)}`
    case "UnexpectedArgument":
      return error.arguments.length === 1 ? "There is an argument too many." : "There are arguments too many."
    case "MissingArgument":
      return `The argument ${error.argument} is missing.`
    case "MissingOption":
      return `The flag --${error.option} is missing.`
    case "InvalidValue":
      return error.kind === "argument"
        ? `The argument ${error.option} must be ${expected(error.expected)}.`
        : error.value === ""
          ? `The flag --${error.option} needs a value: ${expected(error.expected)}.`
          : `The value of --${error.option}, "${error.value}", must be ${expected(error.expected)}.`
    default:
      return error.message
  }
}

const expected = (text: string): string => text.replace(/^Expected:? /, "").replace(/\.$/, "")

const meant = (suggestions: ReadonlyArray<string>): string =>
  suggestions.length === 0 ? "" : ` Did you mean ${suggestions.join(" or ")}?`

const forSecrets = (option: string): string =>
  /secret|token|password|client|key/.test(option)
    ? " Credentials are never taken from the command line, where others can see them: see SETTINGS in --help."
    : ""
