import { assert, describe, it } from "@effect/vitest"
import * as AuthorizationCode from "@privx-kit/http/AuthorizationCode"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as net from "node:net"
import * as Logins from "./Logins.ts"
import * as OpenIdProvider from "./OpenIdProvider.ts"
import * as WireServer from "./WireServer.ts"

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.delay(until(condition), 2)))

describe("AuthorizationCode", () => {
  const authorizationUrl = new URL("https://idp.example/authorize?tenant=7")

  /** The browser redirects at once. */
  const comeBack =
    (query: Readonly<Record<string, string>> = { code: "the-code" }) =>
    (url: URL): Effect.Effect<void> =>
      Effect.promise(async () => {
        const back = new URL(url.searchParams.get("redirect_uri") ?? "")
        for (const [name, value] of Object.entries({ state: url.searchParams.get("state") ?? "", ...query })) {
          back.searchParams.set(name, value)
        }
        await fetch(back)
      })

  const over = (wire: WireServer.WireServer, more: Partial<AuthorizationCode.Options> = {}) =>
    Logins.over(
      wire.url,
      AuthorizationCode.layer({
        authorizationUrl,
        tokenUrl: new URL("/t/token?x=1", wire.url),
        clientId: "c",
        open: comeBack(),
        ...more
      })
    )

  it.live("requests the configured scopes, and redeems the code", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("t"))
      const opened: Array<URL> = []
      yield* Logins.token.pipe(
        Effect.provide(
          over(wire, {
            scopes: ["a", "b"],
            parameters: { audience: "privx", state: "not for the caller to say" },
            open: (url) =>
              Effect.andThen(
                Effect.sync(() => opened.push(url)),
                comeBack()(url)
              )
          })
        )
      )
      const { code_challenge, redirect_uri, state, ...fixed } = Object.fromEntries(opened[0]?.searchParams ?? [])
      assert.strictEqual(opened[0]?.origin, "https://idp.example")
      assert.deepStrictEqual(fixed, {
        tenant: "7",
        audience: "privx",
        response_type: "code",
        client_id: "c",
        scope: "a b",
        code_challenge_method: "S256"
      })
      assert.match(state ?? "", /^[\w-]{43}$/)
      assert.match(code_challenge ?? "", /^[\w-]{43}$/)
      assert.match(redirect_uri ?? "", /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
      const [request] = wire.received
      assert.strictEqual(request?.line, "POST /t/token?x=1 HTTP/1.1")
      assert.isUndefined(request?.headers.authorization)
      assert.deepInclude(Logins.form(request), {
        grant_type: "authorization_code",
        client_id: "c",
        code: "the-code",
        redirect_uri
      })
    })
  )

  it.live("does not ask the user again because the server is overloaded", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make((_, index) =>
        index === 0
          ? Logins.tokens("token-1", { refresh_token: "refresh-1" })
          : index <= 4
            ? WireServer.errorBody(503, "MAX_LOAD")
            : Logins.tokens("token-2")
      )
      let asked = 0
      const open = (url: URL) => Effect.suspend(() => (asked++, comeBack()(url)))
      yield* Effect.gen(function* () {
        yield* Logins.refuse(yield* Logins.token)
        assert.strictEqual((yield* Effect.flip(Logins.token))._tag, "MaxLoad")
        assert.strictEqual(yield* Logins.token, "token-2")
      }).pipe(Effect.provide(over(wire, { open })))
      assert.strictEqual(asked, 1)
    })
  )

  it.live("redeems a code once only, and does not ask the user again by itself", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => ["reset"])
      let asked = 0
      const open = (url: URL) => Effect.suspend(() => (asked++, comeBack()(url)))
      const failure = yield* Effect.flip(Effect.provide(Logins.token, over(wire, { open })))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "reset", operation: "TokenProvider.get" })
      assert.notInclude(Logins.shown(failure), "the-code")
      assert.strictEqual(wire.received.length, 1)
      assert.strictEqual(asked, 1)
    })
  )

  it.live("takes a redirect without an issuer, and one with any issuer where none is expected", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("t"))
      yield* Effect.provide(Logins.token, over(wire, { issuer: "https://idp.example" }))
      yield* Effect.provide(Logins.token, over(wire, { open: comeBack({ code: "c", iss: "https://any.example" }) }))
      assert.strictEqual(wire.received.length, 2)
    })
  )

  it.live("waits on when something else than the redirect comes", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("t"))
      const statuses: Array<number> = []
      const open = (url: URL) =>
        Effect.andThen(
          Effect.promise(async () => {
            const redirect = url.searchParams.get("redirect_uri") ?? ""
            for (const [path, method] of [
              ["/favicon.ico", "GET"],
              ["/callback", "GET"],
              ["/callback?code=x", "POST"],
              ["//callback?code=x", "GET"]
            ] as const) {
              const answer = await fetch(new URL(redirect).origin + path, { method })
              statuses.push(answer.status)
            }
          }),
          comeBack()(url)
        )
      assert.strictEqual(yield* Effect.provide(Logins.token, over(wire, { open })), "t")
      assert.deepStrictEqual(statuses, [404, 400, 405, 404])
    })
  )

  it.live("does not wait for a browser that keeps a connection open and says nothing", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("t"))
      const open = (url: URL) =>
        Effect.andThen(
          Effect.callback<void>((resume) => {
            const { port } = new URL(url.searchParams.get("redirect_uri") ?? "")
            const silent = net.connect(Number(port), "127.0.0.1", () => resume(Effect.void))
            silent.on("error", () => silent.destroy())
          }),
          comeBack()(url)
        )
      const used = yield* Effect.provide(Logins.token, over(wire, { open })).pipe(Effect.timeout("60 seconds"))
      assert.strictEqual(used, "t")
    })
  )

  it.live("gives up without a login, and stops listening", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("t"))
      let redirect = ""
      const open = (url: URL) => Effect.sync(() => void (redirect = url.searchParams.get("redirect_uri") ?? ""))
      const failure = yield* Effect.flip(Effect.provide(Logins.token, over(wire, { open, timeout: "30 millis" })))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "deadline", origin: "https://idp.example" })
      assert.include(failure.message, "no login within 30ms")
      assert.isTrue(yield* isClosed(redirect))
      assert.strictEqual(wire.received.length, 0)
    })
  )

  it.live("stops listening when the program ends", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("t"))
      let redirect = ""
      const open = (url: URL) => Effect.sync(() => void (redirect = url.searchParams.get("redirect_uri") ?? ""))
      const fiber = yield* Effect.forkChild(Effect.provide(Logins.token, over(wire, { open })))
      yield* until(() => redirect !== "")
      assert.isFalse(yield* isClosed(redirect))
      yield* Fiber.interrupt(fiber)
      assert.isTrue(yield* isClosed(redirect))
    })
  )

  it.live("says that the port of the redirect is taken", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("t"))
      const failure = yield* Effect.flip(
        Effect.provide(Logins.token, over(wire, { redirectPort: Number(wire.url.port) }))
      )
      assert.deepInclude(failure, { _tag: "TransportError", reason: "invalidRequest" })
      assert.include(failure.message, `port ${wire.url.port} of 127.0.0.1`)
      assert.include(failure.message, "EADDRINUSE")
    })
  )

  it.live("shows nothing of what it receives, and keeps the page out of caches and frames", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("t"))
      const { open, page } = OpenIdProvider.browser()
      const failure = yield* Effect.flip(
        Effect.provide(
          Logins.token,
          over(wire, {
            open: (url) => {
              const back = new URL(url.searchParams.get("redirect_uri") ?? "")
              back.searchParams.set("state", url.searchParams.get("state") ?? "")
              back.searchParams.set("error", "<script>x</script>")
              return open(back)
            }
          })
        )
      )
      const { headers, text } = yield* page
      assert.deepInclude(failure, { _tag: "OAuthError", code: "<script>x</script>" })
      assert.notInclude(text, "script")
      assert.strictEqual(headers.get("cache-control"), "no-store")
      assert.include(headers.get("content-security-policy") ?? "", "default-src 'none'")
      assert.strictEqual(headers.get("referrer-policy"), "no-referrer")
    })
  )
})

const isClosed = (url: string): Effect.Effect<boolean> =>
  Effect.promise(() =>
    fetch(new URL("/x", url)).then(
      () => false,
      () => true
    )
  )
