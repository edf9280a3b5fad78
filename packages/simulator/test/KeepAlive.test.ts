/** A playback session kept alive against the simulator, in real time with tokens of a few seconds. */
import { assert, describe, it } from "@effect/vitest"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { KeepAlive } from "@privx-kit/playback/KeepAlive"
import { Playback } from "@privx-kit/playback/Playback"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { type Options, Simulator } from "../src/Simulator.ts"

const start = Effect.fnUntraced(function* (options: Options<readonly []> = {}) {
  const simulator = yield* Simulator.make({ tokenLifetime: "3 seconds", ...options })
  const context = yield* Layer.build(
    KeepAlive.layer().pipe(
      Layer.provide(Playback.layer()),
      Layer.provide(Transport.layer),
      Layer.provide(TokenProvider.layerApiClient(simulator.apiClient)),
      Layer.provide(Connection.layer({ baseUrl: simulator.url }))
    )
  )
  const id = yield* simulator.addPlaybackSession()
  const { keepAlive } = yield* Effect.provide(Effect.service(KeepAlive), context)
  const answers = (status: number) =>
    Effect.map(
      simulator.requests,
      (requests) =>
        requests.filter((request) => request.operation === "Playback.reauthenticate" && request.status === status)
          .length
    )
  return { simulator, id, keepAlive, answers }
})

const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(Effect.delay(condition, "20 millis"), { until: (holds) => holds })

describe("keepAlive on a simulator", () => {
  it.live("continues past the end of several tokens, with refreshed ones, and ends with the session", () =>
    Effect.gen(function* () {
      const { answers, id, keepAlive, simulator } = yield* start({ faults: ["reauthenticate:503/MAX_LOAD+2*2"] })
      const fiber = yield* Effect.forkChild(keepAlive(id))
      yield* until(Effect.map(answers(200), (count) => count >= 6))
      assert.strictEqual(yield* answers(401), 0)
      yield* simulator.endPlaybackSession(id)
      const ended = yield* Fiber.join(fiber)
      assert.strictEqual(ended.reason, "sessionEnded")
      assert.isAtLeast(ended.count, 6)
      const refreshes = (yield* simulator.requests).filter(({ operation }) => operation === "Auth.token")
      assert.isAtLeast(refreshes.length, 3)
    })
  )

  it.live("fails typed when the scope is taken away, and when neither token nor credentials are good any more", () =>
    Effect.gen(function* () {
      const { id, keepAlive } = yield* start({ scopes: ["admin"] })
      const forbidden = yield* Effect.flip(keepAlive(id))
      assert.deepInclude(forbidden, { _tag: "PermissionDenied", status: 403 })
      assert.include(forbidden.hint, 'scope "user"')
      const other = yield* start({ faults: ["token:400/PERMISSION_DENIED+1"] })
      const fiber = yield* Effect.forkChild(other.keepAlive(other.id))
      yield* until(Effect.map(other.answers(200), (count) => count >= 1))
      yield* other.simulator.revokeTokens
      const failure = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(failure._tag, "PermissionDenied")
    })
  )
})
