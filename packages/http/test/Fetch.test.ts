import { assert, describe, it } from "@effect/vitest"
import type { Options } from "@privx-kit/http/Connection"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { gzipSync } from "node:zlib"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const via = (wire: WireServer.WireServer, options: Omit<Options, "baseUrl"> = {}) =>
  TestApi.layer(wire.url, { via: "fetch", ...options })

const name = WireServer.answer(200, '{"name":"n"}')

const reasonOf = (failure: PrivxFailure) => (failure._tag === "TransportError" ? failure.reason : failure._tag)

describe("requests by way of fetch", () => {
  it.live("carry the token and the body, and their answers are decoded", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([name, name])
      const made = yield* Effect.andThen(TestApi.read(), TestApi.create("new")).pipe(Effect.provide(via(wire)))
      assert.deepStrictEqual(made, { name: "n" })
      assert.deepStrictEqual(
        wire.received.map(({ body, headers, line }) => [line, headers.authorization, headers["accept-encoding"], body]),
        [
          ["GET /things/1 HTTP/1.1", "Bearer secret-token", "identity", ""],
          ["POST /things HTTP/1.1", "Bearer secret-token", "identity", '{"name":"new"}']
        ]
      )
    })
  )

  it.live("are retried as others are, and an error body becomes its typed failure", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([
        WireServer.errorBody(503, "MAX_LOAD"),
        ["reset"],
        WireServer.errorBody(403, "PERMISSION_DENIED")
      ])
      const failure = yield* Effect.flip(TestApi.read()).pipe(Effect.provide(via(wire)))
      assert.strictEqual(failure._tag, "PermissionDenied")
      assert.strictEqual(wire.received.length, 3)
    })
  )

  it.live("follow a redirect within the origin, and refuse one to another", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([
        WireServer.answer(302, "", { Location: "/things/2" }),
        name,
        WireServer.answer(302, "", { Location: "http://elsewhere.example/" })
      ])
      yield* TestApi.read().pipe(Effect.provide(via(wire)))
      assert.strictEqual(wire.received[1]?.line, "GET /things/2 HTTP/1.1")
      const failure = yield* Effect.flip(TestApi.read()).pipe(Effect.provide(via(wire)))
      assert.strictEqual(reasonOf(failure), "redirectRefused")
    })
  )

  it.live("stream a download, whole and in its order", () =>
    Effect.gen(function* () {
      const body = Array.from({ length: 200_000 }, (_, index) => String(index % 10)).join("")
      const wire = yield* WireServer.make([WireServer.answer(200, body)])
      const text = yield* TestApi.open().pipe(
        Effect.tap((download) =>
          Effect.sync(() => assert.deepStrictEqual([download.contentLength, download.delimitedBy], [200_000, "length"]))
        ),
        Effect.flatMap((download) => Stream.mkString(Stream.decodeText(download.stream))),
        Effect.scoped,
        Effect.provide(via(wire))
      )
      assert.strictEqual(text, body)
    })
  )

  it.live("notice a download that is cut short, stalls or is too large", () =>
    Effect.gen(function* () {
      const head = "HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\nabc"
      const end = (pieces: WireServer.Answer, options: Omit<Options, "baseUrl"> = {}) =>
        Effect.gen(function* () {
          const wire = yield* WireServer.make([pieces])
          const download = Effect.flatMap(TestApi.open(), ({ stream }) => Stream.runDrain(stream))
          return reasonOf(yield* Effect.flip(download).pipe(Effect.scoped, Effect.provide(via(wire, options))))
        })
      assert.strictEqual(yield* end([head, "close"]), "truncated")
      assert.strictEqual(yield* end([head, "reset"]), "truncated")
      assert.strictEqual(yield* end([head, "hang"], { stallTimeout: "100 millis" }), "timeout")
      assert.strictEqual(yield* end([head, "hang"], { maxDownloadBytes: 10 }), "tooLarge")
    })
  )

  it.live("end when they are interrupted, and at their deadline", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([["hang"], ["hang"]])
      const fiber = yield* Effect.forkChild(Effect.provide(TestApi.read(), via(wire)))
      while (wire.received.length === 0) yield* Effect.sleep("5 millis")
      yield* Fiber.interrupt(fiber)
      while (wire.connections.open > 0) yield* Effect.sleep("5 millis")
      const late = yield* Effect.flip(TestApi.read()).pipe(Effect.provide(via(wire, { deadline: "100 millis" })))
      assert.strictEqual(reasonOf(late), "deadline")
    })
  )

  it.live("read an answer that a gateway compressed", () =>
    Effect.gen(function* () {
      const packed = gzipSync('{"name":"packed"}')
      const head = `HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.byteLength}\r\n\r\n`
      const wire = yield* WireServer.make([[head, packed]])
      assert.deepStrictEqual(yield* Effect.provide(TestApi.read(), via(wire)), { name: "packed" })
    })
  )

  it.live("bring cookies back where that is wanted", () =>
    Effect.gen(function* () {
      const set = { "Set-Cookie": "a=1; Path=/\r\nSet-Cookie: b=2; Path=/" }
      const wire = yield* WireServer.make([WireServer.answer(200, '{"name":"n"}', set), name])
      yield* Effect.andThen(TestApi.read(), TestApi.read()).pipe(Effect.provide(via(wire, { cookies: true })))
      assert.deepStrictEqual(
        wire.received.map(({ headers }) => headers.cookie),
        [undefined, "a=1; b=2"]
      )
    })
  )

  it.live("refuse by name what fetch cannot do, and send nothing", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([name])
      const detail = (options: Omit<Options, "baseUrl">) =>
        Effect.flip(TestApi.read()).pipe(
          Effect.provide(via(wire, options)),
          Effect.map((failure) =>
            failure._tag === "TransportError" ? [failure.reason, failure.detail, failure.hint] : [failure._tag]
          )
        )
      const cannot = (what: string) => [
        "invalidRequest",
        `this runtime sends requests with fetch, which cannot ${what}`,
        "Remove this option, or run the program on Node. See docs/troubleshooting.md#request."
      ]
      assert.deepStrictEqual(yield* detail({ pins: ["x"] }), cannot("check pinned keys (pins)"))
      assert.deepStrictEqual(
        yield* detail({ clientCertificate: { cert: "", key: Redacted.make("") } }),
        cannot("present a client certificate (clientCertificate)")
      )
      assert.deepStrictEqual(
        yield* detail({ proxy: "http://127.0.0.1:1" }),
        cannot("use a given proxy (the proxy option)")
      )
      assert.deepStrictEqual(yield* detail({ ca: ["pem"] }), cannot("trust additional certificates (ca)"))
      assert.deepStrictEqual(yield* detail({ onlyCa: true }), cannot("ignore the certificates of the system (onlyCa)"))
      assert.strictEqual(wire.received.length, 0)
    })
  )
})
