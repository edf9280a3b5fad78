/** Test programs in separate processes, which a test can kill. */
import * as Effect from "effect/Effect"
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import * as path from "node:path"
import type { Readable } from "node:stream"

export interface Program {
  readonly pid: number
  /** Everything printed so far. */
  readonly output: () => string
  /** Waits until the program has printed a line that starts with the given text, and returns the rest of that line. */
  readonly line: (beginning: string) => Effect.Effect<string>
  /** Sends SIGKILL and waits until the process has ended. */
  readonly kill: Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Waits until the process has ended. */
  readonly exitCode: Effect.Effect<number | null>
}

export interface Options {
  /** Runs the program as another user. */
  readonly uid?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a TypeScript file, and kills the process when the test ends. */
export const start = (file: string, args: ReadonlyArray<string>, options: Options = {}) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      watch(
        spawn(process.execPath, ["--conditions=@privx-kit/source", path.resolve(file), ...args], {
          stdio: ["ignore", "pipe", "pipe"],
          env: { ...process.env, ...options.env },
          ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid })
        })
      )
    ),
    (program) => program.kill
  )

const watch = (child: ChildProcessByStdio<null, Readable, Readable>): Program => {
  let output = ""
  const waiting = new Set<() => void>()
  const wake = () => waiting.forEach((check) => check())
  const onData = (data: string) => {
    output += data
    wake()
  }
  child.stdout.setEncoding("utf8").on("data", onData)
  child.stderr.setEncoding("utf8").on("data", onData)
  const closed = once(child, "close")
  child.on("close", wake)

  const find = (beginning: string): string | undefined =>
    output
      .split("\n")
      .slice(0, -1)
      .find((line) => line.startsWith(beginning))
      ?.slice(beginning.length)

  const over = () => child.exitCode !== null || child.signalCode !== null

  return {
    pid: child.pid ?? 0,
    output: () => output,
    line: (beginning) =>
      Effect.callback<string>((resume) => {
        const check = () => {
          const rest = find(beginning)
          if (rest === undefined && !over()) return
          waiting.delete(check)
          resume(
            rest === undefined
              ? Effect.die(new Error(`the program ended without the line "${beginning}…":\n${output}`))
              : Effect.succeed(rest)
          )
        }
        waiting.add(check)
        check()
      }),
    kill: Effect.promise(async () => {
      child.kill("SIGKILL")
      await closed
    }),
    signal: (signal) => Effect.sync(() => void child.kill(signal)),
    exitCode: Effect.promise(async () => {
      await closed
      return child.exitCode
    })
  }
}
