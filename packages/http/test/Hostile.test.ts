/** Hostile servers: each results in a typed failure, in bounded time and memory. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Json from "../src/internal/json.ts"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const body = Effect.scoped(Effect.flatMap(TestApi.open(), (download) => Stream.runDrain(download.stream)))

const megabyte = "[".repeat(1024 * 1024)

/** A hundred megabytes that begin like JSON but are not JSON. */
const endlessJson = (status: number): WireServer.Answer => [
  `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  { repeat: `100000\r\n${megabyte}\r\n`, times: 100 },
  "0\r\n\r\n"
]

describe("a hostile server", () => {
  it.live.each<{ what: string; answer: WireServer.Answer }>([
    { what: "a head", answer: ["HTTP/1.1 200 OK\r\nX-Slow: ", { drip: "x" }] },
    { what: "interim answers", answer: [{ drip: "HTTP/1.1 102 Processing\r\n\r\n" }] },
    { what: "a body", answer: ["HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{", { drip: " " }] },
    {
      what: "chunks",
      answer: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", { drip: "1\r\n \r\n" }]
    },
    { what: "the body of an error", answer: ["HTTP/1.1 503 X\r\nContent-Length: 100000\r\n\r\n{", { drip: " " }] }
  ])("cannot hold a call up by dripping $what", ({ answer }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      const layer = TestApi.layer(server.url, { attemptTimeout: "60 millis", deadline: "150 millis" })
      for (const call of [TestApi.read(), TestApi.create()]) {
        const failure = yield* Effect.flip(Effect.provide(call, layer))
        assert.strictEqual(failure._tag, "TransportError")
        if (failure._tag === "TransportError") assert.include(["timeout", "deadline"], failure.reason)
      }
    })
  )

  it.live("cannot hold up a login by dripping a token", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => [
        'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"access_token":"',
        { drip: "x" }
      ])
      const failure = yield* TestApi.read().pipe(
        Effect.provide(
          TestApi.layer(server.url, { tokens: "apiClient", attemptTimeout: "60 millis", deadline: "150 millis" })
        ),
        Effect.flip
      )
      assert.deepInclude(failure, { _tag: "TransportError", operation: "TokenProvider.get" })
    })
  )

  it.live("cannot keep a download alive by a byte now and then", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ["HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", { drip: "x" }])
      const layer = TestApi.layer(server.url, { stallTimeout: "1 second", downloadDeadline: "100 millis" })
      const failure = yield* Effect.flip(Effect.provide(body, layer))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "deadline", operation: "Things.open" })
    })
  )

  it.live.each([200, 400, 503])("cannot fill the memory with 100 MB of broken JSON (status %i)", (status) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => endlessJson(status))
      for (const call of [TestApi.read(), ...(status === 200 ? [] : [body])]) {
        const failure = yield* Effect.flip(Effect.provide(call, TestApi.layer(server.url)))
        assert.deepInclude(failure, { _tag: "TransportError", reason: "tooLarge" })
      }
      // The client abandons the socket instead of reading to its end.
      assert.isAtMost(server.connections.open, 1)
    })
  )

  it.live(
    "gets a typed failure for 100 MB of broken JSON where so much is allowed",
    () =>
      Effect.gen(function* () {
        const server = yield* WireServer.make(() => endlessJson(200))
        const failure = yield* TestApi.read().pipe(
          Effect.provide(TestApi.layer(server.url, { maxResponseBytes: 200 * 1024 * 1024 })),
          Effect.flip
        )
        assert.deepInclude(failure, { _tag: "UnexpectedResponse", reason: "notJson", excerpt: "" })
      }),
    20_000
  )

  it.live.each<{ what: string; location: string }>([
    { what: "another host", location: "http://evil.invalid/things/1" },
    { what: "another host without a scheme", location: "//evil.invalid/things/1" },
    { what: "another host by a backslash", location: "/\\evil.invalid/things/1" },
    { what: "another scheme", location: "https://127.0.0.1/things/1" },
    { what: "a file", location: "file:///etc/passwd" },
    { what: "a script", location: "javascript:alert(1)" },
    { what: "no URL", location: "http://[" }
  ])("cannot lead a request to $what", ({ location }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.answer(307, "", { Location: location }))
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "redirectRefused" })
      assert.strictEqual(server.received.length, 1)
    })
  )

  it.live("cannot turn a creation into something else by a redirect", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.answer(302, "", { Location: "/things/1" }))
      const failure = yield* Effect.flip(Effect.provide(TestApi.create(), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "redirectRefused" })
      assert.strictEqual(server.received.length, 1)
    })
  )

  it.live("cannot slip a second answer in behind the first", () =>
    Effect.gen(function* () {
      const [forged] = WireServer.answer(200, '{"name":"forged"}')
      const server = yield* WireServer.make((_, index) =>
        index === 0
          ? [...WireServer.answer(200, '{"name":"first"}'), forged!]
          : WireServer.answer(200, '{"name":"second"}')
      )
      const names = yield* Effect.all([TestApi.read(), TestApi.read()]).pipe(
        Effect.provide(TestApi.layer(server.url, { maxConcurrency: 1 }))
      )
      assert.deepStrictEqual(names, [{ name: "first" }, { name: "second" }])
    })
  )
})

describe("the parser", () => {
  it("does not hand to V8 what is nothing but brackets, on which it would work for seconds", () => {
    const handed: Array<number> = []
    const { parse } = JSON
    JSON.parse = (text: string, ...rest) => {
      handed.push(text.length)
      return parse(text, ...rest)
    }
    try {
      assert.isUndefined(Json.parse("[".repeat(4 * 1024 * 1024)))
      assert.isUndefined(Json.parse('{"a":'.repeat(1024 * 1024)))
    } finally {
      JSON.parse = parse
    }
    assert.deepStrictEqual(handed, [])
  })

  it("is not misled by brackets in texts", () => {
    const text = {
      [']}\\"[{'.repeat(50_000)]: ["\\", "[".repeat(100_000)],
      b: Array.from({ length: 1000 }, () => [[{}]])
    }
    assert.deepStrictEqual(Json.parse(JSON.stringify(text))?.value, text)
  })
})

describe("a hostile parameter", () => {
  it.live("stays within its place in the path: no other path, no other header, no other request", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.answer(200, '{"name":"n"}'))
      const layer = TestApi.layer(server.url)
      for (const id of ["", ".", ".."]) {
        const failure = yield* Effect.flip(Effect.provide(TestApi.read(id), layer))
        assert.deepInclude(failure, { _tag: "TransportError", reason: "invalidRequest" })
      }
      assert.strictEqual(server.received.length, 0)
      const ids = ["../admin", "1?x=1", "1#x", "%2e%2e", "a\r\nX-Injected: 1", "1 HTTP/1.1\r\n\r\nGET /evil"]
      for (const id of ids) yield* Effect.provide(TestApi.read(id), layer)
      assert.deepStrictEqual(
        server.received.map(({ line }) => line),
        ids.map((id) => `GET /things/${encodeURIComponent(id)} HTTP/1.1`)
      )
      assert.isTrue(server.received.every(({ headers }) => !("x-injected" in headers)))
    })
  )
})
