/** Field conditions: responses whose framing is unusual, wrong or not requested. */
import { assert, describe, it } from "@effect/vitest"
import type { Reason } from "@privx-kit/http/TransportError"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Transport } from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestApi from "../TestApi.ts"
import * as WireServer from "../WireServer.ts"

const json = '{"name":"n"}'
const ok = WireServer.answer(200, json)

const body = Effect.flatMap(TestApi.open(), ({ stream }) => Stream.mkString(Stream.decodeText(stream))).pipe(
  Effect.scoped
)

const head = (...lines: ReadonlyArray<string>) => `${["HTTP/1.1 200 OK", ...lines].join("\r\n")}\r\n\r\n`

describe("a success that the request does not allow", () => {
  it.live.each<{ condition: string; answer: WireServer.Answer }>([
    {
      condition: "206 without a Range request, with its range",
      answer: WireServer.answer(206, "#!/bin/sh\nexit 0\n", { "Content-Range": "bytes 0-16/78" })
    },
    { condition: "206 without Content-Range", answer: WireServer.answer(206, "#!/bin/sh\n") },
    {
      condition: "206 in several parts",
      answer: WireServer.answer(206, "--x\r\n", { "Content-Type": "multipart/byteranges; boundary=x" })
    },
    {
      condition: "206 that announces a gigabyte",
      answer: ["HTTP/1.1 206 X\r\nContent-Length: 1000000000\r\n\r\n", "hang"]
    },
    { condition: "226, a difference to something else", answer: WireServer.answer(226, "x") },
    { condition: "207, several answers in one", answer: WireServer.answer(207, "<multistatus/>") }
  ])("is none: $condition", ({ answer }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      const layer = TestApi.layer(server.url)
      const calls: ReadonlyArray<Effect.Effect<unknown, PrivxFailure, Transport>> = [
        body,
        TestApi.read(),
        TestApi.create()
      ]
      for (const call of calls) {
        const failure = yield* Effect.flip(Effect.provide(call, layer))
        if (failure._tag === "TransportError") assert.strictEqual(failure.reason, "tooLarge")
        else assert.deepInclude(failure, { _tag: "UnexpectedResponse", reason: "undocumentedStatus", excerpt: "" })
      }
      // One attempt each: another attempt would get the same response.
      assert.strictEqual(server.received.length, 3)
    })
  )

  it.live.each([201, 202, 203, 204, 205])("is none for a download: %i", (status) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.answer(status, status > 203 ? "" : "#!/bin/sh\n"))
      const failure = yield* Effect.flip(Effect.provide(body, TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "UnexpectedResponse", reason: "undocumentedStatus", status })
    })
  )

  it.live.each([200, 201, 202])("201 and 202 with a good body are good for a call: %i", (status) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.answer(status, json))
      assert.deepStrictEqual(yield* Effect.provide(TestApi.create(), TestApi.layer(server.url)), { name: "n" })
    })
  )
})

describe("interim answers", () => {
  it.live.each([102, 103])("are skipped: %i before the answer", (status) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => [`HTTP/1.1 ${status} X\r\nLink: </a>\r\n\r\n`, ...ok])
      assert.deepStrictEqual(yield* Effect.provide(TestApi.read(), TestApi.layer(server.url)), { name: "n" })
    })
  )
})

describe("a head that cannot be taken", () => {
  it.live.each<{ condition: string; answer: WireServer.Answer; reason: Reason; says: string }>([
    {
      condition: "100 Continue that was not requested (a limit of undici)",
      answer: ["HTTP/1.1 100 Continue\r\n\r\n", ...ok],
      reason: "protocol",
      says: "100 Continue"
    },
    {
      condition: "101, a protocol that was not requested",
      answer: ["HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "hang"],
      reason: "protocol",
      says: "101"
    },
    {
      condition: "Content-Length twice, the same",
      answer: [head("Content-Length: 12", "Content-Length: 12") + json],
      reason: "protocol",
      says: "more than once"
    },
    {
      condition: "Content-Length twice, different",
      answer: [head("Content-Length: 12", "Content-Length: 13") + json],
      reason: "protocol",
      says: "more than once"
    },
    {
      condition: "Content-Length and chunks at once",
      answer: [head("Content-Length: 12", "Transfer-Encoding: chunked") + `c\r\n${json}\r\n0\r\n\r\n`],
      reason: "protocol",
      says: "HTTP"
    },
    {
      condition: "17 kB of headers",
      answer: [
        head(...Array.from({ length: 17 }, (_, n) => `X-${n}: ${"x".repeat(1024)}`), "Content-Length: 12") + json
      ],
      reason: "tooLarge",
      says: "16 KiB"
    },
    {
      condition: "a length that is no number",
      answer: [head("Content-Length: twelve") + json],
      reason: "protocol",
      says: "HTTP"
    }
  ])("is refused once and rightly named: $condition", ({ answer, reason, says }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason })
      assert.include(failure.message, says)
      assert.strictEqual(server.received.length, 1)
    })
  )
})

describe("a body whose end is not announced", () => {
  it.live.each<{ condition: string; answer: WireServer.Answer; end: string }>([
    { condition: "a length", answer: [head("Content-Length: 3") + "abc"], end: "length" },
    { condition: "chunks", answer: [head("Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n"], end: "chunks" },
    { condition: "the end of the connection", answer: [head("Connection: close") + "abc", "close"], end: "connection" }
  ])("reports what ends it: $condition", ({ answer, end }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      const download = yield* TestApi.open().pipe(Effect.provide(TestApi.layer(server.url)), Effect.scoped)
      assert.strictEqual(download.delimitedBy, end)
    })
  )
})
