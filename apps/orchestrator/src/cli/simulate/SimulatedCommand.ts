/**
 * Runs a command against the simulator, with the simulator's settings in the environment and no other PrivX settings.
 */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { constants } from "node:os"
import type { Exit } from "../ExitCode.ts"
import { UsageError } from "../UsageError.ts"

/**
 * Runs the command to its end, on the terminal of this process, and returns its exit code. `privx-kit` as the first word
 * means this program, wherever it is installed. When this process is stopped, it stops the command.
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
      // After Ctrl-C the command already has the signal; after a SIGTERM for this process alone it does not.
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
