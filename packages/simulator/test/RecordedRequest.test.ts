import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import type { RecordedRequest } from "../src/RecordedRequest.ts"
import { Simulator } from "../src/Simulator.ts"
import { ask, authorization, createSession, downloadSetupScript, newSession, request } from "./rawHttp.ts"

describe("the record", () => {
  it.live("holds what was asked and how it was answered, unknown paths included", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ faults: ["token:503/MAX_LOAD"] })
      const token = yield* simulator.issueToken()
      yield* ask(
        simulator,
        request(createSession, { ...authorization(token), "Content-Length": "0", "User-Agent": "a-test" })
      )
      yield* ask(simulator, request("POST /auth/api/v1/oauth/token", { "Content-Length": "5" }, "a=b&c"))
      yield* ask(simulator, request("DELETE /nowhere?x=1"))
      const [first, second, third] = yield* simulator.requests
      assert.deepStrictEqual(
        { ...first, time: undefined, token: undefined, target: undefined },
        {
          time: undefined,
          operation: "Ueba.createSession",
          method: "POST",
          template: "/connection-manager/api/v1/ueba/setup-script",
          target: undefined,
          headers: {
            host: "privx.example",
            connection: "close",
            authorization: "<redacted>",
            "content-length": "0",
            "user-agent": "a-test"
          },
          token: undefined,
          bodyBytes: 0,
          status: 200,
          fault: undefined,
          sentBytes: 45
        }
      )
      assert.strictEqual(Redacted.value(first?.token ?? Redacted.make("")), Redacted.value(token))
      assert.strictEqual(second?.operation, "Auth.token")
      assert.strictEqual(second?.bodyBytes, 5)
      assert.strictEqual(second?.status, 503)
      assert.strictEqual(second?.fault?.action._tag, "Error")
      assert.strictEqual(third?.operation, undefined)
      assert.strictEqual(third?.template, undefined)
      assert.strictEqual(Redacted.value(third?.target ?? Redacted.make("")), "/nowhere?x=1")
      assert.strictEqual(third?.status, 404)
      yield* simulator.clearRequests
      assert.deepStrictEqual(yield* simulator.requests, [])
    })
  )

  it.live("shows no secret when it is printed", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const token = yield* simulator.issueToken()
      const id = yield* newSession(simulator)
      yield* ask(simulator, request(downloadSetupScript(id), { ...authorization(token), Cookie: "session=c00kie" }))
      const requests = yield* simulator.requests
      const printed = inspect([requests, simulator], { depth: 10 }) + JSON.stringify(requests)
      for (const secret of [
        Redacted.value(token),
        id,
        "c00kie",
        Redacted.value(simulator.apiClient.clientSecret),
        Redacted.value(simulator.apiClient.oauthClientSecret)
      ]) {
        assert.notInclude(printed, secret)
      }
    })
  )

  it.live("is reported to an observer as it grows, and keeps the newest", () =>
    Effect.gen(function* () {
      const observed: Array<RecordedRequest> = []
      const simulator = yield* Simulator.make({
        recordLimit: 2,
        onRequest: (recorded) => Effect.sync(() => void observed.push(recorded))
      })
      for (const path of ["/a", "/b", "/c", "/d", "/e"]) yield* ask(simulator, request(`GET ${path}`))
      assert.deepStrictEqual(
        observed.map(({ status }) => status),
        [404, 404, 404, 404, 404]
      )
      const kept = (yield* simulator.requests).map(({ target }) => Redacted.value(target))
      assert.deepStrictEqual(kept, ["/d", "/e"])
    })
  )

  it.live("leaves no span: a path can hold a session id", () => {
    const spans: Array<string> = []
    const tracer = Tracer.make({
      span: (options) => {
        spans.push(options.name)
        return new Tracer.NativeSpan(options)
      }
    })
    return Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      yield* ask(simulator, request(downloadSetupScript(yield* newSession(simulator))))
      assert.include(spans, "Simulator.make")
      assert.deepStrictEqual(
        spans.filter((name) => !/^Simulat(or|edPrivx)\./.test(name)),
        []
      )
    }).pipe(Effect.withTracer(tracer))
  })
})
