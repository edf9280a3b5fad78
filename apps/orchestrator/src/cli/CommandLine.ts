/**
 * Runs the tree of commands, and ends each command. `--help` loads only this module and the definitions of the commands;
 * each command loads the modules of its work when it runs.
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Domain } from "../domain/Domain.ts"
import { Domains } from "../domain/Domains.ts"
import { Screen } from "../terminal/Screen.ts"
import * as Logging from "../terminal/Logging.ts"
import * as Help from "./Help.ts"
import * as CommandTree from "./CommandTree.ts"
import { redirected } from "./HelpCommand.ts"
import type { Ended } from "../domain/Ended.ts"
import * as Outcome from "./Outcome.ts"
import * as ParserServices from "./ParserServices.ts"
import * as Usage from "./Usage.ts"

/** Runs the command line. Fails with `Ended` if the exit code is not 0; all messages have been printed by then. */
export const run = (
  args: ReadonlyArray<string>,
  version: string,
  domains: ReadonlyArray<Domain>
): Effect.Effect<void, Ended, Screen | Domains> =>
  Effect.suspend(() => {
    const words = redirected(args)
    return Effect.flatMap(CommandTree.make(domains, version, words), (tree) =>
      Command.runWith(tree, { version })(words)
    )
  }).pipe(
    Effect.catch((error) => (CliError.isCliError(error) ? Usage.fail(error, args) : Effect.fail(error))),
    // A command reports its own defects; this handles those of the parser.
    Effect.catchDefect((defect) =>
      Outcome.reportDefect(defect, { json: Usage.wantsJson(args), verbose: args.includes("--verbose") })
    ),
    Outcome.checkOutput,
    Effect.provide(
      Layer.mergeAll(configuration, presenter, console, Logging.layer(args.includes("--verbose") ? "Debug" : "Warn"))
    ),
    Effect.provide(ParserServices.layer)
  )

/** Without the wizard, which would prompt for secrets on the command line. */
const configuration = CliConfig.layer({
  builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.LogLevel]
})

/** The output of parser actions is a result. */
const console = Layer.effect(
  Console.Console,
  Effect.map(Screen, ({ out }) => ({ ...globalThis.console, log: (text: string) => Effect.runSync(out.line(text)) }))
)

/** Requested help goes to standard output; help after a mistake does not. */
const presenter = Layer.effect(
  CliOutput.Presenter,
  Effect.gen(function* () {
    const { err, out } = yield* Screen
    return {
      present: (event) => {
        switch (event._tag) {
          case "Version":
            return out.line(event.version)
          case "InvalidInvocation":
            return Effect.void
          case "Help": {
            const pane = event.reason === "Requested" ? out : err
            return pane.line(Help.render(event.helpDoc, pane.style, pane.columns()))
          }
        }
      }
    }
  })
)
