import { assert, describe, it } from "@effect/vitest"
import * as Failure from "@privx-kit/core/Failure"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Http from "node:http"
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

describe("scopes", () => {
  it.live("createSession wants admin, reauthenticate wants user: 403 PERMISSION_DENIED without", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ playbackSessions: ["a"] })
      const statuses = Effect.fnUntraced(function* (scopes: NonNullable<Options["scopes"]>) {
        const headers = authorization(yield* simulator.issueToken({ scopes }))
        const create = yield* ask(simulator, request(createSession, headers))
        const again = yield* ask(simulator, request(reauthenticate("a"), headers))
        for (const answer of [create, again]) {
          if (answer.status !== 200) {
            assert.strictEqual(
              answer.body,
              '{"error_code":"PERMISSION_DENIED",' +
                '"error_message":"Unauthorized request, OAuth2 authorization OK but scope insufficient"}'
            )
          }
        }
        return [create.status, again.status]
      })
      assert.deepStrictEqual(yield* statuses(["admin", "user"]), [200, 200])
      assert.deepStrictEqual(yield* statuses(["admin"]), [200, 403])
      assert.deepStrictEqual(yield* statuses(["user", "service"]), [403, 200])
      assert.deepStrictEqual(yield* statuses([]), [403, 403])
    })
  )

  it.live("an unknown token and another kind of authorization are 401", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const token = Redacted.value(yield* simulator.issueToken())
      for (const Authorization of ["Bearer wrong", "Bearer", `Basic ${token}`, token, ""]) {
        assert.strictEqual((yield* ask(simulator, request(createSession, { Authorization }))).status, 401)
      }
    })
  )
})

describe("setup sessions", () => {
  const statusOf = (simulator: Simulator["Service"], id: string, headers = {}) =>
    Effect.map(ask(simulator, request(downloadSetupScript(id), headers)), (answer) => answer.status)

  it.effect("end with their lifetime", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ sessionLifetime: "10 minutes" })
      const id = yield* newSession(simulator)
      yield* TestClock.adjust("599 seconds")
      assert.strictEqual(yield* statusOf(simulator, id), 200)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* statusOf(simulator, id), 404)
    })
  )

  it.live("are good for as many downloads as allowed", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ sessionUses: 2 })
      const id = yield* newSession(simulator)
      assert.deepStrictEqual(yield* Effect.replicateEffect(statusOf(simulator, id), 3), [200, 200, 404])
      assert.strictEqual(yield* statusOf(simulator, yield* newSession(simulator)), 200)
    })
  )

  it.live("can be used any number of times by default, and end on request", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const id = yield* newSession(simulator)
      assert.deepStrictEqual(yield* Effect.replicateEffect(statusOf(simulator, id), 3), [200, 200, 200])
      yield* simulator.endSetupSessions
      assert.strictEqual(yield* statusOf(simulator, id), 404)
    })
  )

  it.live("do not lose a use to a fault that stands in the place of the answer", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ sessionUses: 1, faults: ["downloadSetupScript:503/MAX_LOAD*1"] })
      const id = yield* newSession(simulator)
      assert.deepStrictEqual(yield* Effect.replicateEffect(statusOf(simulator, id), 3), [503, 200, 404])
    })
  )

  it.live("want a token for the download where the server is of that kind, with any scope", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ authorizeDownload: true })
      const id = yield* newSession(simulator)
      assert.strictEqual(yield* statusOf(simulator, id), 401)
      const token = yield* simulator.issueToken({ scopes: ["service"] })
      assert.strictEqual(yield* statusOf(simulator, id, authorization(token)), 200)
    })
  )

  it.live("ignore a token, right or wrong, where the server asks for none", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const id = yield* newSession(simulator)
      assert.strictEqual(yield* statusOf(simulator, id, { Authorization: "Bearer wrong" }), 200)
    })
  )
})

describe("the script", () => {
  const get = Effect.fnUntraced(function* (headers: Readonly<Record<string, string>>, options: Options = {}) {
    const simulator = yield* Simulator.make(options)
    return yield* ask(simulator, request(downloadSetupScript(yield* newSession(simulator)), headers))
  })
  const { text, sha256 } = SetupScript

  it.live("is the one that is given, as text or as bytes", () =>
    Effect.gen(function* () {
      const bytes = new Uint8Array([0, 255, 10, 13, 13, 10])
      const simulator = yield* Simulator.make({ script: bytes })
      assert.deepStrictEqual(simulator.script, bytes)
      bytes.fill(7)
      const answer = yield* ask(simulator, request(downloadSetupScript(yield* newSession(simulator))))
      assert.strictEqual(answer.body, "\u0000\u00ff\n\r\r\n")
      assert.strictEqual((yield* get({}, { script: "echo\n" })).body, "echo\n")
      assert.strictEqual((yield* get({}, { script: "" })).headers["content-length"], "0")
    })
  )

  it.live("continues from an offset", () =>
    Effect.gen(function* () {
      const answer = yield* get({ Range: "bytes=1000-", "If-Range": `"${sha256}"` })
      assert.strictEqual(answer.statusLine, "HTTP/1.1 206 Partial Content")
      assert.strictEqual(answer.headers["content-range"], `bytes 1000-${text.length - 1}/${text.length}`)
      assert.strictEqual(answer.headers["content-length"], String(text.length - 1000))
      assert.strictEqual(answer.headers["etag"], `"${sha256}"`)
      assert.strictEqual(answer.body, text.slice(1000))
    })
  )

  it.live("is sent whole if it has changed since the download started", () =>
    Effect.gen(function* () {
      const answer = yield* get({ Range: "bytes=1000-", "If-Range": '"another"' })
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.body, text)
    })
  )

  it.live("comes whole for a range that is not understood, and from a server that knows none", () =>
    Effect.gen(function* () {
      for (const Range of ["bytes=-", "bytes=5-1", "lines=1-", "bytes=1-2,4-5"]) {
        assert.strictEqual((yield* get({ Range })).status, 200)
      }
      const answer = yield* get({ Range: "bytes=1000-" }, { ranges: false })
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["etag"], undefined)
      assert.strictEqual(answer.body, text)
    })
  )

  it.live("comes in part for a range with an end, and for the last bytes", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* get({ Range: "bytes=2-9" })).body, text.slice(2, 10))
      assert.strictEqual((yield* get({ Range: "bytes=-5" })).body, text.slice(-5))
    })
  )

  it.live("answers 416 for an offset behind its end", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* get({ Range: `bytes=${text.length}-` })).status, 416)
    })
  )

  it.live("arrives whole over a truncated transfer and its continuation", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ faults: ["downloadSetupScript:truncate@1000*1"] })
      const line = downloadSetupScript(yield* newSession(simulator))
      const first = yield* ask(simulator, request(line))
      const etag = first.headers["etag"] ?? ""
      const second = yield* ask(simulator, request(line, { Range: `bytes=${first.body.length}-`, "If-Range": etag }))
      assert.strictEqual(first.body + second.body, text)
    })
  )
})

describe("playback sessions", () => {
  it.live("are found while they exist", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const headers = authorization(yield* simulator.issueToken())
      const id = yield* simulator.addPlaybackSession()
      const named = yield* simulator.addPlaybackSession("with space/and slash")
      const statusOf = (id: Redacted.Redacted<string>) =>
        Effect.map(
          ask(simulator, request(reauthenticate(encodeURIComponent(Redacted.value(id))), headers)),
          (answer) => answer.status
        )
      assert.strictEqual(yield* statusOf(id), 200)
      assert.strictEqual(yield* statusOf(named), 200)
      assert.strictEqual(yield* statusOf(Redacted.make("another")), 404)
      yield* simulator.endPlaybackSession(id)
      assert.strictEqual(yield* statusOf(id), 404)
    })
  )

  it.live("are served on another path if one is set", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({
        playbackSessions: ["a"],
        paths: { reauthenticate: "/elsewhere/:session_id/keepalive" }
      })
      const headers = authorization(yield* simulator.issueToken())
      assert.strictEqual((yield* ask(simulator, request("POST /elsewhere/a/keepalive", headers))).status, 200)
      assert.strictEqual((yield* ask(simulator, request(reauthenticate("a"), headers))).status, 404)
    })
  )
})

describe("the server", () => {
  it.live("listens on the port that it is given, says so when that is taken, and frees it in the end", () =>
    Effect.gen(function* () {
      const port = yield* Effect.scoped(
        Effect.gen(function* () {
          const simulator = yield* Simulator.make()
          const port = Number(simulator.url.port)
          const failure = yield* Effect.flip(Simulator.make({ port }))
          assert.strictEqual(failure._tag, "SimulatorError")
          if (failure._tag === "SimulatorError") assert.strictEqual(failure.code, "EADDRINUSE")
          assert.include(Failure.render(failure), `port ${port}`)
          return port
        })
      )
      const again = yield* Simulator.make({ port })
      assert.strictEqual(again.url.href, `http://127.0.0.1:${port}/`)
    })
  )

  it.live("stops, even with a connection that got no answer", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.scoped(
        Effect.gen(function* () {
          const simulator = yield* Simulator.make({ faults: ["createSession:stall"] })
          const asking = yield* Effect.forkDetach(ask(simulator, request(createSession)))
          // The record exists as soon as the request has arrived.
          while ((yield* simulator.requests).length === 0) yield* Effect.sleep("1 millis")
          return asking
        })
      )
      assert.notStrictEqual((yield* Fiber.join(asking)).ending, "silence")
    })
  )

  it.live("carries thousands of requests on many connections", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const { Authorization } = authorization(yield* simulator.issueToken())
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() => new Http.Agent({ keepAlive: true, maxSockets: 200 })),
        (agent) => Effect.sync(() => agent.destroy())
      )
      const url = new URL("/connection-manager/api/v1/ueba/setup-script", simulator.url)
      const create = Effect.callback<number | undefined>((resume) => {
        Http.request(url, { agent, method: "POST", headers: { Authorization } }, (response) => {
          response.resume().on("end", () => resume(Effect.succeed(response.statusCode)))
        })
          .on("error", (error) => resume(Effect.die(error)))
          .end()
      })
      const statuses = yield* Effect.all(
        Array.from({ length: 2_000 }, () => create),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(statuses), new Set([200]))
      assert.lengthOf(yield* simulator.requests, 2_000)
    })
  )

  it.live.each([
    { options: { port: 70_000 }, says: "port is 70000" },
    { options: { sessionUses: 0 }, says: "sessionUses is 0" },
    { options: { tokenLifetime: "0 millis" }, says: "tokenLifetime" },
    { options: { sessionLifetime: "-1 second" }, says: "sessionLifetime" },
    { options: { playbackSessions: [""] }, says: "playback session is empty" },
    { options: { paths: { downloadSetupScript: "/x" } }, says: ":session_id" },
    {
      options: { faults: ["createSesion:stall"] },
      says: 'no operation is called "createSesion"; there are Auth.token'
    },
    { options: { faults: ["createSession:stal"] }, says: "createSession:stal" },
    {
      options: { faults: [{ operation: "token", action: { _tag: "Empty", status: 42 } }] },
      says: "a fault is not valid"
    }
  ] satisfies ReadonlyArray<{ options: Options; says: string }>)("refuses $options and says why", ({ options, says }) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(Simulator.make(options as Options))
      assert.include(failure.message, says)
      assert.notInclude(failure.message, "\n")
    })
  )
})
