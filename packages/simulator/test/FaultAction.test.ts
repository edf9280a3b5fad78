/** The effect of each fault on the wire, observed by a client that only reads bytes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SetupScript from "../src/SetupScript.ts"
import { type Options, Simulator } from "../src/Simulator.ts"
import {
  ask,
  authorization,
  createSession,
  downloadSetupScript,
  newSession,
  reauthenticate,
  request
} from "./rawHttp.ts"

const size = SetupScript.text.length

/** The download under a fault. */
const download = Effect.fnUntraced(function* (fault: string, options: Options = {}, silence?: number) {
  const simulator = yield* Simulator.make(options)
  const line = downloadSetupScript(yield* newSession(simulator))
  yield* simulator.setFaults([`downloadSetupScript:${fault}`])
  yield* simulator.clearRequests
  const answer = yield* ask(simulator, request(line), silence === undefined ? {} : { silence })
  const [recorded] = yield* simulator.requests
  return { answer, recorded, simulator, line }
})

/** `createSession` with a fault, without a token: the response of a fault requires none. */
const create = Effect.fnUntraced(function* (fault: string) {
  const simulator = yield* Simulator.make({ faults: [`createSession:${fault}`] })
  return yield* ask(simulator, request(createSession))
})

describe("answers in the place of the real one", () => {
  it.live("any status with any code", () =>
    Effect.gen(function* () {
      const answer = yield* create("418/NOT_IN_THE_LIST,message=I am a teapot")
      assert.strictEqual(answer.statusLine, "HTTP/1.1 418 I'm a Teapot")
      assert.strictEqual(answer.body, '{"error_code":"NOT_IN_THE_LIST","error_message":"I am a teapot"}')
    })
  )

  it.live("Retry-After in seconds", () =>
    Effect.gen(function* () {
      const answer = yield* create("503/MAX_LOAD,retry-after=2")
      assert.strictEqual(answer.headers["retry-after"], "2")
    })
  )

  it.live("Retry-After as an HTTP date", () =>
    Effect.gen(function* () {
      const before = Date.now()
      const answer = yield* create("html/503,retry-after=date+60")
      const header = answer.headers["retry-after"] ?? ""
      assert.match(header, /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/)
      assert.isAtLeast(Date.parse(header), before + 60_000)
      assert.isAtMost(Date.parse(header), Date.now() + 61_000)
    })
  )

  it.live("no body", () =>
    Effect.gen(function* () {
      const answer = yield* create("empty/503")
      assert.strictEqual(answer.status, 503)
      assert.deepStrictEqual(answer.headers, { "content-length": "0", connection: "close" })
      assert.strictEqual(answer.body, "")
    })
  )

  it.live("a proxy's page", () =>
    Effect.gen(function* () {
      const answer = yield* create("html/502")
      assert.strictEqual(answer.status, 502)
      assert.strictEqual(answer.headers["content-type"], "text/html; charset=utf-8")
      assert.include(answer.body, "<h1>502 Bad Gateway</h1>")
    })
  )

  it.live("JSON that breaks off", () =>
    Effect.gen(function* () {
      const answer = yield* create("malformed/200")
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["content-type"], "application/json")
      assert.throws(() => JSON.parse(answer.body))
    })
  )

  it.live("JSON of another shape", () =>
    Effect.gen(function* () {
      const answer = yield* create('json/500,body={"errors":["no"]}')
      assert.strictEqual(answer.headers["content-type"], "application/json")
      assert.strictEqual(answer.body, '{"errors":["no"]}')
    })
  )

  it.live("a redirect", () =>
    Effect.gen(function* () {
      const answer = yield* create("redirect/307,location=https://elsewhere.example/x")
      assert.strictEqual(answer.status, 307)
      assert.strictEqual(answer.headers["location"], "https://elsewhere.example/x")
      assert.strictEqual(answer.headers["content-length"], "0")
    })
  )
})

describe("harm on the way of the real one", () => {
  it.live("delay: the right answer, later", () =>
    Effect.gen(function* () {
      const { answer } = yield* download("delay=120ms")
      assert.isAtLeast(answer.firstByte, 110)
      assert.strictEqual(answer.body, SetupScript.text)
    })
  )

  it.live("stall: not a byte", () =>
    Effect.gen(function* () {
      const { answer, recorded } = yield* download("stall", {}, 300)
      assert.strictEqual(answer.ending, "silence")
      assert.strictEqual(answer.statusLine, "")
      assert.strictEqual(recorded?.status, undefined)
      assert.strictEqual(recorded?.fault?.action._tag, "Stall")
    })
  )

  it.live("stall within the body: the head and so many bytes, then silence", () =>
    Effect.gen(function* () {
      const { answer, recorded } = yield* download("stall@100", {}, 300)
      assert.strictEqual(answer.ending, "silence")
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["content-length"], String(size))
      assert.strictEqual(answer.body, SetupScript.text.slice(0, 100))
      assert.strictEqual(recorded?.sentBytes, 100)
    })
  )

  it.live("reset: before the head", () =>
    Effect.gen(function* () {
      const { answer, recorded } = yield* download("reset")
      assert.strictEqual(answer.ending, "ECONNRESET")
      assert.strictEqual(answer.statusLine, "")
      assert.strictEqual(recorded?.status, undefined)
    })
  )

  it.live("reset: within the body", () =>
    Effect.gen(function* () {
      const { answer, recorded } = yield* download("reset@100")
      assert.strictEqual(answer.ending, "ECONNRESET")
      // A reset may overtake bytes in transit, so at most these bytes arrive.
      assert.isTrue(SetupScript.text.slice(0, 100).startsWith(answer.body))
      assert.strictEqual(recorded?.status, 200)
    })
  )

  it.live("reset: under TLS too it is the connection that is reset", () =>
    Effect.gen(function* () {
      const { answer } = yield* download("reset", { tls: true })
      assert.strictEqual(answer.ending, "ECONNRESET")
    })
  )

  it.live("truncate: the full length announced, less sent", () =>
    Effect.gen(function* () {
      const { answer, recorded } = yield* download("truncate@1000")
      assert.strictEqual(answer.ending, "end")
      assert.strictEqual(answer.headers["content-length"], String(size))
      assert.strictEqual(answer.body, SetupScript.text.slice(0, 1000))
      assert.strictEqual(recorded?.status, 200)
      assert.strictEqual(recorded?.sentBytes, 1000)
    })
  )

  it.live("truncate-chunked: chunks without the one that ends them", () =>
    Effect.gen(function* () {
      const { answer } = yield* download("truncate-chunked@1000")
      assert.strictEqual(answer.ending, "end")
      assert.strictEqual(answer.headers["transfer-encoding"], "chunked")
      assert.strictEqual(answer.headers["content-length"], undefined)
      assert.strictEqual(answer.body, `3e8\r\n${SetupScript.text.slice(0, 1000)}\r\n`)
    })
  )

  it.live("shorter: less announced than sent", () =>
    Effect.gen(function* () {
      const { answer } = yield* download("shorter=10")
      assert.strictEqual(answer.headers["content-length"], String(size - 10))
      assert.strictEqual(answer.body, SetupScript.text)
    })
  )

  it.live("longer: more announced than sent", () =>
    Effect.gen(function* () {
      const { answer } = yield* download("longer=10")
      assert.strictEqual(answer.ending, "end")
      assert.strictEqual(answer.headers["content-length"], String(size + 10))
      assert.strictEqual(answer.body, SetupScript.text)
    })
  )

  it.live("longer: on an answer that has no body", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ playbackSessions: ["a"], faults: ["reauthenticate:longer=10"] })
      const token = yield* simulator.issueToken()
      const answer = yield* ask(simulator, request(reauthenticate("a"), authorization(token)))
      assert.strictEqual(answer.headers["content-length"], "10")
      assert.strictEqual(answer.body, "")
    })
  )

  it.live("slow: in portions with pauses, and whole in the end", () =>
    Effect.gen(function* () {
      const { answer, simulator } = yield* download("slow=2000/60ms")
      assert.strictEqual(answer.body, SetupScript.text)
      assert.strictEqual(answer.headers["content-length"], String(size))
      // 5623 bytes are three portions: two pauses.
      assert.isAtLeast(answer.lastByte - answer.firstByte, 100)
      assert.strictEqual((yield* simulator.requests)[0]?.sentBytes, size)
    })
  )

  it.live("close: no length at all, the end of the connection ends the body", () =>
    Effect.gen(function* () {
      const { answer } = yield* download("close")
      assert.strictEqual(answer.ending, "end")
      assert.strictEqual(answer.headers["content-length"], undefined)
      assert.strictEqual(answer.headers["transfer-encoding"], undefined)
      assert.strictEqual(answer.headers["connection"], "close")
      assert.strictEqual(answer.body, SetupScript.text)
    })
  )

  it.live("close: cut, and nothing on the wire tells", () =>
    Effect.gen(function* () {
      const { answer } = yield* download("close@1000")
      assert.strictEqual(answer.ending, "end")
      assert.strictEqual(answer.body, SetupScript.text.slice(0, 1000))
    })
  )

  it.live("token and scope are looked at as without the fault", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ faults: ["createSession:slow=10/1ms"] })
      const answer = yield* ask(simulator, request(createSession))
      assert.strictEqual(answer.status, 401)
    })
  )
})

describe("occurrence", () => {
  const statuses = Effect.fnUntraced(function* (faults: ReadonlyArray<string>, count: number, options: Options = {}) {
    const simulator = yield* Simulator.make({ ...options, faults })
    const headers = authorization(yield* simulator.issueToken())
    const one = Effect.map(ask(simulator, request(createSession, headers)), (answer) => answer.status)
    return yield* Effect.replicateEffect(one, count)
  })

  it.live("so many times, and then no more", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* statuses(["createSession:503/MAX_LOAD*2"], 4), [503, 503, 200, 200])
    })
  )

  it.live("not before so many matches", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* statuses(["createSession:503/MAX_LOAD*1+2"], 4), [200, 200, 503, 200])
    })
  )

  it.live("faults of one operation follow each other", () =>
    Effect.gen(function* () {
      const faults = ["createSession:503/MAX_LOAD*2", "*:html/502*1"]
      assert.deepStrictEqual(yield* statuses(faults, 4), [503, 503, 502, 200])
    })
  )

  it.live("a fault of another operation is not played", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* statuses(["reauthenticate:503/MAX_LOAD", "token:stall"], 1), [200])
    })
  )

  it.live("a percentage is met, and the same seed gives the same run", () =>
    Effect.gen(function* () {
      const first = yield* statuses(["*:503/MAX_LOAD%33"], 200, { seed: 7 })
      assert.deepStrictEqual(yield* statuses(["*:503/MAX_LOAD%33"], 200, { seed: 7 }), first)
      assert.notDeepEqual(yield* statuses(["*:503/MAX_LOAD%33"], 200, { seed: 8 }), first)
      const failed = first.filter((status) => status === 503).length
      assert.isAtLeast(failed, 46)
      assert.isAtMost(failed, 86)
    })
  )

  it.live("setting faults resets all counts, and setting none removes them", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ faults: ["*:503/MAX_LOAD*1"] })
      const status = Effect.map(ask(simulator, request(createSession)), (answer) => answer.status)
      assert.strictEqual(yield* status, 503)
      assert.strictEqual(yield* status, 401)
      yield* simulator.setFaults(["*:503/MAX_LOAD*1"])
      assert.strictEqual(yield* status, 503)
      yield* simulator.setFaults(["*:503/MAX_LOAD"])
      yield* simulator.setFaults([])
      assert.strictEqual(yield* status, 401)
    })
  )
})
