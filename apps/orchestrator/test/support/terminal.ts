/** The command line at a terminal with scripted input. Needs `script` of util-linux. */
import * as Effect from "effect/Effect"
import { execFileSync, spawn } from "node:child_process"
import * as cli from "./cli.ts"

export interface Terminal {
  /** The complete output so far: both streams and the echoed input. */
  readonly shown: () => string
  /** Waits until the text has been shown. */
  readonly shows: (text: string) => Effect.Effect<void>
  readonly type: (text: string) => Effect.Effect<void>
  /** Waits for the end of the command. */
  readonly exitCode: Effect.Effect<number | null>
}

export const ctrlC = "\u0003"

/** The reason why this machine has no terminal. */
export const missing: string | undefined = (() => {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux")
      ? undefined
      : "script is not that of util-linux"
  } catch {
    return "there is no script of util-linux"
  }
})()

/** Starts the command; it is killed at the end of the test. */
export const start = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const command = cli.command(args).map(quoted).join(" ")
        return spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
          env: { ...cli.surroundings, SHELL: "/bin/sh", TERM: "dumb", ...env },
          stdio: ["pipe", "pipe", "inherit"]
        })
      }),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    ),
    (child): Terminal => {
      let shown = ""
      let over = false
      child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text))
      const closed = new Promise<number | null>((resolve) =>
        child.once("close", (code) => {
          over = true
          resolve(code)
        })
      )
      return {
        shown: () => shown,
        shows: (text) =>
          Effect.suspend(() =>
            over && !shown.includes(text)
              ? Effect.die(new Error(`it ended and never showed "${text}":\n${shown}`))
              : Effect.void
          ).pipe(Effect.delay("10 millis"), Effect.repeat({ until: () => shown.includes(text) }), Effect.asVoid),
        type: (text) => Effect.sync(() => void child.stdin.write(text)),
        exitCode: Effect.promise(() => closed)
      }
    }
  )

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
