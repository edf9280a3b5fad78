/**
 * Reads fleet definitions from the network within limits: in a few threads with little memory and time, so that the
 * server keeps responding to other callers. If all threads are busy, the caller must try again later.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { Worker } from "node:worker_threads"
import type * as FleetFile from "../fleet/FleetFile.ts"
import type { FleetHost } from "../fleet/FleetHosts.ts"
import { InvalidInput } from "@privx-kit/runs/RunFailures"
import { decode, type DefinitionFailure } from "./DefinitionFailure.ts"
import type { Answer, Head, SubmittedSchedule, Task } from "./DefinitionThread.ts"
import * as Problem from "./Problem.ts"

/** The fields that the server uses. */
export type SubmittedFleet = Pick<FleetFile.Fleet, "name" | "file" | "concurrency" | "maxAge" | "hosts"> & {
  readonly schedule: SubmittedSchedule | undefined
  /** The digest of its hosts and their inputs, from `FleetRun.digestOf`. */
  readonly digest: string
}

export interface Limits {
  /** CPU time for one definition, in milliseconds. */
  readonly time: number
  /** Heap for one definition, in megabytes. */
  readonly memory: number
  /** Maximum number of definitions that are read concurrently. */
  readonly threads: number
  /** Maximum number of definitions of one caller, including waiting ones. Only one of them is read at a time. */
  readonly perCaller: number
  /** Maximum number of definitions in total, including waiting ones. */
  readonly open: number
}

/** Ten thousand hosts in YAML take half a second and 200 MB. */
export const defaults: Limits = { time: 5000, memory: 400, threads: 2, perCaller: 16, open: 64 }

export class DefinitionReader extends Context.Service<
  DefinitionReader,
  {
    /** @param caller the caller whose share of the threads it uses */
    readonly read: (task: Task, caller: string) => Effect.Effect<SubmittedFleet, DefinitionFailure | Problem.Problem>
  }
>()("privx-kit/server/DefinitionReader") {
  static readonly layer = (limits: Partial<Limits> = {}): Layer.Layer<DefinitionReader> =>
    Layer.effect(DefinitionReader, make({ ...defaults, ...limits }))
}

const make = Effect.fnUntraced(function* (limits: Limits) {
  const idle: Array<Worker> = []
  const all = new Set<Worker>()
  yield* Effect.addFinalizer(() => Effect.promise(() => Promise.all([...all].map((worker) => worker.terminate()))))
  const threads = Semaphore.makeUnsafe(limits.threads)
  const open = new Map<string, { readonly one: Semaphore.Semaphore; count: number }>()
  let total = 0

  const take = Effect.suspend(() => {
    const worker = idle.pop()
    if (worker !== undefined) return Effect.succeed(worker)
    return Effect.flatMap(
      Effect.promise(() => import("./DefinitionThread.ts")),
      ({ start }) => {
        const started = start(limits.memory)
        all.add(started)
        started.once("exit", () => {
          all.delete(started)
          const at = idle.indexOf(started)
          if (at >= 0) idle.splice(at, 1)
        })
        return ready(started)
      }
    )
  })

  /** A thread that was stopped while reading cannot be used again. */
  const release = (worker: Worker, done: boolean) =>
    Effect.sync(() => {
      worker.removeAllListeners("message")
      worker.removeAllListeners("error")
      // A thread that fails while idle is discarded.
      worker.on("error", () => {})
      if (done) idle.push(worker)
      else void worker.terminate()
    })

  const read = (task: Task) =>
    threads.withPermit(
      Effect.acquireUseRelease(
        take,
        (worker) => reading(worker, task, limits),
        (worker, exit) => release(worker, exit._tag === "Success" && !("stopped" in exit.value))
      )
    )

  /** Counts open requests, and refuses further requests of a caller with too many. */
  const share = (caller: string) =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        const own = open.get(caller) ?? { one: Semaphore.makeUnsafe(1), count: 0 }
        if (own.count >= limits.perCaller || total >= limits.open) return Effect.fail(busy)
        open.set(caller, own)
        own.count++
        total++
        return Effect.succeed(own)
      }),
      (own) =>
        Effect.sync(() => {
          total--
          if (--own.count === 0) open.delete(caller)
        })
    )

  return DefinitionReader.of({
    read: Effect.fn("DefinitionReader.read")(function* (task, caller) {
      const { one } = yield* share(caller)
      // The other threads are reserved for other callers.
      const result = yield* one.withPermit(read(task))
      if ("stopped" in result) return yield* new InvalidInput({ detail: why[result.stopped](limits) })
      if ("failure" in result) return yield* Effect.flatMap(Effect.orDie(decode(result.failure)), Effect.fail)
      if ("broken" in result) return yield* Effect.die(new Error(result.broken))
      return result.fleet
    }, Effect.scoped)
  })
})

const busy = Problem.make(503, {
  _tag: "TooManyDefinitions",
  code: "server",
  message: "Too many fleet definitions are being read at once, from this caller or in total.",
  hint: "Try again when the other requests have finished."
})

type Result =
  | { readonly fleet: SubmittedFleet }
  | Extract<Answer, { readonly failure: Schema.Json }>
  | Extract<Answer, { readonly broken: string }>
  | { readonly stopped: "time" | "memory" }

const why: Readonly<Record<"time" | "memory", (limits: Limits) => string>> = {
  time: ({ time }) =>
    `reading the definition takes more than ${Duration.toSeconds(time)} s of computing time: split it into several fleets`,
  memory: ({ memory }) => `reading the definition takes more than ${memory} MB of memory: split it into several fleets`
}

/** Waits until the thread has loaded its modules, which does not count towards the limit of a definition. */
const ready = (worker: Worker): Effect.Effect<Worker> =>
  Effect.callback((resume) => {
    worker.once("message", () => resume(Effect.succeed(worker)))
    worker.once("error", (error) => resume(Effect.die(error)))
    worker.once("exit", () => resume(Effect.die(new Error("the thread that reads definitions ended at its start"))))
  })

/** The definition that the thread has read, or why it was stopped. */
const reading = (worker: Worker, task: Task, limits: Limits): Effect.Effect<Result> =>
  Effect.callback((resume) => {
    const startedAt = performance.now()
    const before = usage(worker)
    let over = false
    let head: Head | undefined
    const hosts: Array<FleetHost> = []
    const end = (result: Result): void => {
      over = true
      clearTimeout(timer)
      resume(Effect.succeed(result))
    }
    const check = async () => {
      const waited = performance.now() - startedAt
      const [from, to] = await Promise.all([before, usage(worker)])
      if (over) return
      // If Node does not report CPU time, half of the elapsed time.
      const spent = from === undefined || to === undefined ? waited / 2 : to - from
      if (spent >= limits.time || waited >= 4 * limits.time) return end({ stopped: "time" })
      timer = setTimeout(check, Math.max(100, limits.time - spent))
    }
    let timer = setTimeout(check, limits.time)
    worker.on("message", (answer: Answer) => {
      if (answer === "ready") return
      if ("head" in answer) head = answer.head
      else if ("hosts" in answer) hosts.push(...answer.hosts)
      else return end(answer)
      if (head === undefined) return
      const { count, maxAgeMillis, ...rest } = head
      if (hosts.length < count) return worker.postMessage("next")
      const maxAge = maxAgeMillis === undefined ? undefined : Duration.millis(maxAgeMillis)
      end({ fleet: { ...rest, maxAge, hosts } })
    })
    worker.on("error", (error) =>
      end(
        error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? { stopped: "memory" }
          : { broken: String(error) }
      )
    )
    worker.postMessage(task)
    return Effect.sync(() => {
      over = true
      clearTimeout(timer)
    })
  })

/**
 * CPU time of the thread since its start, in milliseconds; `undefined` if Node does not report it, or the thread has
 * ended.
 */
const usage = async (worker: Worker): Promise<number | undefined> => {
  if (typeof worker.cpuUsage !== "function") return undefined
  try {
    const { system, user } = await worker.cpuUsage()
    return (system + user) / 1000
  } catch {
    return undefined
  }
}
