/**
 * The command line as a whole: the tree of commands, and what is done with what it ends in. Only this and the definitions
 * of the commands are loaded to answer `--help`; the work is in modules that each command loads when it is run.
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Screen } from "../terminal/Screen.ts"
import * as Logging from "../terminal/Logging.ts"
import { artifacts } from "./ArtifactsCommand.ts"
import { database } from "./DatabaseCommand.ts"
import { demo } from "./DemoCommand.ts"
import { doctor } from "./DoctorCommand.ts"
import { fleet } from "./FleetCommand.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as Help from "./Help.ts"
import * as HelpSections from "./HelpSections.ts"
import { openapi } from "./OpenApiCommand.ts"
import * as Outcome from "./Outcome.ts"
import * as ParserServices from "./ParserServices.ts"
import { playback } from "./PlaybackCommand.ts"
import { runs } from "./RunsCommand.ts"
import { serve } from "./ServeCommand.ts"
import { simulate } from "./SimulateCommand.ts"
import { ueba } from "./UebaCommand.ts"
import * as Usage from "./Usage.ts"
import { verify } from "./VerifyCommand.ts"
import { worker } from "./WorkerCommand.ts"

const root = Command.make("privx-kit").pipe(
  Command.withDescription("Carries the jobs around SSH PrivX through, whatever fails on the way."),
  Command.withSubcommands([
    ueba,
    fleet,
    runs,
    artifacts,
    verify,
    playback,
    doctor,
    serve,
    worker,
    database,
    simulate,
    demo,
    openapi
  ]),
  Command.withGlobalFlags(GlobalFlags.all),
  Command.withExamples([
    { command: "privx-kit demo", description: "See it work, without a PrivX" },
    { command: "privx-kit doctor", description: "Check settings, network, certificate and credentials" },
    { command: "privx-kit ueba setup --output ./ueba", description: "The job itself" }
  ]),
  Command.annotate(HelpSections.HelpSections, [HelpSections.settings, HelpSections.environment, HelpSections.exitCodes])
)

/** Runs the command line and fails with `Ended` when the exit code is not 0. Everything has then been said. */
export const run = (args: ReadonlyArray<string>, version: string): Effect.Effect<void, Outcome.Ended, Screen> =>
  Command.runWith(root, { version })(args).pipe(
    Effect.catch((error) => (CliError.isCliError(error) ? Usage.fail(error, args) : Effect.fail(error))),
    // A command reports its own defects; this is for those of the way there.
    Effect.catchDefect((defect) =>
      Outcome.reportDefect(defect, { json: Usage.wantsJson(args), verbose: args.includes("--verbose") })
    ),
    Effect.provide(
      Layer.mergeAll(configuration, presenter, Logging.layer(args.includes("--verbose") ? "Debug" : "Warn"))
    ),
    Effect.provide(ParserServices.layer)
  )

/** Without the wizard, which would ask for what must not be typed into a command line. */
const configuration = CliConfig.layer({
  builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions, GlobalFlag.LogLevel]
})

/** Help that was asked for is a result; help after a mistake is not, and leaves standard output clean. */
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
