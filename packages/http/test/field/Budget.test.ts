/** Field conditions: the number of attempts and the duration of an operation under any failure. */
import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "@privx-kit/http/Endpoint"
import * as FileDownload from "@privx-kit/http/FileDownload"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as RetryScope from "@privx-kit/http/RetryScope"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Transport } from "@privx-kit/http/Transport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as os from "node:os"
import * as path from "node:path"
import * as Logins from "../Logins.ts"
import * as TestApi from "../TestApi.ts"
import * as WireServer from "../WireServer.ts"

const ok = WireServer.answer(200, '{"name":"n"}')
const body = Effect.scoped(Effect.flatMap(TestApi.open(), (download) => Stream.runDrain(download.stream)))

/** An operation that repeats two calls together, in its own rounds. */
const inRounds = <A>(round: Effect.Effect<A, PrivxFailure, Transport>): Effect.Effect<A, PrivxFailure, Transport> => {
  const again: Effect.Effect<A, PrivxFailure, Transport> = Effect.catch(round, (failure) =>
    Effect.flatMap(RetryScope.next(failure), (delay) =>
      Option.isNone(delay) ? Effect.fail(failure) : Effect.delay(again, delay.value)
    )
  )
  return RetryScope.share(again)
}

const toFile = Effect.flatMap(Endpoint.download(TestApi.api, { group: "things", endpoint: "open" }), (open) =>
  FileDownload.toFile(path.join(os.tmpdir(), "privx-kit-never-there"), (rest) => open({ params: { id: "1" } }, rest))
)

describe("the attempts of a policy", () => {
  it.live.each<{ condition: string; call: Effect.Effect<unknown, unknown, Transport>; answer: WireServer.Answer }>([
    { condition: "a call", call: TestApi.read(), answer: ["reset"] },
    { condition: "a download into a file that never gets a head", call: toFile, answer: ["reset"] },
    {
      condition: "a download into a file that always breaks off",
      call: toFile,
      answer: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n#", "reset"]
    },
    { condition: "rounds of calls", call: inRounds(TestApi.read()), answer: ["reset"] },
    { condition: "rounds of downloads", call: inRounds(body), answer: ["reset"] },
    {
      condition: "rounds of downloads that break off",
      call: inRounds(body),
      answer: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n#", "close"]
    },
    {
      condition: "rounds of failures that pass",
      call: inRounds(TestApi.read()),
      answer: WireServer.errorBody(503, "MAX_LOAD")
    }
  ])("are not multiplied by layers: $condition", ({ answer, call }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      yield* Effect.flip(Effect.provide(call, TestApi.layer(server.url)))
      assert.strictEqual(server.received.length, TestApi.quick.attempts)
    })
  )

  it.live("are shared with the login that the call needs", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.errorBody(503, "MAX_LOAD"))
      yield* Effect.flip(Effect.provide(inRounds(TestApi.read()), TestApi.layer(server.url, { tokens: "apiClient" })))
      assert.strictEqual(server.received.length, TestApi.quick.attempts)
    })
  )

  it.live("are those of each call again outside of a scope", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ["reset"])
      const twice = Effect.andThen(Effect.flip(TestApi.read()), Effect.flip(TestApi.read()))
      yield* Effect.provide(twice, TestApi.layer(server.url))
      assert.strictEqual(server.received.length, 2 * TestApi.quick.attempts)
    })
  )
})

describe("the deadline is a wall", () => {
  const patient = { ...TestApi.quick, retryAfterCap: Duration.minutes(1) }

  it.live.each<{ condition: string; answer: WireServer.Script; tokens: "static" | "apiClient" }>([
    {
      condition: "Retry-After: 30",
      answer: () => WireServer.errorBody(503, "MAX_LOAD", { "Retry-After": "30" }),
      tokens: "static"
    },
    {
      condition: "Retry-After of eleven digits",
      answer: () => WireServer.errorBody(429, "MAX_LOAD", { "Retry-After": "99999999999" }),
      tokens: "static"
    },
    {
      condition: "the login gets a Retry-After",
      answer: () => WireServer.errorBody(503, "MAX_LOAD", { "Retry-After": "30" }),
      tokens: "apiClient"
    },
    { condition: "the login is silent", answer: () => ["hang"], tokens: "apiClient" },
    {
      condition: "each redirect takes a while",
      answer: () => [{ pause: 40 }, ...WireServer.answer(302, "", { Location: "/again" })],
      tokens: "static"
    },
    {
      condition: "the second login, after a 401, is silent",
      answer: ({ line }, index) =>
        line.startsWith("POST") ? (index === 0 ? Logins.tokens("t") : ["hang"]) : WireServer.answer(401, "{}"),
      tokens: "apiClient"
    }
  ])("for a call and for rounds of calls: $condition", ({ answer, tokens }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(answer)
      const layer = TestApi.layer(server.url, { tokens, deadline: "120 millis" })
      for (const call of [TestApi.read(), inRounds(TestApi.read())]) {
        // Much longer than the deadline, and much shorter than the wait that the server requests.
        const failure = yield* Effect.flip(Effect.provide(call, layer)).pipe(
          Effect.provideService(RetryPolicy.RetryPolicy, patient),
          Effect.timeout("25 seconds")
        )
        assert.oneOf(failure._tag, ["TransportError", "MaxLoad"])
        if (failure._tag === "TransportError") assert.strictEqual(failure.reason, "deadline")
      }
    })
  )

  it.live("for a body that trickles, where a deadline is set", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ["HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", { drip: "x" }])
      const layer = TestApi.layer(server.url, { deadline: "120 millis" })
      const failure = yield* Effect.flip(Effect.provide(body, layer))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "deadline" })
    })
  )

  it.live("for a call that waits for its turn", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ["hang"])
      yield* Effect.gen(function* () {
        yield* Effect.forkChild(TestApi.read())
        yield* Effect.sleep(20)
        const failure = yield* Effect.flip(TestApi.read())
        assert.deepInclude(failure, { _tag: "TransportError", reason: "deadline" })
      }).pipe(Effect.provide(TestApi.layer(server.url, { maxConcurrency: 1, deadline: "100 millis" })))
    })
  )

  it.live("of one call does not cost another one its login", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(({ line }, index) =>
        line.startsWith("POST") ? (index === 0 ? ["hang"] : Logins.tokens("t")) : ok
      )
      yield* Effect.gen(function* () {
        const short = yield* Effect.forkChild(Effect.flip(RetryScope.share(Effect.delay(TestApi.read(), 250))))
        // This call joins the login of the first call, but has more time.
        yield* Effect.sleep(300)
        assert.deepStrictEqual(yield* TestApi.read(), { name: "n" })
        short.interruptUnsafe()
      }).pipe(
        Effect.provide(
          TestApi.layer(server.url, { tokens: "apiClient", attemptTimeout: "400 millis", deadline: "500 millis" })
        )
      )
    })
  )
})

describe("the least throughput", () => {
  const dripping: WireServer.Answer = ["HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", { drip: "x" }]

  it.live("ends a body that trickles", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => dripping)
      const layer = TestApi.layer(server.url, { stallTimeout: "1 second", minThroughput: 100_000 })
      const failure = yield* Effect.flip(Effect.provide(body, layer))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "timeout" })
      assert.include(failure.message, "the minimum is 100000 bytes per second")
    })
  )

  it.live("does not count the time in which the reader does not keep up", () =>
    Effect.gen(function* () {
      const large = "x".repeat(1024 * 1024)
      const server = yield* WireServer.make(() => [
        `HTTP/1.1 200 OK\r\nContent-Length: ${8 * large.length}\r\n\r\n`,
        { repeat: large, times: 8 }
      ])
      const bytes = yield* Effect.flatMap(TestApi.open(), ({ stream }) =>
        Effect.andThen(
          Effect.sleep(1000),
          Stream.runFold(
            stream,
            () => 0,
            (sum, chunk) => sum + chunk.byteLength
          )
        )
      ).pipe(
        Effect.scoped,
        Effect.provide(TestApi.layer(server.url, { stallTimeout: "400 millis", minThroughput: 1024 }))
      )
      assert.strictEqual(bytes, 8 * large.length)
    })
  )

  it.live("can be switched off", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => dripping)
      const layer = TestApi.layer(server.url, {
        stallTimeout: "2 seconds",
        minThroughput: false,
        downloadDeadline: "2500 millis"
      })
      const failure = yield* Effect.flip(Effect.provide(body, layer))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "deadline" })
    })
  )
})
