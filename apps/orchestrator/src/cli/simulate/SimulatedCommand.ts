/** Runs a command against the simulator: with its settings in the environment, and with no other setting of PrivX. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { constants } from "node:os"
import type { Exit } from "../ExitCode.ts"
import { UsageError } from "../UsageError.ts"

/**
 * Runs the command to its end, with this process's terminal, and returns its exit code. `privx-kit` as the first word is this
 * program, wherever it is installed. When this process is stopped, so is the command.
 */
export const run = (
  [first = "", ...rest]: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>
): Effect.Effect<Exit, UsageError> =>
  Effect.callback((resume) => {
    const [program, ...args] =
      first === "privx-kit" ? [process.execPath, ...process.execArgv, process.argv[1] ?? "", ...rest] : [first, ...rest]
    const child = spawn(program ?? "", args, { stdio: "inherit", env: { ...surroundings(), ...environment } })
    const ended = new Promise<void>((resolve) => {
      child.once("error", (error) => {
        resolve()
        resume(Effect.fail(notStarted(first, error)))
      })
      child.once("exit", (code, signal) => {
        resolve()
        resume(Effect.succeed(exit(code, signal)))
      })
    })
    return Effect.promise(() => {
      // After Ctrl-C it has the signal already; after SIGTERM for this process alone it has not.
      child.kill("SIGTERM")
      return ended
    })
  })

/** Settings of a real PrivX host must not mix with those of the simulator. */
const surroundings = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^PRIVX_(API|EXCHANGE|PLAYBACK)_|^PRIVX_KIT_(CONFIG|SERVER)/.test(name)
    )
  )

const exit = (code: number | null, signal: NodeJS.Signals | null): Exit => ({
  name: "command",
  code: code ?? 128 + (signal === null ? 0 : constants.signals[signal])
})

const notStarted = (command: string, error: Error) =>
  new UsageError({
    command: "privx-kit simulate",
    problems: [
      `Cannot start ${command}: ${"code" in error && error.code === "ENOENT" ? "no such command exists" : error.message}.`
    ]
  })
