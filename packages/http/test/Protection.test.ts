import { assert, describe, it } from "@effect/vitest"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const ok = WireServer.answer(200, '{"name":"n"}')
const once = Effect.provideService(RetryPolicy.RetryPolicy, RetryPolicy.never)

/** Waits in real time until `count` requests have arrived, and then 20 ms in which no other request should arrive. */
const arrived = (server: WireServer.WireServer, count: number): Effect.Effect<void> =>
  Effect.promise(async () => {
    while (server.received.length < count) await new Promise((resolve) => setTimeout(resolve, 2))
    await new Promise((resolve) => setTimeout(resolve, 20))
  })

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
        assert.include(open.message, "after 3 consecutive failures")
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

  it.effect("spreads requests over time where a rate is set", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ok)
      const layer = TestApi.layer(server.url, { rateLimit: { requests: 2, per: "1 minute" }, deadline: "1 hour" })
      const reads = Effect.all(
        Array.from({ length: 4 }, () => TestApi.read()),
        { concurrency: "unbounded" }
      )
      const fiber = yield* Effect.forkChild(Effect.provide(reads, layer))
      // Two at once, then one for each half minute of the test clock, regardless of how long the sockets take.
      for (const count of [2, 3, 4]) {
        yield* arrived(server, count)
        assert.strictEqual(server.received.length, count)
        yield* TestClock.adjust("30 seconds")
      }
      assert.strictEqual((yield* Fiber.join(fiber)).length, 4)
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
