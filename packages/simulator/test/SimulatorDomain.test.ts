import { assert, describe, it } from "@effect/vitest"
import { Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
import * as Refusal from "../src/Refusal.ts"
import { SimulatedPrivx } from "../src/SimulatedPrivx.ts"
import { Simulator } from "../src/Simulator.ts"
import { Environment, type SimulatorDomain } from "../src/SimulatorDomain.ts"
import { ask, authorization, createSession, reauthenticate, request } from "./rawHttp.ts"

/** A domain as another package would define it: two endpoints, state, and a control that changes it. */
class DiceSimulator extends Context.Service<DiceSimulator, { readonly hide: Effect.Effect<void> }>()(
  "test/DiceSimulator"
) {
  static readonly layer: SimulatorDomain<DiceSimulator> = Layer.unwrap(
    Effect.gen(function* () {
      const { random } = yield* Environment
      const next = random("dice")
      let isHidden = false
      const handlers = HttpApiBuilder.group(api, "dice", (handlers) =>
        handlers
          .handle("roll", () =>
            isHidden ? Effect.fail(Refusal.notFound()) : Effect.sync(() => ({ pips: 1 + Math.floor(next() * 6) }))
          )
          .handle("count", () => Effect.succeed({ pips: 6 }))
      )
      return Layer.merge(
        HttpApiBuilder.layer(api).pipe(Layer.provide(handlers)),
        Layer.succeed(DiceSimulator, { hide: Effect.sync(() => (isHidden = true)) })
      )
    })
  )
}

const Pips = Schema.Struct({ pips: Schema.Int })
const api = HttpApi.make("dice").add(
  HttpApiGroup.make("dice")
    .add(
      HttpApiEndpoint.post("roll", "/dice/roll", { success: Pips, error: ErrorResponses.documented }).annotate(
        Operation,
        {
          name: "Dice.roll",
          safeToRepeat: false,
          authorization: { scope: "connectionsView" }
        }
      ),
      HttpApiEndpoint.get("count", "/dice", { success: Pips })
    )
    .middleware(PrivxMiddleware)
)

describe("a domain of another package", () => {
  it.live("gets tokens, scopes, faults and the record like the kit's own", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ domains: [DiceSimulator.layer], faults: ["Dice.roll:503/MAX_LOAD*1"] })
      const roll = Effect.fnUntraced(function* (scope: string) {
        const headers = authorization(yield* simulator.issueToken({ scopes: [scope] }))
        return yield* ask(simulator, request("POST /dice/roll", headers))
      })
      assert.strictEqual((yield* roll("connectionsView")).status, 503)
      assert.strictEqual((yield* roll("admin")).status, 403)
      assert.match((yield* roll("connectionsView")).body, /^\{"pips":[1-6]\}$/)
      assert.deepStrictEqual(
        (yield* simulator.requests).map(({ operation }) => operation),
        ["Dice.roll", "Dice.roll", "Dice.roll"]
      )
    })
  )

  it.live("has controls of its own, beside those of the kit's domains", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ domains: [DiceSimulator.layer] })
      const headers = authorization(yield* simulator.issueToken({ scopes: ["connectionsView", "user"] }))
      yield* Context.get(simulator.controls, DiceSimulator).hide
      assert.strictEqual((yield* ask(simulator, request("POST /dice/roll", headers))).status, 404)
      yield* simulator.playback.addSession("a")
      assert.strictEqual((yield* ask(simulator, request(reauthenticate("a"), headers))).status, 200)
    })
  )

  it.live("can be the only one", () =>
    Effect.gen(function* () {
      const privx = yield* SimulatedPrivx.make({ domains: [DiceSimulator.layer] })
      assert.strictEqual((yield* ask(privx, request("GET /dice"))).body, '{"pips":6}')
      const headers = authorization(yield* privx.issueToken())
      assert.strictEqual((yield* ask(privx, request(createSession, headers))).status, 404)
    })
  )

  it.live("is random by the seed of the simulator", () =>
    Effect.gen(function* () {
      const rolls = Effect.fnUntraced(function* (seed: number) {
        const privx = yield* SimulatedPrivx.make({ domains: [DiceSimulator.layer], seed })
        const headers = authorization(yield* privx.issueToken({ scopes: ["connectionsView"] }))
        const answers = yield* Effect.replicateEffect(ask(privx, request("POST /dice/roll", headers)), 12)
        return answers.map(({ body }) => body).join()
      })
      assert.strictEqual(yield* rolls(7), yield* rolls(7))
      assert.notStrictEqual(yield* rolls(7), yield* rolls(8))
    })
  )
})
