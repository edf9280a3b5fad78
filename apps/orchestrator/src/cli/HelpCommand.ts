/**
 * `privx-kit help`: the tables that all commands share. With the words of a command, it shows the help of that command.
 */
import * as Argument from "effect/cli/Argument"
import * as Effect from "effect/Effect"
import { Screen } from "../terminal/Screen.ts"
import * as Help from "./Help.ts"
import * as HelpSections from "./HelpSections.ts"
import { lazyCommand } from "./LazyCommand.ts"

const names = ["exit-codes", "environment", "settings"] as const

export const help = lazyCommand("help", {
  parameters: { topic: Argument.Literals("TOPIC", names).pipe(Argument.withDescription("What to explain")) },
  description:
    "Show all exit codes, all variables of the environment, or all settings of PrivX. With a command instead of a topic, show the help of the command.",
  shortDescription: "Explain exit codes, environment and settings",
  examples: [
    { command: "privx-kit help exit-codes" },
    { command: "privx-kit help ueba setup", description: "The same as privx-kit ueba setup --help" }
  ],
  exitCodes: [],
  load:
    async ({ topic }) =>
    () =>
      show(topic)
})

const show = Effect.fnUntraced(function* (topic: (typeof names)[number]) {
  const { out } = yield* Screen
  yield* out.line(Help.renderSection(HelpSections.topics[topic], out.style, out.columns()))
})

/** `help WORDS` means `WORDS --help`, unless the word is a topic. */
export const redirected = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [first, ...rest] = args
  if (first !== "help" || rest.some((word) => word.startsWith("-"))) return args
  return rest.length === 1 && names.some((name) => name === rest[0]) ? args : [...rest, "--help"]
}
