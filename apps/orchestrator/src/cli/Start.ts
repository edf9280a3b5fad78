/** Runs the command line in this process: signals, broken pipes, exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Failure from "@privx-kit/core/Failure"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import type { Domain } from "../domain/Domain.ts"
import * as ConfigFile from "../config/ConfigFile.ts"
import * as DomainList from "../domain/DomainList.ts"
import * as ExitCode from "./ExitCode.ts"
import { Screen } from "../terminal/Screen.ts"
import * as CommandLine from "./CommandLine.ts"
import * as Interruption from "./Interruption.ts"
import * as SystemFailure from "./SystemFailure.ts"

export const start = (
  args: ReadonlyArray<string>,
  version: string,
  builtIn: ReadonlyArray<Domain>,
  loaded: ConfigFile.Loaded | undefined
): void => {
  const domains = [...builtIn, ...(loaded?.config.domains ?? [])]
  Interruption.listen()
  for (const stream of [process.stdout, process.stderr]) {
    // `Screen` records failures.
    stream.on("error", () => {})
  }
  // An error raised by an event, outside every Effect.
  process.on("uncaughtException", (error) => {
    const failure = SystemFailure.fromDefect(error)
    process.stderr.write(
      failure === undefined
        ? `privx-kit has an internal error: ${error.stack ?? error.message}. Please report it.\n`
        : `${Failure.render(failure)}\n`
    )
    process.exit(ExitCode.table[failure === undefined ? "defect" : "storage"].code)
  })
  // Needed before the command line is parsed, because mistakes are shown in color too.
  const color = args.includes("--no-color") ? false : args.includes("--color") ? true : undefined
  NodeRuntime.runMain(
    Effect.provide(CommandLine.run(args, version, domains), [
      Screen.layer(color),
      DomainList.layer(domains, loaded?.file),
      ...(loaded === undefined ? [] : [ConfigFile.layer(loaded.config)])
    ]),
    {
      // The command has already printed its messages.
      disableErrorReporting: true,
      teardown: (exit, onExit) => {
        if (Exit.isSuccess(exit)) return onExit(ExitCode.table.ok.code)
        onExit(
          Cause.hasInterruptsOnly(exit.cause)
            ? ExitCode.table[Interruption.exitName()].code
            : Runtime.getErrorExitCode(Cause.squash(exit.cause))
        )
      }
    }
  )
}
