/**
 * `privx-kit serve`, as a process that receives the most expensive bodies that it accepts: it responds to health checks
 * within 100 ms at any time, and its memory stays within bounds.
 *
 * Other programs on the machine can make any answer late: how late they make one of a server that has nothing to do is
 * looked at first and left out, and an input fails only when it was late each of a few times.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { once } from "node:events"
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import { Worker } from "node:worker_threads"
import * as program from "@privx-kit/testing/program"
import * as served from "../test/support/served.ts"
import * as simulated from "../test/support/simulated.ts"
import * as temporary from "@privx-kit/testing/temporary"
import { bodies, definitions, type Input, random, tenThousand } from "./inputs.ts"

const main = path.join(import.meta.dirname, "..", "src", "main.ts")

/** In milliseconds. */
const latest = 100

/** The same while ten such bodies come in one moment: each takes its turn. */
const latestOfMany = 500

/** How often an input may be sent until the server was never late. */
const attempts = 4

/** In MB: the server with two threads of 400 MB each, and what is copied on the way. */
const mostMemory = 1400

const rounds = Number(process.env["HOSTILE_ROUNDS"] ?? 20)

/** A server for one test. */
const start = Effect.gen(function* () {
  const privx = yield* simulated.start()
  const directory = yield* temporary.directory
  const tokens = path.join(directory, "tokens.toml")
  const tokenOf = served.tokens(tokens, { viewer: "viewer", operator: "operator" })
  const server = yield* program.start(
    main,
    [
      "serve",
      "--listen=127.0.0.1:0",
      `--tokens=${tokens}`,
      `--data-dir=${path.join(directory, "data")}`,
      "--fleet-hosts=*.example.com",
      "--json"
    ],
    { env: privx.env }
  )
  const url = new URL(JSON.parse(`{${yield* server.line("{")}`).result.url)

  const prober = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(new URL("./prober.ts", import.meta.url), { workerData: url.href, execArgv: [] })),
    (worker) => Effect.promise(() => worker.terminate())
  )
  const probed = Effect.promise(async (): Promise<{ readonly slowest: number; readonly failures: number }> => {
    prober.postMessage("tell")
    const [answer] = await once(prober, "message")
    return answer
  })

  /** By how much the server was later, in milliseconds, while something was done, than while it had nothing to do. */
  const lateness = Effect.fnUntraced(function* <A>(doing: Effect.Effect<A>) {
    yield* probed
    yield* Effect.sleep("500 millis")
    const idle = yield* probed
    const value = yield* doing
    // What is left of it, such as rubbish that is collected, belongs to it.
    yield* Effect.sleep("50 millis")
    const { failures, slowest } = yield* probed
    return { value, failures, late: slowest - idle.slowest }
  })

  const send = ({ as, body, path }: Input) =>
    Effect.promise(
      () =>
        new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
          const request = http.request(
            new URL(path, url),
            { method: "POST", headers: { authorization: `Bearer ${tokenOf(as)}`, "content-type": "application/json" } },
            (response) => {
              let text = ""
              response.setEncoding("utf8").on("data", (piece: string) => (text += piece.slice(0, 1000)))
              response.once("end", () => resolve({ status: response.statusCode ?? 0, text }))
            }
          )
          request.once("error", reject)
          request.end(body)
        })
    )

  /** The most memory that it has had since the last time it was asked for, in MB. */
  const memory = () => {
    const status = fs.readFileSync(`/proc/${server.pid}/status`, "utf8")
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  }

  /** Sends it until the server was in time, and says why it never was. */
  const problemOf = Effect.fnUntraced(function* (input: Input) {
    let slowest = Infinity
    for (let attempt = 0; attempt < attempts && slowest > latest; attempt++) {
      const { failures, late, value: answer } = yield* lateness(send(input))
      if (failures > 0) return `${input.name}: ${failures} times the server did not tell its health`
      if (answer.status >= 500) return `${input.name}: answered with ${answer.status}: ${answer.text}`
      slowest = Math.min(slowest, late)
    }
    const now = memory()
    process.stdout.write(`${Math.round(slowest)} ms, ${Math.round(now)} MB: ${input.name}\n`)
    if (now > mostMemory) return `${input.name}: ${Math.round(now)} MB of memory`
    return slowest > latest ? `${input.name}: the server's health took ${Math.round(slowest)} ms` : undefined
  })
  // The first of everything is slow: threads are started, code is compiled.
  yield* send({ name: "first", path: "/api/v1/fleets/plan", as: "viewer", body: JSON.stringify({ definition: "" }) })
  return { lateness, memory, problemOf, send, server }
})

const all = Effect.fnUntraced(function* (inputs: ReadonlyArray<Input>) {
  const { problemOf, send, server } = yield* start
  const problems: Array<string> = []
  for (const input of inputs) {
    const problem = yield* problemOf(input)
    if (problem !== undefined) problems.push(problem)
  }
  assert.deepStrictEqual(problems, [])
  // It still does what it is for.
  const good = JSON.stringify({ definition: tenThousand })
  const answer = yield* send({ name: "good", path: "/api/v1/fleets/plan", as: "viewer", body: good })
  assert.strictEqual(answer.status, 200, answer.text)
  yield* server.signal("SIGTERM")
  assert.strictEqual(yield* server.exitCode, 0, server.output())
})

describe("a server that is sent hostile input", () => {
  it.live("answers while it reads definitions of fleets", () => all(definitions))

  it.live("answers while it reads bodies", () => all(bodies))

  it.live("answers health checks while it reads hostile bodies", () =>
    all(Array.from({ length: rounds }, (_, seed) => random(seed + 1)))
  )

  it.live("answers while many send the worst at once, and turns some of them away", () =>
    Effect.gen(function* () {
      const { lateness, memory, send } = yield* start
      const worst = definitions.filter(({ name }) => /quotes|anchors|scalars/.test(name))
      let slowest = Infinity
      for (let attempt = 0; attempt < attempts && slowest > latestOfMany; attempt++) {
        const { late, value: answers } = yield* lateness(
          Effect.forEach([...worst, ...worst], send, { concurrency: "unbounded" })
        )
        const statuses = new Set(answers.map(({ status }) => status))
        assert.isTrue(
          [...statuses].every((status) => status === 400 || status === 503),
          [...statuses].join()
        )
        assert.include([...statuses], 503)
        slowest = Math.min(slowest, late)
      }
      assert.isBelow(slowest, latestOfMany)
      assert.isBelow(memory(), mostMemory)
    })
  )
})
