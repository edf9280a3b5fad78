import { assert, describe, it } from "@effect/vitest"
import * as ErrorCode from "@privx-kit/core/ErrorCode"
import type { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import type { Reason } from "@privx-kit/http/TransportError"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { RetryObserver, type Retry } from "@privx-kit/http/RetryObserver"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const ok = WireServer.answer(200, '{"name":"n"}')

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.delay(until(condition), 2)))

describe("Transport", () => {
  it.live("sends a request once and decodes its answer", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([ok])
      const thing = yield* Effect.provide(TestApi.read("a b/ü"), TestApi.layer(server.url))
      assert.deepStrictEqual(thing, { name: "n" })
      assert.strictEqual(server.received.length, 1)
      const [request] = server.received
      assert.strictEqual(request?.line, "GET /things/a%20b%2F%C3%BC HTTP/1.1")
      assert.strictEqual(request?.headers.authorization, "Bearer secret-token")
      assert.match(request?.headers["user-agent"] ?? "", /^privx-kit\/\d+\.\d+\.\d+/)
    })
  )

  it.live("keeps the path prefix of the base URL", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([ok])
      yield* Effect.provide(TestApi.read(), TestApi.layer(new URL("/privx/", server.url)))
      assert.strictEqual(server.received[0]?.line, "GET /privx/things/1 HTTP/1.1")
    })
  )

  it.live("turns each error_code into its class", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make((_, index) => WireServer.errorBody(400, ErrorCode.all[index]!))
      for (const code of ErrorCode.all) {
        // A creation is not safe to repeat: one request for each status.
        const failure = yield* Effect.flip(Effect.provide(TestApi.create(), TestApi.layer(server.url)))
        assert.strictEqual("code" in failure ? failure.code : undefined, code)
        assert.strictEqual(failure.operation, "Things.create")
      }
    })
  )

  it.live("keeps status, code, message, property, details, Retry-After and request id", () =>
    Effect.gen(function* () {
      const body = JSON.stringify({
        error_code: "VALUE_DUPLICATE",
        error_message: "taken",
        property: "name",
        details: [null, { error_code: "CACHE_ERROR" }]
      })
      const server = yield* WireServer.make([
        WireServer.answer(409, body, { "Retry-After": "7", "X-Request-Id": "r-1" })
      ])
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.strictEqual(failure._tag, "ValueDuplicate")
      if (failure._tag !== "ValueDuplicate") return
      assert.strictEqual(failure.status, 409)
      assert.strictEqual(failure.property, "name")
      assert.deepStrictEqual(failure.details, [{ code: "CACHE_ERROR", details: [] }])
      assert.strictEqual(Duration.toSeconds(failure.retryAfter ?? Duration.zero), 7)
      assert.strictEqual(failure.requestId, "r-1")
    })
  )

  it.live.each<{ body: string; reason: UnexpectedResponse["reason"] }>([
    { body: "", reason: "empty" },
    { body: "<!DOCTYPE html><p>Bad Gateway", reason: "html" },
    { body: "Bad Gateway", reason: "notJson" },
    { body: '{"error":"invalid"}', reason: "otherJson" }
  ])("calls an error body that is $reason an UnexpectedResponse", ({ body, reason }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([WireServer.answer(418, body)])
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.strictEqual(failure._tag, "UnexpectedResponse")
      assert.deepInclude(failure, { status: 418, reason, excerpt: body })
    })
  )

  it.live.each<{ body: string; reason: UnexpectedResponse["reason"] }>([
    { body: "", reason: "empty" },
    { body: "<html>Please log in", reason: "html" },
    { body: '{"name":', reason: "notJson" },
    { body: '{"nom":"n"}', reason: "otherJson" }
  ])("calls a success that is $reason an UnexpectedResponse, and does not quote it", ({ body, reason }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([WireServer.answer(200, body)])
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.strictEqual(failure._tag, "UnexpectedResponse")
      assert.deepInclude(failure, { status: 200, reason, excerpt: "" })
    })
  )

  it.live("retries what the table allows, reports it, and gives up after the last attempt", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.errorBody(503, "MAX_LOAD"))
      const retries: Array<Retry> = []
      const failure = yield* TestApi.read().pipe(
        Effect.provideService(RetryObserver, (retry) => Effect.sync(() => void retries.push(retry))),
        Effect.provide(TestApi.layer(server.url)),
        Effect.flip
      )
      assert.strictEqual(failure._tag, "MaxLoad")
      assert.strictEqual(server.received.length, 4)
      assert.deepStrictEqual(
        retries.map((retry) => retry.attempt),
        [1, 2, 3]
      )
      assert.isTrue(retries.every((retry) => retry.failure._tag === "MaxLoad" && retry.operation === "Things.read"))
    })
  )

  it.live("does not retry what the table does not allow", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.errorBody(403, "PERMISSION_DENIED"))
      yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.strictEqual(server.received.length, 1)
    })
  )

  it.live("repeats an operation that is not safe to repeat only when it was certainly not processed", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([
        WireServer.errorBody(503, "TOO_MANY_CONNECTIONS"),
        WireServer.errorBody(500, "DATABASE_ERROR"),
        ok
      ])
      const failure = yield* Effect.flip(Effect.provide(TestApi.create("x"), TestApi.layer(server.url)))
      assert.strictEqual(failure._tag, "DatabaseError")
      assert.strictEqual(server.received.length, 2)
      // The body is sent again completely.
      assert.deepStrictEqual(
        server.received.map((request) => request.body),
        ['{"name":"x"}', '{"name":"x"}']
      )
    })
  )

  it.live("waits as long as Retry-After asks, up to the policy's cap", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([WireServer.errorBody(503, "MAX_LOAD", { "Retry-After": "3600" }), ok])
      const retries: Array<Retry> = []
      yield* TestApi.read().pipe(
        Effect.provideService(RetryObserver, (retry) => Effect.sync(() => void retries.push(retry))),
        Effect.provide(TestApi.layer(server.url))
      )
      assert.deepStrictEqual(
        retries.map((retry) => Math.floor(Duration.toMillis(retry.delay) / 5)),
        [1]
      )
    })
  )

  it.live("fails with the reason, not with the deadline, when the next pause would pass the deadline", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.errorBody(503, "MAX_LOAD", { "Retry-After": "1" }))
      const failure = yield* TestApi.read().pipe(
        Effect.provide(TestApi.layer(server.url, { deadline: "4 millis" })),
        Effect.flip
      )
      assert.include(["MaxLoad", "TransportError"], failure._tag)
      assert.isAtMost(server.received.length, 2)
    })
  )

  it.live("ends an attempt that gets no answer, and tries again", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([["hang"], ok])
      const layer = TestApi.layer(server.url, { attemptTimeout: "50 millis" })
      assert.deepStrictEqual(yield* Effect.provide(TestApi.read(), layer), { name: "n" })
      assert.strictEqual(server.received.length, 2)
    })
  )

  it.live("closes the socket when the call is interrupted", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([["hang"]])
      yield* Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(TestApi.read())
        yield* until(() => server.received.length === 1)
        assert.strictEqual(server.connections.open, 1)
        yield* Fiber.interrupt(fiber)
        yield* until(() => server.connections.open === 0)
      }).pipe(Effect.provide(TestApi.layer(server.url)))
    })
  )

  it.live.each<{ what: string; answer: WireServer.Answer; reason: Reason }>([
    { what: "a reset", answer: ["reset"], reason: "reset" },
    { what: "a closed connection", answer: ["close"], reason: "reset" },
    { what: "a short body", answer: ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "close"], reason: "truncated" },
    {
      what: "chunks without an end",
      answer: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "close"],
      reason: "truncated"
    },
    {
      what: "chunks without an end on a connection that was to close",
      answer: ["HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "close"],
      reason: "truncated"
    },
    { what: "something that is not HTTP", answer: ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "close"], reason: "protocol" },
    {
      what: "a packed body, which could burst",
      answer: WireServer.answer(200, "x", { "Content-Encoding": "gzip" }),
      reason: "protocol"
    },
    {
      what: "endless headers",
      answer: ["HTTP/1.1 200 OK\r\n", { repeat: `X: ${"x".repeat(1000)}\r\n`, times: 1000 }, "close"],
      reason: "tooLarge"
    },
    {
      what: "an announced body over the limit",
      answer: ["HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", "hang"],
      reason: "tooLarge"
    },
    {
      what: "an unannounced body over the limit",
      answer: [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        { repeat: `3e8\r\n${"x".repeat(1000)}\r\n`, times: 1000 }
      ],
      reason: "tooLarge"
    }
  ])("names the reason of $what: $reason", ({ answer, reason }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      const layer = TestApi.layer(server.url, { maxResponseBytes: 1500 })
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), layer))
      assert.strictEqual(failure._tag, "TransportError")
      assert.deepInclude(failure, { reason, origin: server.url.origin })
    })
  )

  it.live("says that nothing listens, and that a name does not resolve", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(Effect.map(WireServer.make([]), (server) => server.url))
      const refused = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(closed)))
      assert.deepInclude(refused, { _tag: "TransportError", reason: "refused" })
      const nowhere = TestApi.layer(new URL("http://does-not-exist.invalid"))
      const unresolved = yield* Effect.flip(Effect.provide(TestApi.read(), nowhere))
      assert.deepInclude(unresolved, { _tag: "TransportError", reason: "nameResolution" })
    })
  )

  it.live("sends at most as many requests at once as allowed", () =>
    Effect.gen(function* () {
      let most = 0
      const server = yield* WireServer.make(() => {
        most = Math.max(most, server.connections.open)
        return ok
      })
      yield* Effect.all(
        Array.from({ length: 40 }, () => TestApi.read()),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(TestApi.layer(server.url, { maxConcurrency: 3 })))
      assert.strictEqual(server.received.length, 40)
      assert.isAtMost(most, 3)
    })
  )

  it.live("opens up again after an overload when downloads succeed too", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([WireServer.errorBody(503, "MAX_LOAD"), ok, ["hang"], ["hang"]])
      yield* Effect.gen(function* () {
        yield* Effect.flip(Effect.provideService(TestApi.read(), RetryPolicy.RetryPolicy, RetryPolicy.never))
        yield* Effect.scoped(TestApi.open())
        yield* Effect.forkChild(TestApi.read())
        yield* Effect.forkChild(TestApi.read())
        yield* until(() => server.received.length === 4)
      }).pipe(Effect.provide(TestApi.layer(server.url, { maxConcurrency: 2 })))
    })
  )

  it.live("does not count the wait for a turn as silence of the server", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([["hang"], ok])
      yield* Effect.gen(function* () {
        const first = yield* Effect.forkChild(TestApi.read())
        yield* until(() => server.received.length === 1)
        const second = yield* Effect.forkChild(TestApi.read())
        yield* Effect.sleep(100)
        yield* Fiber.interrupt(first)
        assert.deepStrictEqual(yield* Fiber.join(second), { name: "n" })
      }).pipe(
        Effect.provide(TestApi.layer(server.url, { maxConcurrency: 1, attemptTimeout: "80 millis" })),
        Effect.provideService(RetryPolicy.RetryPolicy, RetryPolicy.never)
      )
    })
  )

  it.live("follows a redirect within the origin", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([WireServer.answer(302, "", { Location: "/elsewhere?x=1" }), ok])
      yield* Effect.provide(TestApi.read(), TestApi.layer(server.url))
      assert.strictEqual(server.received[1]?.line, "GET /elsewhere?x=1 HTTP/1.1")
    })
  )

  it.live("sends nothing to another origin", () =>
    Effect.gen(function* () {
      const other = yield* WireServer.make(() => ok)
      const server = yield* WireServer.make(() => WireServer.answer(307, "", { Location: `${other.url}things/1` }))
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "redirectRefused" })
      assert.include(failure.message, other.url.origin)
      assert.strictEqual(other.connections.total, 0)
    })
  )

  it.live("does not turn around in circles", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.answer(302, "", { Location: "/again" }))
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "redirectRefused" })
      assert.isAtMost(server.received.length, 6)
    })
  )

  it.live("names no path and no token in a failure", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ["reset"])
      const failure = yield* Effect.flip(Effect.provide(TestApi.read("the-session-id"), TestApi.layer(server.url)))
      const everything = JSON.stringify(failure) + String(failure) + failure.message + failure.stack
      assert.notInclude(everything, "the-session-id")
      assert.notInclude(everything, "secret-token")
    })
  )
})
