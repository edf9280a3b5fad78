/** `privx-kit playback keep-alive` as a separate process, against a simulated PrivX with tokens of a few seconds. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { eventually } from "@privx-kit/testing/eventually"
import * as cli from "../../support/cli.ts"
import * as privx from "../../support/privx.ts"
import * as simulated from "../../support/simulated.ts"

describe("privx-kit playback keep-alive", () => {
  it.live("keeps the sessions of standard input alive over failures that pass, and ends with the last one", () =>
    Effect.gen(function* () {
      const { assertNoSecretIn, env, simulator } = yield* simulated.start({ tokenLifetime: "3 seconds" })
      const ids = [yield* simulator.addPlaybackSession(), yield* simulator.addPlaybackSession()]
      const fiber = yield* Effect.forkChild(
        cli.run(["playback", "keep-alive", "--json"], { env, stdin: ids.map(Redacted.value).join("\n") })
      )
      const calls = privx.count(simulator, "Playback.reauthenticate")
      yield* eventually(calls, (count) => count >= 4)
      yield* Effect.orDie(simulator.setFaults(["reauthenticate:503/MAX_LOAD*2,retry-after=0"]))
      const before = yield* calls
      yield* eventually(calls, (count) => count >= before + 4)
      yield* Effect.forEach(ids, (id) => simulator.endPlaybackSession(id))
      const ended = yield* Fiber.join(fiber)
      assert.strictEqual(ended.code, 0, ended.stderr)
      const { sessions } = cli.json(ended).result as {
        readonly sessions: ReadonlyArray<{ readonly count: number; readonly ended: string }>
      }
      assert.deepStrictEqual(
        sessions.map(({ ended }) => ended),
        ["sessionEnded", "sessionEnded"]
      )
      for (const { count } of sessions) assert.isAtLeast(count, 3)
      assert.match(ended.stderr, /session 2 {2}✓ re-authenticated once/)
      yield* assertNoSecretIn(ended)
    })
  )

  it.live("ends after --for, and fails with the failure of a session that lost its access", () =>
    Effect.gen(function* () {
      const { env, simulator } = yield* simulated.start()
      const id = Redacted.value(yield* simulator.addPlaybackSession())
      const own = { ...env, PRIVX_PLAYBACK_SESSION_ID: id }
      const over = yield* cli.run(["playback", "keep-alive", "--for", "1s"], { env: own })
      yield* Effect.orDie(simulator.setFaults(["reauthenticate:403/PERMISSION_DENIED"]))
      const refused = yield* cli.run(["playback", "keep-alive"], { env: own })
      assert.strictEqual(over.code, 0, over.stderr)
      assert.match(over.stdout, /^Session 1 {2}✓ the time is over after 1 re-authentication$/m)
      assert.strictEqual(refused.code, 8)
      assert.match(refused.stdout, /^Session 1 {2}✗ .*403 PERMISSION_DENIED/m)
      assert.notInclude(over.stdout + over.stderr + refused.stdout + refused.stderr, id)
    })
  )

  it.live("takes no id from the command line, and none is an error", () =>
    Effect.gen(function* () {
      const none = yield* cli.run(["playback", "keep-alive"], {
        env: { PRIVX_API_BASE_URL: "https://privx.example.com" }
      })
      assert.strictEqual(none.code, 2)
      assert.include(none.stderr, "No session id was given: set $PRIVX_PLAYBACK_SESSION_ID")
      const argument = yield* cli.run(["playback", "keep-alive", "secret-session"])
      assert.strictEqual(argument.code, 2)
      assert.notInclude(argument.stderr, "secret-session")
    })
  )
})
