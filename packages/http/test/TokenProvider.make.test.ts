import { assert, describe, it } from "@effect/vitest"
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { TransportError } from "@privx-kit/http/TransportError"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"

/** A source that counts its requests and responds when the test allows it. */
const counting = (
  answer: (login: number) => Effect.Effect<{ readonly seconds?: number; readonly refresh?: string }, PrivxFailure>
) => {
  const count = { logins: 0 }
  return {
    count,
    login: Effect.suspend(() => {
      const login = ++count.logins
      return Effect.map(answer(login), ({ refresh, seconds }) => ({
        accessToken: Redacted.make(`token-${login}`),
        ...(seconds === undefined ? {} : { lifetime: Duration.seconds(seconds) }),
        ...(refresh === undefined ? {} : { refreshToken: Redacted.make(refresh) })
      }))
    })
  }
}

const refused = new TransportError({
  operation: "TokenProvider.get",
  origin: "https://h",
  reason: "refused",
  detail: ""
})

const get = (tokens: TokenProvider["Service"]) => Effect.map(tokens.get, Redacted.value)

describe("TokenProvider.make", () => {
  it.effect("uses a token until 30 s before its end, and no longer than half of a short life", () =>
    Effect.gen(function* () {
      const source = counting((login) => Effect.succeed({ seconds: login === 1 ? 100 : 40 }))
      const tokens = yield* TokenProvider.make(source)
      const used = []
      for (const seconds of [0, 69, 1.1, 19, 1.1]) {
        yield* TestClock.adjust(Duration.seconds(seconds))
        used.push(yield* get(tokens))
      }
      assert.deepStrictEqual(used, ["token-1", "token-1", "token-2", "token-2", "token-3"])
    })
  )

  it.effect("uses a token of unknown life for 30 s, and until it is refused where a person would have to log in", () =>
    Effect.gen(function* () {
      const used = (attended: boolean) =>
        Effect.gen(function* () {
          const tokens = yield* TokenProvider.make({ ...counting(() => Effect.succeed({})), attended })
          const first = yield* get(tokens)
          yield* TestClock.adjust("29 seconds")
          const second = yield* get(tokens)
          yield* TestClock.adjust("2 seconds")
          return [first, second, yield* get(tokens)]
        })
      assert.deepStrictEqual(yield* used(false), ["token-1", "token-1", "token-2"])
      assert.deepStrictEqual(yield* used(true), ["token-1", "token-1", "token-1"])
    })
  )

  it.effect("takes another margin", () =>
    Effect.gen(function* () {
      const source = { ...counting(() => Effect.succeed({ seconds: 100 })), margin: "3 seconds" as const }
      const tokens = yield* TokenProvider.make(source)
      yield* get(tokens)
      yield* TestClock.adjust("96 seconds")
      assert.strictEqual(yield* get(tokens), "token-1")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* get(tokens), "token-2")
    })
  )

  it.effect("counts the life of a token from the moment it was asked for", () =>
    Effect.gen(function* () {
      const source = counting(() => Effect.delay(Effect.succeed({ seconds: 100 }), "50 seconds"))
      const tokens = yield* TokenProvider.make(source)
      const first = yield* Effect.forkChild(get(tokens))
      yield* TestClock.adjust("50 seconds")
      yield* Fiber.join(first)
      yield* TestClock.adjust("21 seconds")
      yield* Effect.forkChild(get(tokens), { startImmediately: true })
      yield* Effect.yieldNow
      assert.strictEqual(source.count.logins, 2)
    })
  )

  it.effect("keeps fetching for the other callers when the first one gives up", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const source = counting(() => Effect.as(Deferred.await(gate), { seconds: 100 }))
      const tokens = yield* TokenProvider.make(source)
      const [first, ...others] = yield* Effect.forEach(Array.from({ length: 20 }), () =>
        Effect.forkChild(get(tokens), { startImmediately: true })
      )
      yield* Effect.yieldNow
      if (first !== undefined) yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, undefined)
      const used = yield* Effect.forEach(others, Fiber.join)
      assert.deepStrictEqual(new Set(used), new Set(["token-1"]))
      assert.strictEqual(source.count.logins, 1)
    })
  )

  it.effect("forgets a refused token, but not a newer one of another caller", () =>
    Effect.gen(function* () {
      const source = counting(() => Effect.succeed({ seconds: 100 }))
      const tokens = yield* TokenProvider.make(source)
      const old = yield* tokens.get
      yield* tokens.invalidate(old)
      assert.strictEqual(yield* get(tokens), "token-2")
      yield* tokens.invalidate(old)
      assert.strictEqual(yield* get(tokens), "token-2")
    })
  )

  it.effect("does not remember a failure", () =>
    Effect.gen(function* () {
      const source = counting((login) => (login === 1 ? Effect.fail(refused) : Effect.succeed({ seconds: 100 })))
      const tokens = yield* TokenProvider.make(source)
      assert.strictEqual(yield* Effect.flip(get(tokens)), refused)
      assert.strictEqual(yield* get(tokens), "token-2")
    })
  )

  it.effect("does not log in when the server cannot be reached for a refresh, and refreshes later", () =>
    Effect.gen(function* () {
      const source = counting(() => Effect.succeed({ seconds: 100, refresh: "refresh-1" }))
      const answers = [Effect.fail(refused), Effect.succeed({ accessToken: Redacted.make("refreshed") })]
      const used: Array<string> = []
      const tokens = yield* TokenProvider.make({
        ...source,
        refresh: (token) => {
          used.push(Redacted.value(token))
          return answers[used.length - 1] ?? Effect.die("too often")
        }
      })
      yield* tokens.invalidate(yield* tokens.get)
      assert.strictEqual(yield* Effect.flip(get(tokens)), refused)
      assert.strictEqual(yield* get(tokens), "refreshed")
      assert.deepStrictEqual(used, ["refresh-1", "refresh-1"])
      assert.strictEqual(source.count.logins, 1)
    })
  )

  it.effect("stops trying to refresh where that never works, and not where it once did", () =>
    Effect.gen(function* () {
      const tried = (answers: ReadonlyArray<"accepted" | "refused">) =>
        Effect.gen(function* () {
          let refreshes = 0
          const tokens = yield* TokenProvider.make({
            ...counting(() => Effect.succeed({ seconds: 100, refresh: "refresh" })),
            refresh: () =>
              answers[refreshes++] === "accepted"
                ? Effect.succeed({ accessToken: Redacted.make(`refreshed-${refreshes}`) })
                : Effect.fail(new UnexpectedResponse({ operation: "", status: 400, reason: "otherJson", excerpt: "" }))
          })
          for (let call = 0; call < 5; call++) yield* tokens.invalidate(yield* tokens.get)
          return refreshes
        })
      assert.strictEqual(yield* tried(["refused"]), 1)
      assert.strictEqual(yield* tried(["accepted", "refused", "refused"]), 4)
    })
  )

  it.effect("ends the fetching, and the waiting for it, with its scope", () =>
    Effect.gen(function* () {
      const waiting = yield* Effect.scoped(
        Effect.gen(function* () {
          const tokens = yield* TokenProvider.make(counting(() => Effect.never))
          const fiber = yield* Effect.forkDetach(get(tokens), { startImmediately: true })
          yield* Effect.yieldNow
          return { fiber, tokens }
        })
      )
      assert.strictEqual((yield* Fiber.await(waiting.fiber))._tag, "Failure")
      assert.strictEqual((yield* Effect.exit(waiting.tokens.get))._tag, "Failure")
    })
  )

  it.effect("returns the token and its remaining lifetime without a request", () =>
    Effect.gen(function* () {
      const source = counting(() => Effect.succeed({ seconds: 300 }))
      const tokens = yield* TokenProvider.make(source)
      assert.isUndefined(yield* tokens.current)
      yield* tokens.get
      yield* TestClock.adjust("100 seconds")
      const held = yield* tokens.current
      assert.deepStrictEqual(
        [held?.lifetime, held?.remaining].map((time) => time && Duration.toSeconds(time)),
        [300, 200]
      )
      yield* TestClock.adjust("170 seconds")
      assert.isUndefined(yield* tokens.current)
      assert.strictEqual(source.count.logins, 1)
    })
  )

  it.effect("renews a token that lives too short, once for all who ask, and hands the old one out meanwhile", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const source = counting((login) => Effect.as(login === 1 ? Effect.void : Deferred.await(gate), { seconds: 300 }))
      const tokens = yield* TokenProvider.make(source)
      yield* tokens.renew(Duration.seconds(200))
      yield* TestClock.adjust("100 seconds")
      yield* tokens.renew(Duration.seconds(200))
      assert.strictEqual(source.count.logins, 1)
      yield* TestClock.adjust("1 second")
      const renewing = yield* Effect.forkChild(
        Effect.all([tokens.renew(Duration.seconds(200)), tokens.renew(Duration.seconds(200))], { concurrency: 2 })
      )
      yield* Effect.yieldNow
      assert.strictEqual(yield* get(tokens), "token-1")
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(renewing)
      assert.strictEqual(yield* get(tokens), "token-2")
      assert.strictEqual(source.count.logins, 2)
    })
  )

  it.effect("does not ask a person for a token only to have a longer one, nor renew one of unknown life", () =>
    Effect.gen(function* () {
      const attended = counting(() => Effect.succeed({ seconds: 300 }))
      const person = yield* TokenProvider.make({ ...attended, attended: true })
      yield* person.get
      yield* person.renew(Duration.seconds(10_000))
      assert.strictEqual(attended.count.logins, 1)
      const unknown = counting(() => Effect.succeed({}))
      const tokens = yield* TokenProvider.make(unknown)
      yield* tokens.get
      yield* tokens.renew(Duration.seconds(10_000))
      assert.strictEqual(unknown.count.logins, 1)
      assert.deepStrictEqual(Object.keys((yield* tokens.current) ?? {}), ["token"])
    })
  )
})
