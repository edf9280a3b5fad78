/** The kit under a server that fails now and then: sends a share of the requests, then tells what it holds. */
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { answering } from "../Child.ts"
import { kit } from "../requests/effectClients.ts"

export interface Question {
  readonly requests: number
  readonly inFlight: number
}

export interface Answer {
  readonly outcomes: Readonly<Record<string, number>>
  readonly seconds: number
  readonly rssBytes: number
  /** After a full collection: what is really held. */
  readonly heapBytes: number
  readonly externalBytes: number
  readonly sockets: number
  readonly timers: number
}

/** Short pauses: what is watched is what stays behind, not how long it takes. */
const policy: RetryPolicy.Policy = {
  attempts: 3,
  base: Duration.millis(2),
  cap: Duration.millis(10),
  retryAfterCap: Duration.millis(10)
}

const scope = Scope.makeUnsafe()
process.once("exit", () => Effect.runFork(Scope.close(scope, Exit.void)))
const client = Effect.runPromise(
  Scope.provide(kit(process.argv[2] ?? "", { attemptTimeout: "500 millis", deadline: "2 seconds" }), scope)
)
const outcomes: Record<string, number> = {}

answering<Question, Answer>(async ({ inFlight, requests }) => {
  const read = await client
  const started = performance.now()
  let left = requests
  const one = Effect.matchEffect(read("42"), {
    onSuccess: () => Effect.sync(() => seen("success")),
    onFailure: (failure) => Effect.sync(() => seen(nameOf(failure)))
  })
  const lane = Effect.gen(function* () {
    while (left-- > 0) yield* one
  })
  await Effect.runPromise(
    Effect.all(
      Array.from({ length: inFlight }, () => lane),
      { concurrency: "unbounded", discard: true }
    ).pipe(Effect.provideService(RetryPolicy.RetryPolicy, policy))
  )
  const seconds = (performance.now() - started) / 1000
  // Twice, with a turn in between: what the first collection finalises only the second one frees.
  globalThis.gc?.()
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
  const { external, heapUsed, rss } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo()
  return {
    outcomes,
    seconds,
    rssBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    sockets: openSockets(),
    timers: resources.filter((resource) => resource === "Timeout").length
  }
})

const seen = (outcome: string) => {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
}

const nameOf = (failure: unknown): string => {
  if (typeof failure !== "object" || failure === null || !("_tag" in failure)) return "defect"
  return "reason" in failure ? `${String(failure._tag)} ${String(failure.reason)}` : String(failure._tag)
}

/** What the kernel counts, not what the client believes. */
const openSockets = (): number => {
  const descriptors = fs.readdirSync("/proc/self/fd").map((name) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${name}`)
    } catch {
      return ""
    }
  })
  return descriptors.filter((target) => target.startsWith("socket:")).length
}
