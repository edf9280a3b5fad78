/**
 * Reads fleet definitions in a separate thread. A text that keeps the parser busy does not block the event loop, and a
 * text that exhausts the memory ends only the thread, not the server.
 *
 * The thread runs this file: the module starts a thread with its own URL and recognizes the thread by its `workerData`.
 * It is therefore imported only on demand, and remains a separate file if the program is bundled.
 */
import type * as EffectModule from "effect/Effect"
import type * as Schema from "effect/Schema"
import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads"
import type * as FleetFile from "../fleet/FleetFile.ts"
import type { FleetHost } from "../fleet/FleetHosts.ts"
import type { FleetBody } from "./FleetApi.ts"
import type { Serving } from "./Serving.ts"

const marker = "privx-kit/server/DefinitionThread"

/** The definition, and the limits of the server. */
export interface Task {
  readonly body: FleetBody
  readonly serving: Pick<Serving["Service"], "targets" | "fleetHosts" | "minimum">
}

/** Without the parts that a message between threads cannot contain. */
export type SubmittedSchedule = Omit<FleetFile.Schedule, "cron">

/** A fleet without its hosts. They follow in groups, each on a request with `next`. */
export interface Head extends Pick<FleetFile.Fleet, "name" | "file" | "concurrency"> {
  readonly maxAgeMillis: number | undefined
  readonly schedule: SubmittedSchedule | undefined
  readonly count: number
  readonly digest: string
}

export type Answer =
  /** The first message: the thread has loaded its modules. */
  | "ready"
  | { readonly head: Head }
  | { readonly hosts: ReadonlyArray<FleetHost> }
  /** A `SettingsError` or an `InvalidInput`, as JSON. */
  | { readonly failure: Schema.Json }
  | { readonly broken: string }

/** The main thread processes this many hosts in a few milliseconds. */
const portion = 200

const self = import.meta.url

/** @param memory heap in megabytes */
export const start = (memory: number): Worker =>
  new Worker(new URL(self), {
    workerData: marker,
    // The thread needs nothing of this process.
    env: {},
    // If the sources run unbundled, so do the packages next to them.
    execArgv: self.endsWith(".ts") ? ["--conditions=@privx-kit/source"] : [],
    resourceLimits: { maxOldGenerationSizeMb: memory, stackSizeMb: 4 }
  })

const serve = async (port: MessagePort): Promise<void> => {
  const tasks: Array<Task> = []
  let wake = (): void => {}
  let asked = (): void => {}
  port.on("message", (message: Task | "next") => {
    if (message === "next") return asked()
    tasks.push(message)
    wake()
  })
  const [Duration, Effect, { digestOf }, Failures, { read }] = await Promise.all([
    import("effect/Duration"),
    import("effect/Effect"),
    import("../fleet/FleetRun.ts"),
    import("./DefinitionFailure.ts"),
    import("./FleetSubmission.ts")
  ])
  const answer = (answer: Answer) => port.postMessage(answer)
  answer("ready")
  for (;;) {
    const task = tasks.shift()
    if (task === undefined) {
      await new Promise<void>((resolve) => (wake = resolve))
      continue
    }
    const result = await attempt(Effect, () => Effect.result(read(task.body, task.serving)))
    if (typeof result === "string") answer({ broken: result })
    else if (result._tag === "Failure") answer({ failure: Failures.encode(result.failure) })
    else {
      const { concurrency, file, hosts, maxAge, name } = result.success
      const schedule = scheduleOf(result.success)
      const maxAgeMillis = maxAge === undefined ? undefined : Duration.toMillis(maxAge)
      const digest = digestOf({ hosts })
      answer({ head: { name, file, concurrency, schedule, maxAgeMillis, count: hosts.length, digest } })
      for (let from = 0; from < hosts.length; from += portion) {
        await new Promise<void>((resolve) => {
          asked = resolve
        })
        answer({ hosts: hosts.slice(from, from + portion) })
      }
    }
  }
}

const scheduleOf = ({ schedule }: FleetFile.Fleet): SubmittedSchedule | undefined => {
  if (schedule === undefined) return undefined
  const { cron: _, ...rest } = schedule
  return rest
}

/** The result, or the cause of a defect. */
const attempt = async <A>(Effect: typeof EffectModule, effect: () => EffectModule.Effect<A>): Promise<A | string> => {
  try {
    return await Effect.runPromise(Effect.suspend(effect))
  } catch (error) {
    return String(error)
  }
}

if (parentPort !== null && workerData === marker) void serve(parentPort)
