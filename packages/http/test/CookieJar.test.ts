import { assert, describe, it } from "@effect/vitest"
import { Connection } from "@privx-kit/http/Connection"
import * as CookieJar from "@privx-kit/http/CookieJar"
import * as PrivxLogin from "@privx-kit/http/PrivxLogin"
import * as Transport from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import * as Logins from "./Logins.ts"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const now = Date.parse("2026-01-01T00:00:00Z")

/** The cookie that is sent to `path` after a response to a request for `from` has set `headers`. */
const sent = (
  headers: ReadonlyArray<string>,
  options: { readonly path?: string; readonly from?: string; readonly origin?: string } = {}
) => {
  const jar = new CookieJar.CookieJar(options.origin ?? "https://privx.example.com", () => now)
  jar.store(headers, options.from ?? "/")
  return jar.header(options.path ?? "/")
}

describe("CookieJar", () => {
  it("sends back what was set, the most specific path first", () => {
    assert.strictEqual(sent(["a=1", "b=2; Path=/x", "c=3; HttpOnly; SameSite=Lax"], { path: "/x/y" }), "b=2; a=1; c=3")
    assert.strictEqual(sent(["a=1", "a=2", "a=3; Path=/x"], { path: "/x" }), "a=3; a=2")
    assert.isUndefined(sent([]))
  })

  it("honours the path, and takes the directory of the request where none is set", () => {
    const at = (path: string) => sent(["a=1; Path=/auth"], { path })
    assert.deepStrictEqual(["/auth", "/auth/x?y=/", "/auth?x", "/authority", "/", "/x/auth"].map(at), [
      "a=1",
      "a=1",
      "a=1",
      undefined,
      undefined,
      undefined
    ])
    const from = (from: string) => sent(["a=1; Path=nonsense"], { from, path: "/auth/x" })
    assert.deepStrictEqual(["/auth/login?next=/", "/auth", "/other/login", ""].map(from), [
      "a=1",
      "a=1",
      undefined,
      "a=1"
    ])
  })

  it("keeps a cookie of this host and of a domain above it, and of no other", () => {
    const keeps = (domain: string) => sent([`a=1; Domain=${domain}`]) !== undefined
    const kept = ["privx.example.com", ".example.com", "EXAMPLE.com", ""]
    const left = ["com", "example.org", "x.privx.example.com", "ivx.example.com", ".com"]
    assert.deepStrictEqual([...kept, ...left].map(keeps), [...kept.map(() => true), ...left.map(() => false)])
    assert.isUndefined(sent(["a=1; Domain=0.0.1"], { origin: "http://127.0.0.1:8080" }))
    assert.isUndefined(sent(["a=1; Domain=localhost.com"], { origin: "http://localhost" }))
  })

  it("keeps a secure cookie over TLS only, and takes the prefixes at their word", () => {
    assert.isUndefined(sent(["a=1; Secure"], { origin: "http://privx.example.com" }))
    assert.strictEqual(sent(["a=1; secure"]), "a=1")
    assert.isUndefined(sent(["__Secure-a=1", "__Host-b=1; Path=/", "__Host-c=1; Secure; Path=/x"], { path: "/x" }))
    assert.strictEqual(sent(["__Secure-a=1; Secure", "__Host-b=1; Secure; Path=/"]), "__Secure-a=1; __Host-b=1")
  })

  it("forgets a cookie at its end", () => {
    let time = now
    const jar = new CookieJar.CookieJar("https://h", () => time)
    jar.store(["a=1; Max-Age=10", "b=1; Expires=Thu, 01 Jan 2026 00:00:05 GMT", "c=1; Expires=soon; Max-Age=x"], "/")
    assert.strictEqual(jar.header("/"), "a=1; b=1; c=1")
    time += 5000
    assert.strictEqual(jar.header("/"), "a=1; c=1")
    time += 5000
    assert.strictEqual(jar.header("/"), "c=1")
    jar.store(["c=; Max-Age=0"], "/")
    assert.isUndefined(jar.header("/"))
  })

  it("lets Max-Age decide over Expires", () => {
    assert.strictEqual(sent(["a=1; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]), "a=1")
    assert.isUndefined(sent(["a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Max-Age=-1"]))
  })

  it("leaves out what could not be sent back", () => {
    for (const header of [
      "",
      ";",
      "=1",
      "a",
      "a=\u0001",
      "a=ü",
      "a b=1\r\nX: 1",
      `a=${"x".repeat(5000)}`,
      "a=1\nb=2"
    ]) {
      assert.isUndefined(sent([header]), JSON.stringify(header))
    }
    assert.strictEqual(sent([' a = "1" ; path = / ']), 'a="1"')
    assert.strictEqual(sent(["a=b=c"]), "a=b=c")
  })

  it("keeps no more than fifty cookies, the newest", () => {
    const cookies = sent(Array.from({ length: 100 }, (_, index) => `c${index}=1`))?.split("; ") ?? []
    assert.strictEqual(cookies.length, 50)
    assert.strictEqual(cookies[0], "c50=1")
  })

  it("does not show its values", () => {
    const jar = new CookieJar.CookieJar("https://h")
    jar.store(["a=cookie-secret"], "/")
    assert.notInclude(inspect(jar, { depth: 10, showHidden: true }) + JSON.stringify(jar), "cookie-secret")
  })

  it.live("pins login and calls to a node, and follows when the node changes", () =>
    Effect.gen(function* () {
      let state = ""
      const sets = ["node=1; Path=/; HttpOnly", "s=a; Path=/auth/api", "node=2; Path=/; HttpOnly"]
      const wire = yield* WireServer.make((received, index) => {
        state = Logins.query(received).state ?? state
        const answers: ReadonlyArray<readonly [number, string, Record<string, string>]> = [
          [307, "", { Location: "/login?token=t" }],
          [200, JSON.stringify({ code: "c", state }), {}],
          [200, '{"access_token":"t","expires_in":60}', {}],
          [200, '{"name":"n"}', {}]
        ]
        const [status, body, headers] = answers[Math.min(index, 3)] ?? [500, "", {}]
        const cookie = sets[index]
        return WireServer.answer(status, body, {
          ...headers,
          ...(cookie === undefined ? {} : { "Set-Cookie": cookie })
        })
      })
      yield* Effect.andThen(TestApi.read(), TestApi.read()).pipe(
        Effect.provide(
          Transport.Transport.layer.pipe(
            Layer.provide(PrivxLogin.layer({ username: "anna", password: Redacted.make("p") })),
            Layer.provide(Connection.layer({ baseUrl: wire.url, cookies: true }))
          )
        )
      )
      assert.deepStrictEqual(
        wire.received.map(({ headers }) => headers.cookie),
        [undefined, "node=1", "s=a; node=1", "node=2", "node=2"]
      )
      // The other headers of the request are unchanged.
      assert.strictEqual(wire.received[3]?.headers.authorization, "Bearer t")
    })
  )

  it.live("brings the calls of an API client to the node that gave the token, downloads too", () =>
    Effect.gen(function* () {
      // Each node accepts only the tokens that it issued, as behind a load balancer without cookies.
      const wire = yield* WireServer.make((received, index) => {
        const isPinned = received.headers.cookie === "node=1"
        if (index === 0) {
          return WireServer.answer(200, '{"access_token":"t","expires_in":60}', { "Set-Cookie": "node=1; Path=/" })
        }
        return isPinned ? WireServer.answer(200, '{"name":"n"}') : WireServer.errorBody(401, "UNAUTHORIZED")
      })
      const calls = Effect.andThen(TestApi.read(), Effect.scoped(TestApi.open()))
      yield* Effect.provide(calls, TestApi.layer(wire.url, { tokens: "apiClient", cookies: true }))
      assert.deepStrictEqual(
        wire.received.map(({ headers }) => headers.cookie),
        [undefined, "node=1", "node=1"]
      )
    })
  )

  it.live("reads several cookies of one answer, and each jar is for itself", () =>
    Effect.gen(function* () {
      const answer = WireServer.answer(200, '{"name":"n"}', { "Set-Cookie": "a=1\r\nSet-Cookie: b=2; Path=/" })
      const wire = yield* WireServer.make(() => answer)
      const other = yield* WireServer.make(() => answer)
      const layer = (url: URL) =>
        Transport.Transport.layer.pipe(
          Layer.provide(PrivxLogin.layer({ username: "anna", password: Redacted.make("p") })),
          Layer.provide(Connection.layer({ baseUrl: url, cookies: true })),
          Layer.fresh
        )
      yield* Effect.andThen(TestApi.open(), TestApi.open()).pipe(Effect.scoped, Effect.provide(layer(wire.url)))
      yield* TestApi.open().pipe(Effect.scoped, Effect.provide(layer(other.url)))
      assert.deepStrictEqual(
        [...wire.received, ...other.received].map(({ headers }) => headers.cookie),
        [undefined, "a=1; b=2", undefined]
      )
    })
  )

  it.live("sends no cookie unless it is asked to", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => WireServer.answer(200, '{"name":"n"}', { "Set-Cookie": "a=1" }))
      yield* Effect.andThen(TestApi.read(), TestApi.read()).pipe(Effect.provide(TestApi.layer(wire.url)))
      assert.isTrue(wire.received.every(({ headers }) => headers.cookie === undefined))
    })
  )
})

describe("an expiry date", () => {
  const expired = (text: string) => sent([`a=1; Expires=${text}`]) === undefined

  it.each(["Thu, 01 Jan 2025 00:00:10 GMT", "Wednesday, 01-Jan-25 00:00:10 GMT", "Wed Jan  1 00:00:10 2025"])(
    "is read in each form that servers send: %j",
    (text) => {
      assert.isTrue(expired(text))
    }
  )

  it.each(["", "soon", "Thu, 01 Jan 2099 00:00:00 GMT"])("does not end a cookie when it is %j", (text) => {
    assert.isFalse(expired(text))
  })
})

describe("any Set-Cookie header", () => {
  it.prop("never throws, and what it reads can stand in a header", [Schema.String], ([text]) => {
    for (const header of [text, `a=${text}`, `a=1;${text}`, `a=1; expires=${text}; domain=${text}; path=${text}`]) {
      const cookie = sent([header], { from: text, path: text })
      assert.isTrue(cookie === undefined || /^[\x20-\x7e]+$/.test(cookie))
    }
  })
})
