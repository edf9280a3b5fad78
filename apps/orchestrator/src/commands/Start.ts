/** Runs the command line in this process: signals, broken pipes, exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import * as ExitCode from "../ExitCode.ts"
import { Screen } from "../terminal/Screen.ts"
import * as CommandLine from "./CommandLine.ts"
import * as Interruption from "./Interruption.ts"

export const start = (args: ReadonlyArray<string>, version: string): void => {
  Interruption.listen()
  for (const stream of [process.stdout, process.stderr]) {
    // Whoever read it has gone (`| head`): there is nobody to tell.
    stream.on("error", () => {})
  }
  // Known before anything is parsed: a mistake on the command line is shown as well.
  const color = args.includes("--no-color") ? false : args.includes("--color") ? true : undefined
  NodeRuntime.runMain(Effect.provide(CommandLine.run(args, version), Screen.layer(color)), {
    // Whatever there is to say has been said, and not on standard output.
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      if (Exit.isSuccess(exit)) return onExit(ExitCode.table.ok.code)
      onExit(
        Cause.hasInterruptsOnly(exit.cause)
          ? ExitCode.table[Interruption.exitName()].code
          : Runtime.getErrorExitCode(Cause.squash(exit.cause))
      )
    }
  })
}
