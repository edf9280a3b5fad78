/** The schedule of a keep-alive in virtual time. Separate tests cover the wire, here and in the simulator. */
import { assert, describe, it } from "@effect/vitest"
import * as ApiError from "@privx-kit/core/ApiError"
import type { ErrorCode } from "@privx-kit/core/ErrorCode"
import * as SessionId from "@privx-kit/core/SessionId"
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import { OAuthError } from "@privx-kit/http/OAuthError"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import type { Grant } from "@privx-kit/http/TokenSource"
import { TransportError } from "@privx-kit/http/TransportError"
import { KeepAlive, Playback } from "@privx-kit/playback"
import type { Event } from "@privx-kit/playback/KeepAlive"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

const session = (id: string) => Schema.decodeUnknownSync(SessionId.PlaybackSessionId)(id)

const apiError = (status: number, code: ErrorCode = "GENERAL_ERROR"): PrivxFailure =>
  ApiError.make({ code, details: [] }, { status, operation: "Playback.reauthenticate" })

const page = (status: number, reason: UnexpectedResponse["reason"]): PrivxFailure =>
  new UnexpectedResponse({ operation: "Playback.reauthenticate", status, reason, excerpt: "" })

const broken = (reason: TransportError["reason"]): PrivxFailure =>
  new TransportError({ operation: "Playback.reauthenticate", origin: "https://h", reason, detail: "" })

interface World {
  /** The times of the calls in seconds since the start, and the token of each call. */
  readonly calls: Array<{ readonly at: number; readonly token: string }>
  readonly logins: Array<number>
}

/** The lifetime of a token in seconds; the interval is 100. */
const life = 300

/** A keep-alive with a Playback and a login that the test controls. */
const world = Effect.fnUntraced(function* (options: {
  readonly answer?: (call: number, at: number) => Effect.Effect<void, PrivxFailure>
  readonly login?: (login: number) => Effect.Effect<Partial<Grant>, PrivxFailure>
}) {
  const seen: World = { calls: [], logins: [] }
  const seconds = Effect.map(Clock.currentTimeMillis, (now) => Math.round(now / 1_000))
  const tokens = yield* TokenProvider.make({
    login: Effect.gen(function* () {
      seen.logins.push(yield* seconds)
      const more = yield* options.login?.(seen.logins.length) ?? Effect.succeed({})
      const accessToken = Redacted.make(`token-${seen.logins.length}`)
      return { accessToken, lifetime: Duration.seconds(life), ...more }
    })
  })
  const playback = Layer.succeed(
    Playback,
    Playback.of({
      reauthenticate: () =>
        Effect.gen(function* () {
          const token = Redacted.value(yield* tokens.get)
          const at = yield* seconds
          seen.calls.push({ at, token })
          yield* options.answer?.(seen.calls.length, at) ?? Effect.void
        })
    })
  )
  const layer = KeepAlive.layer().pipe(Layer.provide(playback), Layer.provide(Layer.succeed(TokenProvider, tokens)))
  const service = yield* Effect.map(Layer.build(layer), (context) => Effect.provide(KeepAlive, context))
  return { seen, keepAlive: yield* service }
})

/** Advances virtual time in steps. */
const pass = (seconds: number) => Effect.repeat(TestClock.adjust("1 second"), { times: seconds - 1 })

describe("keepAlive", () => {
  it.effect(
    "calls at once, then every third of the token's life, each time with a token that outlives the next call",
    () =>
      Effect.gen(function* () {
        const { keepAlive, seen } = yield* world({})
        yield* Effect.forkChild(keepAlive.keepAlive(session("a")))
        yield* pass(1_200)
        const [first, ...rest] = seen.calls.map(({ at }) => at)
        assert.strictEqual(first, 0)
        assert.isAtMost(rest[0] ?? Infinity, 102)
        for (let index = 1; index < rest.length; index++) {
          const between = (rest[index] ?? 0) - (rest[index - 1] ?? 0)
          assert.isTrue(between >= 97 && between <= 103, `${between} s between two calls`)
        }
        for (const { at, token } of seen.calls) {
          const issued = seen.logins[Number(token.slice("token-".length)) - 1] ?? -Infinity
          assert.isAtLeast(issued + life - at, 199)
        }
        assert.strictEqual(yield* keepAlive.active, 1)
      })
  )

  it.effect("takes over from an earlier process with its count and what is left of its margin", () =>
    Effect.gen(function* () {
      const failure = apiError(503, "MAX_LOAD")
      const taken = Effect.fnUntraced(function* (left: Duration.Input, until: number) {
        const { keepAlive, seen } = yield* world({
          answer: (_, at) => (at < until ? Effect.fail(failure) : Effect.void)
        })
        const events: Array<Event> = []
        const fiber = yield* Effect.forkChild(
          Effect.exit(
            keepAlive.keepAlive(session("a"), {
              resumed: { count: 7, left: Duration.fromInputUnsafe(left) },
              onEvent: (event) => Effect.sync(() => void events.push(event))
            })
          )
        )
        yield* pass(160)
        const exit = fiber.pollUnsafe()
        return { first: seen.calls[0]?.at, done: events.filter(({ _tag }) => _tag === "reauthenticated"), exit }
      })
      const kept = yield* taken("150 seconds", 120)
      assert.strictEqual(kept.first, 0)
      assert.deepInclude(kept.done[0], { count: 8 })
      assert.isUndefined(kept.exit)
      // If no time is left, a third of the token lifetime is used.
      const lost = yield* taken(0, 1_000_000)
      assert.isTrue(lost.exit !== undefined)
    })
  )

  it.effect("ends by itself when the session is gone", () =>
    Effect.gen(function* () {
      for (const gone of [apiError(404), page(404, "empty")]) {
        const { keepAlive } = yield* world({ answer: (call) => (call === 3 ? Effect.fail(gone) : Effect.void) })
        const fiber = yield* Effect.forkChild(keepAlive.keepAlive(session("a")))
        yield* pass(300)
        assert.deepStrictEqual(yield* Fiber.join(fiber), { reason: "sessionEnded", count: 2 })
        assert.strictEqual(yield* keepAlive.active, 0)
      }
    })
  )

  it.effect.each([
    { what: "401", failure: apiError(401, "PERMISSION_DENIED") },
    { what: "403", failure: apiError(403, "PERMISSION_DENIED") },
    { what: "a bare 401", failure: page(401, "empty") },
    { what: "400", failure: apiError(400, "BAD_REQUEST") },
    { what: "a page in the place of PrivX", failure: page(404, "html") },
    { what: "a certificate that is not trusted", failure: broken("tls") }
  ])("fails typed and at once on $what", ({ failure }) =>
    Effect.gen(function* () {
      const { keepAlive, seen } = yield* world({ answer: (call) => (call === 2 ? Effect.fail(failure) : Effect.void) })
      const fiber = yield* Effect.forkChild(keepAlive.keepAlive(session("a")))
      yield* pass(150)
      assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), failure)
      assert.lengthOf(seen.calls, 2)
    })
  )

  it.effect("fails typed when the account is refused a token", () =>
    Effect.gen(function* () {
      const refused = new OAuthError({ operation: "TokenProvider.get", status: 400, code: "invalid_grant" })
      const { keepAlive } = yield* world({
        login: (login) => (login === 2 ? Effect.fail(refused) : Effect.succeed({}))
      })
      const fiber = yield* Effect.forkChild(keepAlive.keepAlive(session("a")))
      yield* pass(250)
      assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), refused)
    })
  )

  it.effect.each([
    { what: "an overload", failure: apiError(503, "MAX_LOAD") },
    { what: "a refused connection", failure: broken("refused") },
    { what: "a call without an answer", failure: broken("deadline") },
    { what: "a circuit breaker", failure: broken("circuitOpen") },
    { what: "a proxy's error page", failure: page(502, "html") }
  ])("survives $what for as long as the token of the last success lives", ({ failure }) =>
    Effect.gen(function* () {
      const { keepAlive, seen } = yield* world({
        answer: (_, at) => (at >= 50 && at < 190 ? Effect.fail(failure) : Effect.void)
      })
      const events: Array<Event> = []
      const fiber = yield* Effect.forkChild(
        keepAlive.keepAlive(session("a"), { onEvent: (event) => Effect.sync(() => void events.push(event)) })
      )
      yield* pass(600)
      assert.isUndefined(fiber.pollUnsafe())
      const failing = events.filter(({ _tag }) => _tag === "failing")
      assert.isAbove(failing.length, 3)
      assert.isBelow(seen.calls.length, 30)
      const first = seen.calls.find(({ at }) => at >= 190)
      assert.isBelow(first?.at ?? Infinity, 190 + 26)
    })
  )

  it.effect("gives a failure up that has not passed when the token of the last success ends, and not before", () =>
    Effect.gen(function* () {
      const { keepAlive, seen } = yield* world({
        answer: (call) => (call === 1 ? Effect.void : Effect.fail(apiError(503, "MAX_LOAD")))
      })
      const fiber = yield* Effect.forkChild(keepAlive.keepAlive(session("a")))
      yield* pass(299)
      assert.isUndefined(fiber.pollUnsafe())
      yield* pass(3)
      const failure = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(failure._tag, "MaxLoad")
      assert.isAtLeast(seen.calls.at(-1)?.at ?? 0, 290)
    })
  )

  it.effect("gives a call up that has no answer when the token of the last success ends", () =>
    Effect.gen(function* () {
      const { keepAlive } = yield* world({ answer: (call) => (call === 1 ? Effect.void : Effect.never) })
      const fiber = yield* Effect.forkChild(keepAlive.keepAlive(session("a")))
      yield* pass(302)
      const failure = yield* Effect.flip(Fiber.join(fiber))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "deadline" })
    })
  )

  it.effect("uses the token that it has while a login fails for a reason that passes", () =>
    Effect.gen(function* () {
      const { keepAlive, seen } = yield* world({
        login: (login) => (login > 1 && login < 5 ? Effect.fail(broken("refused")) : Effect.succeed({}))
      })
      const fiber = yield* Effect.forkChild(keepAlive.keepAlive(session("a")))
      yield* pass(900)
      assert.isUndefined(fiber.pollUnsafe())
      assert.include(
        seen.calls.map(({ token }) => token),
        "token-5"
      )
    })
  )

  it.effect("takes the life of each token as it comes", () =>
    Effect.gen(function* () {
      const { keepAlive, seen } = yield* world({
        login: (login) => Effect.succeed(login === 1 ? {} : { lifetime: Duration.seconds(60) })
      })
      yield* Effect.forkChild(keepAlive.keepAlive(session("a")))
      yield* pass(600)
      const late = seen.calls.map(({ at }) => at).filter((at) => at > 320)
      for (let index = 1; index < late.length; index++) {
        assert.isAtMost((late[index] ?? 0) - (late[index - 1] ?? 0), 22)
      }
    })
  )

  it.effect("ends with the scope that it was forked in", () =>
    Effect.gen(function* () {
      const { keepAlive, seen } = yield* world({})
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Effect.forkScoped(keepAlive.keepAlive(session("a")))
          yield* pass(10)
          assert.strictEqual(yield* keepAlive.active, 1)
        })
      )
      assert.strictEqual(yield* keepAlive.active, 0)
      const { length } = seen.calls
      yield* pass(300)
      assert.lengthOf(seen.calls, length)
    })
  )

  it.effect.each([{ first: "spread" }, { first: "now" }] as const)(
    "calls evenly for many sessions that start together, with one login for all of them: $first",
    ({ first }) =>
      Effect.gen(function* () {
        const { keepAlive, seen } = yield* world({})
        yield* Effect.forkChild(
          Effect.forEach(
            Array.from({ length: 4_000 }, (_, index) => session(`s${index}`)),
            (id) => keepAlive.keepAlive(id, { first }),
            { concurrency: "unbounded" }
          )
        )
        yield* pass(400)
        const seconds = new Map<number, number>()
        for (const { at } of seen.calls) seconds.set(at, (seconds.get(at) ?? 0) + 1)
        assert.isAtMost(Math.max(...seconds.values()), 1.5 * 40)
        assert.isAtLeast(seen.calls.length, 3.9 * 4_000)
        assert.isAtMost(seen.logins.length, 5)
      })
  )

  it.effect("calls evenly after the process stood still, when all calls are due at once", () =>
    Effect.gen(function* () {
      const { keepAlive, seen } = yield* world({})
      yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 4_000 }, (_, index) => session(`s${index}`)),
          (id) => keepAlive.keepAlive(id, { first: "spread" }),
          { concurrency: "unbounded" }
        )
      )
      yield* pass(150)
      yield* TestClock.adjust("60 seconds")
      yield* pass(100)
      const seconds = new Map<number, number>()
      for (const { at } of seen.calls) if (at > 212) seconds.set(at, (seconds.get(at) ?? 0) + 1)
      assert.isAtMost(Math.max(...seconds.values()), 1.5 * 40)
    })
  )

  it.effect("is a failure or an end of one session only", () =>
    Effect.gen(function* () {
      const { keepAlive } = yield* world({ answer: (call) => (call === 1 ? Effect.fail(apiError(404)) : Effect.void) })
      const exit = yield* Effect.exit(keepAlive.keepAlive(session("gone")))
      assert.isTrue(Exit.isSuccess(exit))
      yield* Effect.forkChild(keepAlive.keepAlive(session("there")))
      yield* pass(200)
      assert.strictEqual(yield* keepAlive.active, 1)
    })
  )
})
