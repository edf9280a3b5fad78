import { assert, describe, it } from "@effect/vitest"
import type { Reason } from "@privx-kit/http/TransportError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const megabyte = "x".repeat(1024 * 1024)

const bytes = Effect.flatMap(TestApi.open(), (download) =>
  Stream.runFold(
    download.stream,
    () => 0,
    (sum, chunk) => sum + chunk.byteLength
  )
).pipe(Effect.scoped)

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.delay(until(condition), 2)))

describe("Download", () => {
  it.live("streams the body and reports the announced length", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([
        WireServer.answer(200, "#!/bin/sh\n", { "Content-Type": "text/x-shellscript" })
      ])
      yield* Effect.gen(function* () {
        const download = yield* TestApi.open()
        assert.deepInclude(download, { status: 200, contentLength: 10, contentType: "text/x-shellscript" })
        assert.strictEqual(yield* Stream.mkString(Stream.decodeText(download.stream)), "#!/bin/sh\n")
      }).pipe(Effect.scoped, Effect.provide(TestApi.layer(server.url)))
      // The operation takes no authorization, so the token is not sent.
      assert.isUndefined(server.received[0]?.headers.authorization)
    })
  )

  it.live("reports whether only the end of the connection delimits the body", () =>
    Effect.gen(function* () {
      const script = "#!/bin/sh\n"
      const server = yield* WireServer.make([
        WireServer.answer(200, script, {}),
        [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n${script}\r\n0\r\n\r\n`],
        [`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${script}`, "close"]
      ])
      const framing = Effect.flatMap(TestApi.open(), ({ contentLength, delimitedBy, stream }) =>
        Effect.as(Stream.runDrain(stream), `${delimitedBy}, ${contentLength}`)
      ).pipe(Effect.scoped)
      const all = yield* Effect.all([framing, framing, framing]).pipe(Effect.provide(TestApi.layer(server.url)))
      assert.deepStrictEqual(all, ["length, 10", "chunks, undefined", "connection, undefined"])
    })
  )

  it.live("carries a body far larger than its buffers", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([
        [`HTTP/1.1 200 OK\r\nContent-Length: ${20 * megabyte.length}\r\n\r\n`, { repeat: megabyte, times: 20 }]
      ])
      const layer = TestApi.layer(server.url, { maxResponseBytes: 1000 })
      assert.strictEqual(yield* Effect.provide(bytes, layer), 20 * megabyte.length)
    })
  )

  it.live("keeps simultaneous bodies apart, each on its own socket", () =>
    Effect.gen(function* () {
      const letters = [..."abcdefgh"]
      const server = yield* WireServer.make(({ line }) => {
        const letter = /things\/(.)/.exec(line)?.[1] ?? "?"
        const repeat = letter.repeat(50_000)
        return [`HTTP/1.1 200 OK\r\nContent-Length: ${20 * repeat.length}\r\n\r\n`, { repeat, times: 20 }]
      })
      const body = (letter: string) =>
        Effect.flatMap(TestApi.open(letter), ({ stream }) => Stream.mkString(Stream.decodeText(stream))).pipe(
          Effect.scoped
        )
      const bodies = yield* Effect.forEach(letters, body, { concurrency: "unbounded" }).pipe(
        Effect.provide(TestApi.layer(server.url))
      )
      assert.isTrue(bodies.every((body, index) => body === letters[index]?.repeat(1_000_000)))
    })
  )

  it.live.each<{ what: string; answer: WireServer.Answer; reason: Reason }>([
    {
      what: "cut short",
      answer: ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#!/bin/sh\n", "close"],
      reason: "truncated"
    },
    {
      what: "broken off",
      answer: ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#!/bin/sh\n", "reset"],
      reason: "truncated"
    },
    {
      what: "without its last chunk",
      answer: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n#!/bin/sh\n\r\n", "close"],
      reason: "truncated"
    },
    {
      what: "silent",
      answer: ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#!/bin/sh\n", "hang"],
      reason: "timeout"
    },
    {
      what: "larger than allowed",
      answer: ["HTTP/1.1 200 OK\r\n\r\n", { repeat: "x".repeat(1000), times: 100 }],
      reason: "tooLarge"
    }
  ])("fails when the body is $what: $reason", ({ answer, reason }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      const layer = TestApi.layer(server.url, { stallTimeout: "60 millis", maxDownloadBytes: 5000 })
      const failure = yield* Effect.flip(Effect.provide(bytes, layer))
      assert.deepInclude(failure, { _tag: "TransportError", reason, operation: "Things.open" })
    })
  )

  it.live("retries until the head has come, not after", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([
        WireServer.errorBody(503, "MAX_LOAD"),
        ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#!/bin/sh\n", "close"]
      ])
      yield* Effect.flip(Effect.provide(bytes, TestApi.layer(server.url)))
      assert.strictEqual(server.received.length, 2)
    })
  )

  it.live("stops reading from the socket while the stream is not read, and does not count that as a stall", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([
        [`HTTP/1.1 200 OK\r\nContent-Length: ${8 * megabyte.length}\r\n\r\n`, { repeat: megabyte, times: 8 }]
      ])
      yield* Effect.gen(function* () {
        const download = yield* TestApi.open()
        yield* Effect.sleep(150)
        const total = yield* Stream.runFold(
          download.stream,
          () => 0,
          (sum, chunk) => sum + chunk.byteLength
        )
        assert.strictEqual(total, 8 * megabyte.length)
      }).pipe(Effect.scoped, Effect.provide(TestApi.layer(server.url, { stallTimeout: "60 millis" })))
    })
  )

  it.live("gives up the socket when the scope is closed with the body unread", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#!/bin/sh\n", "hang"]])
      yield* Effect.gen(function* () {
        yield* Effect.scoped(TestApi.open())
        yield* until(() => server.connections.open === 0)
      }).pipe(Effect.provide(TestApi.layer(server.url)))
    })
  )

  it.live("uses the socket again after a body was read whole", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.answer(200, "#!/bin/sh\n"))
      yield* Effect.andThen(bytes, bytes).pipe(Effect.provide(TestApi.layer(server.url, { maxConcurrency: 1 })))
      assert.strictEqual(server.connections.total, 1)
    })
  )
})
