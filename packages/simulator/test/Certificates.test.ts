import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Simulator } from "../src/Simulator.ts"
import { ask, request } from "./rawHttp.ts"

const anything = request("GET /nowhere")

describe("TLS", () => {
  it.live("is accepted by a client that trusts the simulator's authority, by address and by name", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: true })
      assert.strictEqual(simulator.url.protocol, "https:")
      assert.strictEqual((yield* ask(simulator, anything)).status, 404)
      assert.strictEqual((yield* ask(simulator, anything, { tls: { servername: "localhost" } })).status, 404)
    })
  )

  it.live("is refused by a client that does not", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: true })
      const other = yield* Simulator.make({ tls: true })
      const answer = yield* ask({ url: simulator.url, ca: other.ca }, anything)
      assert.strictEqual(answer.ending, "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
      assert.deepStrictEqual(yield* simulator.requests, [])
    })
  )

  it.live.each([
    { flaw: "expired", code: "CERT_HAS_EXPIRED" },
    { flaw: "notYetValid", code: "CERT_NOT_YET_VALID" },
    { flaw: "wrongName", code: "ERR_TLS_CERT_ALTNAME_INVALID" }
  ] as const)("with the flaw $flaw fails as $code", ({ flaw, code }) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: { flaw } })
      assert.strictEqual((yield* ask(simulator, anything)).ending, code)
    })
  )

  it.live("is for the names it is made for", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: { names: ["privx.example"] } })
      assert.strictEqual((yield* ask(simulator, anything, { tls: { servername: "privx.example" } })).status, 404)
      assert.strictEqual((yield* ask(simulator, anything)).ending, "ERR_TLS_CERT_ALTNAME_INVALID")
    })
  )

  it.live("is not spoken by a simulator without it", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      assert.deepStrictEqual(simulator.ca, [])
      const url = new URL(simulator.url)
      url.protocol = "https:"
      const answer = yield* ask({ url, ca: [] }, anything)
      assert.match(answer.ending, /^EPROTO$|SSL|ECONNRESET/)
    })
  )
})
