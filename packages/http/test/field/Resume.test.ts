/** Field conditions: responses of servers to a request for the rest of a body. */
import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "@privx-kit/http/Endpoint"
import * as FileDownload from "@privx-kit/http/FileDownload"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as TestApi from "../TestApi.ts"
import * as WireServer from "../WireServer.ts"

const body = Array.from({ length: 200 }, (_, index) => `echo ${index} >/dev/null\n`).join("")
const sha256 = createHash("sha256").update(body).digest("hex")
const cut = 1000
const etag = '"v1"'

const directory = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-resume-"))),
  (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
)

const head = (status: number, headers: Record<string, string>): string =>
  WireServer.answer(status, "", { ETag: etag, ...headers })[0] as string

/** The first response announces the whole body and breaks off. */
const brokenOff: WireServer.Answer = [
  head(200, { "Content-Length": String(body.length) }) + body.slice(0, cut),
  "close"
]

/** The same with chunks, which announce no length: every byte arrives, but the last chunk does not. */
const withoutLastChunk: WireServer.Answer = [
  `HTTP/1.1 200 OK\r\nETag: ${etag}\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
  "close"
]

const whole = WireServer.answer(200, body, { ETag: etag })

const part = (first: number, last: number, total: number | string, headers: Record<string, string> = {}) =>
  [
    head(206, {
      "Content-Length": String(last - first + 1),
      "Content-Range": `bytes ${first}-${last}/${total}`,
      ...headers
    }) + body.slice(first, last + 1)
  ] satisfies WireServer.Answer

const end = body.length - 1

const download = (script: WireServer.Script, options: Parameters<typeof FileDownload.toFile>[2] = {}) =>
  Effect.gen(function* () {
    const target = path.join(yield* directory, "script.sh")
    const server = yield* WireServer.make(script)
    const received = yield* Effect.flatMap(
      Endpoint.download(TestApi.api, { group: "things", endpoint: "open" }),
      (open) => FileDownload.toFile(target, (rest) => open({ params: { id: "1" } }, rest), options)
    ).pipe(Effect.provide(TestApi.layer(server.url)))
    const text = yield* Effect.promise(() => fs.readFile(target, "utf8"))
    return { received, text, server, ranges: server.received.map(({ headers }) => headers.range) }
  })

describe("the rest of a body", () => {
  it.live.each<{ condition: string; answers: ReadonlyArray<WireServer.Answer>; resumed: number }>([
    { condition: "is what was asked for", answers: [part(cut, end, body.length)], resumed: 1 },
    { condition: "has an unknown total", answers: [part(cut, end, "*")], resumed: 1 },
    {
      condition: "comes in parts that are shorter than asked",
      answers: [part(cut, cut + 499, body.length), part(cut + 500, end, body.length)],
      resumed: 2
    }
  ])("is added: it $condition", ({ answers, resumed }) =>
    Effect.gen(function* () {
      const { received, text } = yield* download([brokenOff, ...answers])
      assert.deepInclude(received, { bytes: body.length, sha256, resumed })
      assert.strictEqual(text, body)
    })
  )

  it.live.each<{ condition: string; answer: WireServer.Answer }>([
    {
      condition: "416, the server has fewer bytes",
      answer: WireServer.answer(416, "", { "Content-Range": "bytes */500" })
    },
    { condition: "416 without Content-Range", answer: WireServer.answer(416, "no such range") },
    { condition: "206 from 0", answer: part(0, end, body.length) },
    {
      condition: "206 without Content-Range",
      answer: [head(206, { "Content-Length": String(body.length - cut) }) + body.slice(cut)]
    },
    { condition: "206 from another byte", answer: part(cut + 1, end, body.length) },
    { condition: "206 of another total", answer: part(cut, cut + 499, cut + 500) },
    { condition: "206 of another version", answer: part(cut, end, body.length, { ETag: '"v2"' }) },
    { condition: "206 without a validator", answer: part(cut, end, body.length, { ETag: "" }) },
    {
      condition: "206 with a length that is not that of its range",
      answer: [
        head(206, { "Content-Length": "10", "Content-Range": `bytes ${cut}-${end}/${body.length}` }) +
          body.slice(cut, cut + 10)
      ]
    },
    {
      condition: "206 in chunks with more bytes than its range",
      answer: [
        `HTTP/1.1 206 X\r\nETag: ${etag}\r\nContent-Range: bytes ${cut}-${cut + 9}/${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${body.slice(cut, cut + 20)}\r\n0\r\n\r\n`
      ]
    },
    {
      condition: "206 whose range contradicts itself",
      answer: [
        head(206, { "Content-Length": "10", "Content-Range": `bytes ${end}-${cut}/${body.length}` }) + "0123456789"
      ]
    }
  ])("is not added, the whole is asked for again: $condition", ({ answer }) =>
    Effect.gen(function* () {
      const { ranges, received, text } = yield* download([brokenOff, answer, whole])
      assert.deepInclude(received, { bytes: body.length, sha256 })
      assert.strictEqual(text, body)
      assert.deepStrictEqual(ranges, [undefined, `bytes=${cut}-`, undefined])
    })
  )

  it.live("is nothing: every byte has come, only the end of the chunks was missing", () =>
    Effect.gen(function* () {
      const { received, server, text } = yield* download([
        withoutLastChunk,
        WireServer.answer(416, "", { "Content-Range": `bytes */${body.length}`, ETag: etag })
      ])
      assert.deepInclude(received, { bytes: body.length, sha256 })
      assert.strictEqual(text, body)
      assert.strictEqual(server.received.length, 2)
    })
  )

  it.live("is cut short again and again: it ends by the attempts, and leaves nothing", () =>
    Effect.gen(function* () {
      const at = yield* directory
      const server = yield* WireServer.make(() => [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#!/bin/sh\n",
        "close"
      ])
      const failure = yield* Effect.flatMap(
        Endpoint.download(TestApi.api, { group: "things", endpoint: "open" }),
        (open) => FileDownload.toFile(path.join(at, "s"), (rest) => open({ params: { id: "1" } }, rest))
      ).pipe(Effect.provide(TestApi.layer(server.url)), Effect.flip)
      assert.deepInclude(failure, { _tag: "TransportError", reason: "truncated" })
      assert.strictEqual(server.received.length, TestApi.quick.attempts)
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(at)), [])
    })
  )
})

describe("a body that only the end of the connection ends", () => {
  const answer: WireServer.Answer = ["HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n#!/bin/sh\nrm -rf /tmp/x", "close"]

  it.live("is reported as such", () =>
    Effect.gen(function* () {
      const { received } = yield* download([answer])
      assert.deepInclude(received.head, { delimitedBy: "connection", contentLength: undefined, total: undefined })
    })
  )

  it.live("is refused where a known length is demanded", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(download(() => answer, { requireKnownLength: true }))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "truncated" })
      assert.include(failure.message, "announced no length")
    })
  )
})
