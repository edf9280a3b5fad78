/** The command line as a process of its own, started as a user would start it. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import * as path from "node:path"

export interface Ended {
  /** `null` when a signal killed it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  /** Beside a bare minimum; nothing of the surroundings comes in. */
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Nobody reads its standard output, as after `| head -0`. */
  readonly closeStdout?: boolean
  /** Gets a function that tells what standard output has so far. */
  readonly onStart?: (stdout: () => string) => void
  /** Sends the signal when this is done. */
  readonly interrupt?: { readonly signal: NodeJS.Signals; readonly when: Effect.Effect<unknown> }
}

const main = path.join(import.meta.dirname, "..", "..", "src", "main.ts")

/** The words that start it. */
export const command = (args: ReadonlyArray<string>): ReadonlyArray<string> => [
  process.execPath,
  "--conditions=@privx-kit/source",
  main,
  ...args
]

/** The environment that it is started in, beside what a test adds. */
export const surroundings = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", LANG: "C.UTF-8" }

/** Runs it to its end. */
export const run = (args: ReadonlyArray<string>, options: Options = {}): Effect.Effect<Ended> =>
  Effect.gen(function* () {
    const [node = "", ...words] = command(args)
    const child = spawn(node, words, {
      env: { ...surroundings, ...options.env },
      stdio: ["pipe", "pipe", "pipe"]
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    if (options.closeStdout === true) child.stdout.destroy()
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    options.onStart?.(() => stdout)
    // A command that does not read its input may be gone before it was written.
    child.stdin.on("error", () => {})
    child.stdin.end(options.stdin ?? "")
    const ended = Effect.callback<Ended>((resume) => {
      child.once("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
      return Effect.sync(() => child.kill("SIGKILL"))
    })
    const { interrupt } = options
    if (interrupt === undefined) return yield* ended
    const [end] = yield* Effect.all(
      [
        ended,
        Effect.andThen(
          interrupt.when,
          Effect.sync(() => child.kill(interrupt.signal))
        )
      ],
      { concurrency: 2 }
    )
    return end
  })

/** The one document that `--json` prints. Throws when there is more or less than one. */
export const json = (
  ended: Ended
): { readonly result?: unknown; readonly error?: Record<string, unknown> } & Record<string, unknown> =>
  JSON.parse(ended.stdout)
