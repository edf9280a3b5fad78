import { assert, describe, it } from "@effect/vitest"
import * as PrivxLogin from "@privx-kit/http/PrivxLogin"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { createHash } from "node:crypto"
import * as Logins from "./Logins.ts"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const provider = PrivxLogin.layer({ username: "anna", password: Redacted.make("pass-word") })

const redirect = (query: string): WireServer.Answer => WireServer.answer(307, "", { Location: `/auth/login?${query}` })

/** A PrivX at which anna logs in; a test can replace responses. */
const privx = (
  instead: (step: "authorize" | "login" | "token" | "things", index: number) => WireServer.Answer | undefined
) => {
  let state = ""
  let index = 0
  return WireServer.make((received) => {
    const path = Logins.path(received)
    const step = path.endsWith("/authorize")
      ? "authorize"
      : path.endsWith("/login")
        ? "login"
        : path.endsWith("/token")
          ? "token"
          : "things"
    if (step === "authorize") state = Logins.query(received).state ?? ""
    const other = instead(step, index++)
    if (other !== undefined) return other
    if (step === "authorize") return redirect("token=login-token&lang=en")
    if (step === "login") return WireServer.answer(200, JSON.stringify({ code: "the-code", state }))
    if (step === "token") return Logins.tokens("access-1", { refresh_token: "refresh-1" })
    return WireServer.answer(200, '{"name":"n"}')
  })
}

describe("PrivxLogin", () => {
  it.live("goes the way of the official SDKs: authorize, login, token", () =>
    Effect.gen(function* () {
      const wire = yield* privx(() => undefined)
      yield* Effect.provide(TestApi.read(), Logins.over(wire.url, provider))
      const [authorize, login, token, read] = wire.received

      assert.match(authorize?.line ?? "", /^GET \/auth\/api\/v1\/oauth\/authorize\?/)
      const { code_challenge, state, user_agent, ...fixed } = Logins.query(authorize)
      assert.deepStrictEqual(fixed, {
        client_id: "privx-ui",
        redirect_uri: "/privx/oauth-callback",
        response_type: "code",
        code_challenge_method: "S256"
      })
      assert.match(state ?? "", /^[\w-]{43}$/)
      assert.match(user_agent ?? "", /^privx-kit\//)

      assert.strictEqual(login?.line, "POST /auth/api/v1/login HTTP/1.1")
      assert.strictEqual(login?.headers["content-type"], "application/json")
      assert.deepStrictEqual(JSON.parse(login?.body ?? ""), {
        username: "anna",
        password: "pass-word",
        token: "login-token"
      })

      assert.strictEqual(token?.line, "POST /auth/api/v1/oauth/token HTTP/1.1")
      const { code_verifier, ...redeemed } = Logins.form(token)
      assert.deepStrictEqual(redeemed, {
        grant_type: "authorization_code",
        client_id: "privx-ui",
        redirect_uri: "/privx/oauth-callback",
        code: "the-code"
      })
      assert.match(code_verifier ?? "", /^[\w-]{43}$/)
      assert.strictEqual(
        createHash("sha256")
          .update(code_verifier ?? "")
          .digest("base64url"),
        code_challenge
      )

      assert.strictEqual(read?.headers.authorization, "Bearer access-1")
    })
  )

  it.live("uses verifier and state for one login only", () =>
    Effect.gen(function* () {
      const wire = yield* privx((step) => (step === "token" ? Logins.tokens("t") : undefined))
      yield* Effect.andThen(Logins.token, Effect.andThen(Logins.refuse("t"), Logins.token)).pipe(
        Effect.provide(Logins.over(wire.url, provider))
      )
      const [first, second] = wire.received.filter(({ line }) => line.startsWith("GET")).map(Logins.query)
      assert.notStrictEqual(first?.state, second?.state)
      assert.notStrictEqual(first?.code_challenge, second?.code_challenge)
    })
  )

  it.live("refreshes as the official SDKs do, and logs in when that is refused", () =>
    Effect.gen(function* () {
      const wire = yield* privx((step, index) =>
        step === "token" && index === 3 ? WireServer.answer(401, '{"error":"invalid_grant"}') : undefined
      )
      yield* Effect.andThen(Logins.token, Effect.andThen(Logins.refuse("access-1"), Logins.token)).pipe(
        Effect.provide(Logins.over(wire.url, provider))
      )
      assert.deepStrictEqual(Logins.form(wire.received[3]), {
        grant_type: "refresh_token",
        refresh_token: "refresh-1",
        client_id: "privx-ui",
        redirect_uri: "/privx/oauth-callback"
      })
      assert.strictEqual(wire.received.length, 7)
    })
  )

  it.live("takes other paths and another client, under the prefix of the base URL", () =>
    Effect.gen(function* () {
      const wire = yield* privx(() => undefined)
      const other = PrivxLogin.layer({
        username: "anna",
        password: Redacted.make("pass-word"),
        clientId: "other",
        redirectUri: "/other",
        authorizePath: "/a/authorize",
        loginPath: "/b/login",
        tokenPath: "/c/token"
      })
      yield* Effect.provide(Logins.token, Logins.over(new URL("/privx/", wire.url), other))
      assert.deepStrictEqual(wire.received.map(Logins.path), ["/privx/a/authorize", "/privx/b/login", "/privx/c/token"])
      assert.strictEqual(Logins.query(wire.received[0]).client_id, "other")
      assert.strictEqual(Logins.form(wire.received[2]).redirect_uri, "/other")
    })
  )

  it.live("starts again from authorize when the server is overloaded half-way", () =>
    Effect.gen(function* () {
      const wire = yield* privx((_, index) => (index === 1 ? WireServer.errorBody(503, "MAX_LOAD") : undefined))
      assert.strictEqual(yield* Effect.provide(Logins.token, Logins.over(wire.url, provider)), "access-1")
      assert.deepStrictEqual(
        wire.received.map((received) => Logins.path(received).split("/").at(-1)),
        ["authorize", "login", "authorize", "login", "token"]
      )
    })
  )

  it.live("ends within the time of one attempt, all three requests together", () =>
    Effect.gen(function* () {
      const wire = yield* privx((step) => (step === "token" ? ["hang"] : undefined))
      const failure = yield* Effect.flip(
        Effect.provide(
          Logins.token,
          Logins.over(wire.url, provider, { attemptTimeout: "80 millis", deadline: "80 millis" })
        )
      )
      assert.deepInclude(failure, { _tag: "TransportError", operation: "TokenProvider.get", reason: "deadline" })
    })
  )

  it.live.each<{
    what: string
    step: "authorize" | "login" | "token"
    answer: WireServer.Answer
    expected: object
    advice: string
  }>([
    {
      what: "another state",
      step: "login",
      answer: WireServer.answer(200, '{"code":"the-code","state":"other"}'),
      expected: { _tag: "UnexpectedResponse", status: 200, reason: "otherJson", excerpt: "" },
      advice: "another login"
    },
    {
      what: "no code",
      step: "login",
      answer: WireServer.answer(200, '{"mfa_required":true}'),
      expected: { _tag: "UnexpectedResponse", status: 200, reason: "otherJson" },
      advice: "second factor"
    },
    {
      what: "a wrong password",
      step: "login",
      answer: WireServer.errorBody(401, "PERMISSION_DENIED"),
      expected: { _tag: "PermissionDenied", status: 401 },
      advice: "Check user name and password"
    },
    {
      what: "a redirect without a token",
      step: "authorize",
      answer: redirect("x=1"),
      expected: { _tag: "UnexpectedResponse", status: 307 },
      advice: "returned no login token"
    },
    {
      what: "a redirect to something that is no URL",
      step: "authorize",
      answer: WireServer.answer(307, "", { Location: "http://[" }),
      expected: { _tag: "UnexpectedResponse", status: 307 },
      advice: "returned no login token"
    },
    {
      what: "an error in the redirect",
      step: "authorize",
      answer: redirect("error=unauthorized_client&error_description=not%20here"),
      expected: {
        _tag: "OAuthError",
        status: 400,
        code: "unauthorized_client",
        description: "not here"
      },
      advice: "Allow this client to use this kind of login"
    },
    {
      what: "a page in the place of a redirect",
      step: "authorize",
      answer: WireServer.answer(200, "<!doctype html><p>Log in"),
      expected: { _tag: "UnexpectedResponse", status: 200, reason: "html" },
      advice: "Check the base URL"
    },
    {
      what: "a code that is refused",
      step: "token",
      answer: WireServer.answer(400, '{"error":"invalid_grant","error_description":"the-code"}'),
      expected: { _tag: "OAuthError", status: 400, code: "invalid_grant" },
      advice: "Check user name and password"
    }
  ])("fails typed on $what, without the secrets, and asks once only", ({ advice, answer, expected, step }) =>
    Effect.gen(function* () {
      const wire = yield* privx((at) => (at === step ? answer : undefined))
      const failure = yield* Effect.flip(Effect.provide(TestApi.read(), Logins.over(wire.url, provider)))
      assert.deepInclude(failure, { operation: "TokenProvider.get", ...expected })
      assert.include(failure.hint, advice)
      for (const secret of ["pass-word", "login-token", "the-code"]) {
        assert.notInclude(Logins.shown(failure), secret)
      }
      assert.strictEqual(wire.received.length, { authorize: 1, login: 2, token: 3 }[step])
    })
  )

  it.live("makes a span for the login and one for each of its requests, with nothing secret in them", () =>
    Effect.gen(function* () {
      const wire = yield* privx((_, index) => (index === 2 ? WireServer.errorBody(503, "MAX_LOAD") : undefined))
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* Logins.token.pipe(
        Effect.provide(Logins.over(wire.url, provider)),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      assert.deepStrictEqual(
        spans.map(({ attributes, kind, name }) => [kind, name, attributes.get("http.response.status_code")]),
        [
          ["internal", "TokenProvider.get", undefined],
          ["client", "GET /auth/api/v1/oauth/authorize", 307],
          ["client", "POST /auth/api/v1/login", 200],
          ["client", "POST /auth/api/v1/oauth/token", 503],
          ["client", "GET /auth/api/v1/oauth/authorize", 307],
          ["client", "POST /auth/api/v1/login", 200],
          ["client", "POST /auth/api/v1/oauth/token", 200]
        ]
      )
      const everything = JSON.stringify(
        spans.map(({ attributes, events }) => [[...attributes], events.map(([, , rest]) => rest)])
      )
      const state = Logins.query(wire.received[0]).state ?? "?"
      const verifier = Logins.form(wire.received[2]).code_verifier ?? "?"
      for (const secret of ["pass-word", "login-token", "the-code", "access-1", "refresh-1", state, verifier]) {
        assert.notInclude(everything, secret)
      }
    })
  )
})
