import { assert, describe, it } from "@effect/vitest"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as Effect from "effect/Effect"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const ok = WireServer.answer(200, '{"name":"n"}')
const once = Effect.provideService(RetryPolicy.RetryPolicy, RetryPolicy.never)

describe("Protection", () => {
  it.live("leaves an origin alone after failures in a row, and tries it again later", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make((_, index) =>
        index < 3 ? WireServer.errorBody(500, "DATABASE_ERROR") : ok
      )
      yield* Effect.gen(function* () {
        for (let i = 0; i < 3; i++) yield* Effect.flip(once(TestApi.read()))
        const open = yield* Effect.flip(once(TestApi.read()))
        assert.deepInclude(open, { _tag: "TransportError", reason: "circuitOpen" })
        assert.include(open.message, "after 3 failures in a row")
        assert.strictEqual(server.received.length, 3)
        yield* Effect.sleep(120)
        assert.deepStrictEqual(yield* once(TestApi.read()), { name: "n" })
      }).pipe(Effect.provide(TestApi.layer(server.url, { circuitBreaker: { failures: 3, openFor: "100 millis" } })))
    })
  )

  it.live("does not open the circuit for what the caller did wrong", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.errorBody(404, "GENERAL_ERROR"))
      yield* Effect.gen(function* () {
        for (let i = 0; i < 5; i++) {
          assert.strictEqual((yield* Effect.flip(TestApi.read()))._tag, "GeneralError")
        }
      }).pipe(Effect.provide(TestApi.layer(server.url, { circuitBreaker: { failures: 2, openFor: "1 minute" } })))
    })
  )

  it.live("spreads requests over time where a rate is set", () =>
    Effect.gen(function* () {
      let last = 0
      const server = yield* WireServer.make(() => {
        last = performance.now()
        return ok
      })
      const begun = performance.now()
      yield* Effect.all(
        Array.from({ length: 6 }, () => TestApi.read()),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(TestApi.layer(server.url, { rateLimit: { requests: 2, per: "100 millis" } })))
      // Two at once, then one each 50 ms: the sixth cannot come before 200 ms have passed.
      assert.strictEqual(server.received.length, 6)
      assert.isAtLeast(last - begun, 150)
    })
  )

  it.live("fails at once when the rate leaves no room before the deadline", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ok)
      yield* Effect.gen(function* () {
        yield* TestApi.read()
        const failure = yield* Effect.flip(TestApi.read())
        assert.deepInclude(failure, { _tag: "TransportError", reason: "deadline" })
      }).pipe(
        Effect.provide(TestApi.layer(server.url, { rateLimit: { requests: 1, per: "1 minute" }, deadline: "1 second" }))
      )
    })
  )
})
