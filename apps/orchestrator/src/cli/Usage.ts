/** Reports a command line that the parser rejects, with the closest match, and exits with code 2. */
import type * as CliError from "effect/cli/CliError"
import * as Effect from "effect/Effect"
import * as FlagKinds from "./flags/FlagKinds.ts"
import { Screen } from "../terminal/Screen.ts"
import * as ExitCode from "./ExitCode.ts"
import { Ended } from "../domain/Ended.ts"
import * as Outcome from "./Outcome.ts"
import { UsageError } from "./UsageError.ts"

export const fail = Effect.fnUntraced(function* (
  error: CliError.CliError,
  args: ReadonlyArray<string>
): Effect.fn.Return<never, Ended, Screen> {
  const { err, out } = yield* Screen
  const path = error._tag === "ShowHelp" ? error.commandPath : ["privx-kit"]
  const errors = error._tag === "ShowHelp" ? error.errors : [error]
  const failure = new UsageError({
    command: path.join(" "),
    problems: errors.length === 0 ? [`${path.join(" ")} needs a command.`] : [...new Set(errors.map(sentence))]
  })
  if (wantsJson(args)) {
    yield* out.line(
      Outcome.document(path.slice(1).join(" "), { error: yield* Outcome.toJson(failure, ExitCode.exit("usage")) })
    )
  }
  yield* Effect.forEach(yield* Outcome.toLines(failure, err, false), err.line, { discard: true })
  return yield* Effect.fail(new Ended(ExitCode.exit("usage")))
})

/** Whether `--json` was given, as far as an invalid command line shows it. */
export const wantsJson = (args: ReadonlyArray<string>): boolean => {
  const end = args.indexOf("--")
  return (end === -1 ? args : args.slice(0, end)).includes("--json")
}

const sentence = (error: CliError.CliError): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return `The command has no flag ${error.option}.${meant(error.suggestions)}${forSecrets(error.option)}`
    case "UnknownSubcommand":
      // The word is not repeated, because it may be a secret.
      return `No such command exists.${meant(error.suggestions)}`
    case "UnexpectedArgument":
      return error.arguments.length === 1
        ? "The command line has one argument too many."
        : "The command line has too many arguments."
    case "MissingArgument":
      return `The argument ${error.argument} is missing.`
    case "MissingOption":
      return `The flag --${error.option} is missing.`
    case "InvalidValue":
      if (expected(error.expected) === FlagKinds.notEmpty) {
        return `The ${error.kind === "argument" ? "argument " : "flag --"}${error.option} must not be empty.`
      }
      return error.kind === "argument"
        ? `The argument ${error.option} must be ${expected(error.expected)}.${forSecrets(error.value)}`
        : error.expected.includes("at most 1 value")
          ? `The flag --${error.option} can be given only once.`
          : error.value === ""
            ? `The flag --${error.option} needs a value: ${expected(error.expected)}.`
            : `The value of --${error.option}, "${error.value}", must be ${expected(error.expected)}.`
    default:
      return error.message
  }
}

/** Renders Effect's choices, `"a" | "b"`, as a list. */
const expected = (text: string): string => {
  const plain = text.replace(/^Expected:? /, "").replace(/\.$/, "")
  return /^"[^"]*"( \| "[^"]*")+$/.test(plain) ? `one of ${plain.replaceAll('"', "").split(" | ").join(", ")}` : plain
}

const meant = (suggestions: ReadonlyArray<string>): string =>
  suggestions.length === 0 ? "" : ` Did you mean ${suggestions.join(" or ")}?`

const forSecrets = (option: string): string =>
  /secret|token|password|client|key/.test(option)
    ? " Credentials are never taken from the command line, where others can see them. Run privx-kit help settings to see where they go."
    : ""
