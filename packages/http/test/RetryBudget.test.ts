import { assert, describe, it } from "@effect/vitest"
import { RetryBudget } from "@privx-kit/http/RetryBudget"
import * as Effect from "effect/Effect"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

describe("RetryBudget", () => {
  it("pays for a hundred retries in a row, and for no more", () => {
    const budget = new RetryBudget()
    let paid = 0
    while (budget.take(false) !== undefined) paid++
    assert.strictEqual(paid, 100)
  })

  it("charges a timeout double", () => {
    const budget = new RetryBudget({ capacity: 10 })
    assert.strictEqual(budget.take(true), 10)
    assert.isUndefined(budget.take(false))
  })

  it("gives back what a retry that worked had cost, and never holds more than its capacity", () => {
    const budget = new RetryBudget({ capacity: 10 })
    budget.succeeded(budget.take(false))
    budget.succeeded(undefined)
    assert.strictEqual(budget.available, 10)
  })

  it.live("spares a server that fails every call", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.errorBody(503, "MAX_LOAD"))
      yield* Effect.all(
        Array.from({ length: 30 }, () => Effect.flip(TestApi.read())),
        { concurrency: 1 }
      ).pipe(Effect.provide(TestApi.layer(server.url, { retryBudget: { capacity: 20 } })))
      // Four retries, then one request for each call.
      assert.strictEqual(server.received.length, 34)
    })
  )

  it.live("does not run dry while retries work, however many a call takes", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make((_, index) =>
        index % 3 < 2 ? WireServer.errorBody(503, "MAX_LOAD") : WireServer.answer(200, '{"name":"n"}')
      )
      yield* Effect.all(
        Array.from({ length: 30 }, () => TestApi.read()),
        { concurrency: 1 }
      ).pipe(Effect.provide(TestApi.layer(server.url, { retryBudget: { capacity: 20 } })))
      assert.strictEqual(server.received.length, 90)
    })
  )
})
