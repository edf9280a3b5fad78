/** Field conditions: gateways and load balancers that respond instead of PrivX, compress, and redirect. */
import { assert, describe, it } from "@effect/vitest"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as zlib from "node:zlib"
import * as Logins from "../Logins.ts"
import * as TestApi from "../TestApi.ts"
import * as WireServer from "../WireServer.ts"

const compressors: Readonly<Record<string, (text: string) => Uint8Array>> = {
  gzip: zlib.gzipSync,
  "x-gzip": zlib.gzipSync,
  deflate: zlib.deflateSync,
  "deflate, as old servers send it": zlib.deflateRawSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
  "gzip, br": (text) => zlib.brotliCompressSync(zlib.gzipSync(text))
}

const packed = (
  coding: string,
  status: number,
  text: string,
  headers: Record<string, string> = {}
): WireServer.Answer => {
  const body = compressors[coding]?.(text) ?? new Uint8Array(0)
  const all = {
    "Content-Type": "application/json",
    "Content-Encoding": coding.replace(/, as.*/, ""),
    "Content-Length": String(body.byteLength),
    ...headers
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [[`HTTP/1.1 ${status} X`, ...lines, "", ""].join("\r\n"), body]
}

const codings = Object.keys(compressors)
const json = '{"name":"n"}'
const ok = WireServer.answer(200, json)
const errorBody = '{"error_code":"MAX_LOAD"}'

describe("a gateway compresses", () => {
  it.live.each(codings)("the status and the error code of a failure are read (%s)", (coding) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => packed(coding, 503, errorBody))
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "MaxLoad", status: 503 })
      // Retried like any failure with that status.
      assert.strictEqual(server.received.length, TestApi.quick.attempts)
    })
  )

  it.live.each(codings)("a success of a call is read as well (%s)", (coding) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => packed(coding, 200, json))
      assert.deepStrictEqual(yield* Effect.provide(TestApi.read(), TestApi.layer(server.url)), { name: "n" })
    })
  )

  it.live("a compressed 401 leads to a fresh token", () =>
    Effect.gen(function* () {
      let tokens = 0
      const server = yield* WireServer.make(({ line, headers }) =>
        line.startsWith("POST")
          ? Logins.tokens(`token-${++tokens}`)
          : headers.authorization === "Bearer token-2"
            ? ok
            : packed("gzip", 401, "{}")
      )
      yield* Effect.provide(TestApi.read(), TestApi.layer(server.url, { tokens: "apiClient" }))
      assert.strictEqual(tokens, 2)
    })
  )

  it.live("a compressed redirect is followed", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([packed("gzip", 302, "moved", { Location: "/there" }), ok])
      assert.deepStrictEqual(yield* Effect.provide(TestApi.read(), TestApi.layer(server.url)), { name: "n" })
    })
  )

  it.live("the login asks for no compression, and takes it all the same", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => packed("gzip", 200, '{"access_token":"t","expires_in":60}'))
      const token = yield* Effect.provide(
        Logins.token,
        Logins.over(server.url, TokenProvider.layerApiClient(TestApi.apiClient))
      )
      assert.strictEqual(token, "t")
      assert.strictEqual(server.received[0]?.headers["accept-encoding"], "identity")
    })
  )

  it.live.each<{ condition: string; answer: WireServer.Answer }>([
    {
      condition: "a bomb: 200 MB of zeros in 200 kB",
      answer: (() => {
        const bomb = zlib.gzipSync(Buffer.alloc(200 * 1024 * 1024))
        return [`HTTP/1.1 502 X\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`, bomb]
      })()
    },
    {
      condition: "gzip that is cut short",
      answer: (() => {
        const half = zlib.gzipSync("x".repeat(5000)).subarray(0, 20)
        return [`HTTP/1.1 502 X\r\nContent-Encoding: gzip\r\nContent-Length: ${half.length}\r\n\r\n`, half]
      })()
    },
    { condition: "no gzip at all", answer: WireServer.answer(502, "Bad Gateway", { "Content-Encoding": "gzip" }) },
    { condition: "an unknown coding", answer: WireServer.answer(502, "?", { "Content-Encoding": "compress" }) },
    {
      condition: "a name of Object.prototype",
      answer: WireServer.answer(502, "?", { "Content-Encoding": "constructor" })
    },
    {
      condition: "more layers than anybody applies",
      answer: WireServer.answer(502, "?", { "Content-Encoding": "gzip, gzip, gzip, gzip, gzip" })
    }
  ])("the status counts where the body cannot be read: $condition", ({ answer }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      const failure = yield* Effect.flip(Effect.provide(TestApi.create(), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "UnexpectedResponse", status: 502, reason: "empty" })
    })
  )

  it.live.each([
    { condition: "Identity in capitals", headers: "Content-Encoding: Identity" },
    { condition: "an empty coding", headers: "Content-Encoding: " },
    { condition: "identity twice", headers: "Content-Encoding: identity\r\nContent-Encoding: identity" },
    { condition: "a list of nothing", headers: "Content-Encoding: identity, ,identity" }
  ])("is no compression: $condition", ({ headers }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => [
        `HTTP/1.1 200 OK\r\n${headers}\r\nContent-Length: 12\r\n\r\n${json}`
      ])
      const layer = TestApi.layer(server.url)
      assert.deepStrictEqual(yield* Effect.provide(TestApi.read(), layer), { name: "n" })
      const body = Effect.flatMap(TestApi.open(), ({ stream }) => Stream.mkString(Stream.decodeText(stream)))
      assert.strictEqual(yield* Effect.provide(Effect.scoped(body), layer), json)
    })
  )

  it.live("a download that is compressed on the way is refused, with the reason", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => packed("gzip", 200, "#!/bin/sh\n"))
      const failure = yield* Effect.flip(Effect.provide(Effect.scoped(TestApi.open()), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "protocol" })
      assert.include(failure.message, "compressed (gzip)")
      assert.strictEqual(server.received.length, 1)
    })
  )
})

describe("a gateway redirects", () => {
  it.live.each([301, 302, 303])("a creation, within the origin: the final address is shown (%i)", (status) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() =>
        WireServer.answer(status, "", { Location: "/privx/things?next=secret" })
      )
      const failure = yield* Effect.flip(Effect.provide(TestApi.create(), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "redirectRefused" })
      assert.include(failure.message, `${server.url.origin}/privx/things`)
      assert.include(failure.hint, `use ${server.url.origin}/privx as the base URL`)
      assert.notInclude(failure.message + failure.hint, "secret")
      assert.strictEqual(server.received.length, 1)
    })
  )

  it.live("to https at the same host: the new base URL is named", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(({ line }) =>
        WireServer.answer(301, "", { Location: `https://127.0.0.1${line.split(" ")[1]}` })
      )
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.include(failure.hint, "use https://127.0.0.1 as the base URL")
    })
  )

  it.live("to a login page of another host: the address is shown, and no base URL is made of it", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() =>
        WireServer.answer(302, "", { Location: "https://user:pw@sso.example.com/login?state=secret#x" })
      )
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(server.url)))
      assert.include(failure.message, "https://sso.example.com/login")
      assert.notInclude(failure.message + failure.hint, "secret")
      assert.notInclude(failure.message + failure.hint, "pw")
      assert.notInclude(failure.hint, "as the base URL")
    })
  )
})

describe("a refusal", () => {
  it.live.each<{ condition: string; answer: WireServer.Answer }>([
    { condition: "in PrivX's own words", answer: WireServer.errorBody(403, "PERMISSION_DENIED") },
    { condition: "with a general code", answer: WireServer.errorBody(403, "GENERAL_ERROR") },
    { condition: "without a body", answer: WireServer.answer(403, "") }
  ])("names the scope that is missing: 403 $condition", ({ answer }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => answer)
      const failure = yield* Effect.flip(Effect.provide(TestApi.create(), TestApi.layer(server.url)))
      assert.include(failure.hint, 'scope "admin"')
    })
  )

  it.live("of a gateway says nothing about scopes: 403 in HTML", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => WireServer.answer(403, "<html>Forbidden"))
      const failure = yield* Effect.flip(Effect.provide(TestApi.create(), TestApi.layer(server.url)))
      assert.notInclude(failure.hint, "scope")
    })
  )
})
