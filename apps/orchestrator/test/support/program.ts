/** Programs of `test/programs` as processes of their own: something to kill. */
import * as Effect from "effect/Effect"
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import * as path from "node:path"
import type { Readable } from "node:stream"

export interface Program {
  readonly pid: number
  /** Everything printed so far. */
  readonly output: () => string
  /** Waits until the program has printed a line that begins so, and answers with the rest of that line. */
  readonly line: (beginning: string) => Effect.Effect<string>
  /** `kill -9`, and waits until it is gone. */
  readonly kill: Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Waits for its end. */
  readonly exitCode: Effect.Effect<number | null>
}

const programs = path.join(import.meta.dirname, "..", "programs")

export interface Options {
  /** Lets it run as another user. */
  readonly uid?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a program, and kills it when the test is over. */
export const start = (name: string, args: ReadonlyArray<string>, options: Options = {}) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      watch(
        spawn(process.execPath, ["--conditions=@privx-kit/source", path.resolve(programs, name), ...args], {
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
