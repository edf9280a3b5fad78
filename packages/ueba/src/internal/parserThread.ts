/**
 * Runs the parser in a separate thread. A script that keeps the parser busy does not block the event loop, and a script
 * that exhausts the memory ends only the thread, not the process.
 *
 * The thread runs this file: the module starts a thread with its own URL and recognizes the thread by its `workerData`. A
 * bundler therefore cannot miss a second file, provided that this module remains a file: it is only imported dynamically.
 * If a bundler has merged it into another file, {@link available} is false, because that file must not run again.
 */
import { parentPort, Worker, workerData } from "node:worker_threads"
import type { ShellSyntax } from "./syntax/shellSyntax.ts"
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

/** Whether this module is still a separate file. */
export const available: boolean = /^file:.*\/parserThread[^/]*\.[jt]s$/.test(self)

/**
 * Starts a thread that parses `source`, and calls `done` once with its response.
 *
 * @param limits CPU time in milliseconds, including the start of the thread; heap in megabytes
 * @returns a function that ends the thread early
 */
export const start = (
  task: { readonly source: string; readonly posix: boolean },
  limits: { readonly time: number; readonly memory: number },
  done: (answer: Answer) => void
): (() => void) => {
  const worker = new Worker(new URL(self), {
    workerData: { [marker]: true, ...task } satisfies Task,
    // The thread needs nothing of this process, and the flags of the process may name files that only the main thread can
    // load.
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
 * CPU time of the thread in milliseconds; half of the elapsed time if Node does not report it.
 *
 * @param passed elapsed wall-clock time in milliseconds
 */
const computed = async (worker: Worker, passed: number): Promise<number> => {
  if (typeof worker.cpuUsage !== "function") return passed / 2
  try {
    const { system, user } = await worker.cpuUsage()
    return (system + user) / 1000
  } catch {
    // The thread has ended in the meantime and reports that itself.
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
