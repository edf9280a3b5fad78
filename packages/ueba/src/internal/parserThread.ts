/**
 * The parser in a thread of its own, so that a script that was written to keep it busy keeps nothing else busy, and one
 * that fills the memory ends the thread and not the process.
 *
 * The thread runs this very file: it is started on the URL of this module and finds itself asked by its `workerData`. So
 * there is no second file for a bundler to miss, as long as this one stays a file: it is imported on demand only. Where a
 * bundler has put it into another file, {@link available} is false, because that file must not be run again.
 */
import { parentPort, Worker, workerData } from "node:worker_threads"
import type { ShellSyntax } from "./shellSyntax.ts"
import { analyse } from "./analysis.ts"

const marker = "@privx-kit/ueba/parserThread"

interface Task {
  readonly [marker]: true
  readonly source: string
  readonly posix: boolean
}

/** The response of the thread: the analysis, or why it failed. */
export type Answer =
  | { readonly syntax: ShellSyntax }
  | { readonly stopped: "time" | "memory" }
  | { readonly broken: unknown }

const self = import.meta.url

/** Whether this module is still a file of its own. */
export const available: boolean = /^file:.*\/parserThread[^/]*\.[jt]s$/.test(self)

/**
 * Starts a thread on `source`, and hands its answer to `done`, once.
 *
 * @param limits milliseconds of computing, the start of the thread included; megabytes of heap
 * @returns what ends it early
 */
export const start = (
  task: { readonly source: string; readonly posix: boolean },
  limits: { readonly time: number; readonly memory: number },
  done: (answer: Answer) => void
): (() => void) => {
  const worker = new Worker(new URL(self), {
    workerData: { [marker]: true, ...task } satisfies Task,
    // Nothing of this process is its business, and its flags may name files that only the main thread can load.
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: limits.memory, stackSizeMb: 4 }
  })
  let over = false
  const end = (answer: Answer | undefined) => {
    if (over) return
    over = true
    clearTimeout(deadline.timer)
    void worker.terminate()
    if (answer !== undefined) done(answer)
  }
  const started = performance.now()
  const check = async () => {
    const waited = performance.now() - started
    const spent = await computed(worker, waited)
    if (over) return
    if (spent >= limits.time || waited >= 6 * limits.time) return end({ stopped: "time" })
    deadline.timer = setTimeout(check, Math.max(100, limits.time - spent))
  }
  const deadline = { timer: setTimeout(check, limits.time) }
  worker.on("message", (answer: Answer) => end(answer))
  worker.on("error", (thrown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    end("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY" ? { stopped: "memory" } : { broken: error })
  })
  worker.on("exit", () => end({ broken: new Error("the thread ended without an answer") }))
  return () => end(undefined)
}

/**
 * Milliseconds that the thread has computed; where Node does not tell, half of those that have passed.
 *
 * @param passed milliseconds by the clock on the wall
 */
const computed = async (worker: Worker, passed: number): Promise<number> => {
  if (typeof worker.cpuUsage !== "function") return passed / 2
  try {
    const { system, user } = await worker.cpuUsage()
    return (system + user) / 1000
  } catch {
    // It has ended in between, and says so itself.
    return 0
  }
}

const isTask = (data: unknown): data is Task => typeof data === "object" && data !== null && marker in data

const serve = async (port: NonNullable<typeof parentPort>, task: Task): Promise<void> => {
  const parser = await import("unbash")
  let answer: Answer
  try {
    answer = { syntax: analyse(parser, task.source, task.posix) }
  } catch (error) {
    answer = { broken: error }
  }
  port.postMessage(answer)
}

if (parentPort !== null && isTask(workerData)) void serve(parentPort, workerData)
