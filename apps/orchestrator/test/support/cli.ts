/** The command line as a separate process, started like by a user. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import * as path from "node:path"
import { inject } from "vitest"

export interface Ended {
  /** `null` if a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  /** In addition to a minimal environment; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Its standard output has no reader, as after `| head -0`. */
  readonly closeStdout?: boolean
  /** Receives a function that returns the standard output so far. */
  readonly onStart?: (stdout: () => string) => void
  /** Sends the signal when the effect succeeds, or when standard error contains the text. */
  readonly interrupt?: { readonly signal: NodeJS.Signals; readonly when: Effect.Effect<unknown> | string }
}

/** The program that `program.ts` has built. */
export const program = path.join(inject("program"), "bin", "privx-kit.cjs")

/** The command that starts it. */
export const command = (args: ReadonlyArray<string>): ReadonlyArray<string> => [process.execPath, program, ...args]

/** Its environment, without the variables of a test. */
export const surroundings = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  LANG: "C.UTF-8",
  // Without a home directory, nothing would be cached for the next start.
  NODE_COMPILE_CACHE: path.join(inject("program"), "compiled")
}

const written = (output: () => string, text: string) =>
  Effect.sync(() => output().includes(text)).pipe(
    Effect.delay("20 millis"),
    Effect.repeat({ until: (has) => has }),
    Effect.timeoutOrElse({ duration: "100 seconds", orElse: () => Effect.die(new Error(`it never wrote: ${text}`)) })
  )

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
    // A command that does not read its input may have exited before the input was written.
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
          typeof interrupt.when === "string" ? written(() => stderr, interrupt.when) : interrupt.when,
          Effect.sync(() => child.kill(interrupt.signal))
        )
      ],
      { concurrency: 2 }
    )
    return end
  })

/** The single document of `--json`. Throws if there is none or more than one. */
export const json = (
  ended: Ended
): { readonly result?: unknown; readonly error?: Record<string, unknown> } & Record<string, unknown> =>
  JSON.parse(ended.stdout)
