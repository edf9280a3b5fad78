import { assert, describe, it } from "@effect/vitest"
import type { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Logins from "./Logins.ts"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const ok = WireServer.answer(200, '{"name":"n"}')
const isGrant = (received: WireServer.Received) => received.line.startsWith("POST /auth/api/v1/oauth/token")
const grants = (server: WireServer.WireServer) => server.received.filter(isGrant).length

/** Issues token-1, token-2, … and accepts the tokens that `accepts` names. */
const server = (
  lifetime: number,
  accepts: (token: string, index: number) => boolean = () => true
): Effect.Effect<WireServer.WireServer, never, import("effect/Scope").Scope> => {
  let granted = 0
  return WireServer.make((received, index) =>
    isGrant(received)
      ? WireServer.answer(
          200,
          JSON.stringify({ access_token: `token-${++granted}`, expires_in: lifetime, token_type: "Bearer" })
        )
      : accepts(received.headers.authorization ?? "", index)
        ? ok
        : WireServer.errorBody(401, "PERMISSION_DENIED")
  )
}

describe("TokenProvider", () => {
  it.live("asks for a token as the official SDKs do", () =>
    Effect.gen(function* () {
      const wire = yield* server(3600)
      yield* Effect.provide(TestApi.read(), TestApi.layer(wire.url, { tokens: "apiClient" }))
      const [grant, read] = wire.received
      assert.strictEqual(grant?.line, "POST /auth/api/v1/oauth/token HTTP/1.1")
      assert.strictEqual(grant?.headers["content-type"], "application/x-www-form-urlencoded")
      assert.strictEqual(grant?.headers.authorization, `Basic ${btoa("privx-external:oauth-secret")}`)
      assert.strictEqual(grant?.body, "grant_type=password&username=client&password=client-secret")
      assert.strictEqual(read?.headers.authorization, "Bearer token-1")
    })
  )

  it.live("asks once, however many callers wait", () =>
    Effect.gen(function* () {
      const wire = yield* server(3600)
      yield* Effect.all(
        Array.from({ length: 50 }, () => TestApi.read()),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(TestApi.layer(wire.url, { tokens: "apiClient" })))
      assert.strictEqual(grants(wire), 1)
      assert.strictEqual(wire.received.length, 51)
    })
  )

  it.live("uses a token no longer than half of a very short life", () =>
    Effect.gen(function* () {
      const wire = yield* server(0.02)
      yield* Effect.gen(function* () {
        yield* TestApi.read()
        yield* Effect.sleep(15)
        yield* TestApi.read()
      }).pipe(Effect.provide(TestApi.layer(wire.url, { tokens: "apiClient" })))
      assert.strictEqual(grants(wire), 2)
    })
  )

  it.live("gets one fresh token after a 401, and one only", () =>
    Effect.gen(function* () {
      const accepting = yield* server(3600, (token) => token === "Bearer token-2")
      yield* Effect.provide(TestApi.read(), TestApi.layer(accepting.url, { tokens: "apiClient" }))
      assert.strictEqual(grants(accepting), 2)

      const refusing = yield* server(3600, () => false)
      const failure = yield* Effect.flip(
        Effect.provide(TestApi.read(), TestApi.layer(refusing.url, { tokens: "apiClient" }))
      )
      assert.strictEqual(failure._tag, "PermissionDenied")
      assert.strictEqual(grants(refusing), 2)
      assert.strictEqual(refusing.received.length, 4)
    })
  )

  it.live("does not repeat a 401 with a token that cannot be renewed", () =>
    Effect.gen(function* () {
      const wire = yield* server(3600, () => false)
      yield* Effect.flip(Effect.provide(TestApi.read(), TestApi.layer(wire.url)))
      assert.strictEqual(wire.received.length, 1)
    })
  )

  it.live("fails every waiting caller, with its own operation and without the secret", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => WireServer.answer(400, '{"error":"invalid_grant"}'))
      const failures = yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.flip(TestApi.read())),
        {
          concurrency: "unbounded"
        }
      ).pipe(Effect.provide(TestApi.layer(wire.url, { tokens: "apiClient" })))
      assert.strictEqual(wire.received.length, 1)
      for (const failure of failures) {
        assert.deepInclude(failure, {
          _tag: "OAuthError",
          operation: "TokenProvider.get",
          status: 400,
          code: "invalid_grant"
        })
        assert.notInclude(JSON.stringify(failure) + failure.message, "client-secret")
      }
    })
  )

  it.live("retries a token endpoint that is out of order", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([
        WireServer.errorBody(503, "MAX_LOAD"),
        WireServer.answer(200, '{"access_token":"t","expires_in":60}'),
        ok
      ])
      yield* Effect.provide(TestApi.read(), TestApi.layer(wire.url, { tokens: "apiClient" }))
      assert.strictEqual(wire.received.length, 3)
    })
  )

  it.live.each<{ what: string; answer: WireServer.Answer; reason: UnexpectedResponse["reason"] }>([
    { what: "nothing", answer: WireServer.answer(200, ""), reason: "empty" },
    { what: "a login page", answer: WireServer.answer(200, "<!doctype html><p>Log in"), reason: "html" },
    { what: "half an answer", answer: WireServer.answer(200, '{"access_token":"secret-a'), reason: "notJson" },
    { what: "no token", answer: WireServer.answer(200, '{"expires_in":60}'), reason: "otherJson" },
    { what: "an empty token", answer: Logins.tokens(""), reason: "otherJson" },
    { what: "a token that fits no header", answer: Logins.tokens("secret-a\r\nX: 1"), reason: "otherJson" },
    { what: "a token that is no text", answer: WireServer.answer(200, '{"access_token":1}'), reason: "otherJson" },
    { what: "another kind of token", answer: Logins.tokens("secret-a", { token_type: "DPoP" }), reason: "otherJson" },
    {
      what: "a life without end",
      answer: WireServer.answer(200, '{"access_token":"secret-a","expires_in":1e999}'),
      reason: "otherJson"
    },
    { what: "a life in words", answer: Logins.tokens("secret-a", { expires_in: "soon" }), reason: "otherJson" }
  ])("calls a token answer with $what an UnexpectedResponse, and does not quote it", ({ answer, reason }) =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => answer)
      const failure = yield* Effect.flip(
        Effect.provide(TestApi.read(), TestApi.layer(wire.url, { tokens: "apiClient" }))
      )
      assert.deepInclude(failure, { _tag: "UnexpectedResponse", operation: "TokenProvider.get", status: 200, reason })
      assert.notInclude(Logins.shown(failure), "secret-a")
      assert.strictEqual(wire.received.length, 1)
    })
  )

  it.live.each<{ life: unknown }>([{ life: "3600" }, { life: 1e300 }, { life: null }])(
    "uses a token whose life is given as $life",
    ({ life }) =>
      Effect.gen(function* () {
        const wire = yield* WireServer.make(() => Logins.tokens("t", { expires_in: life }))
        yield* Effect.gen(function* () {
          assert.strictEqual(yield* Logins.token, "t")
          assert.strictEqual(yield* Logins.token, "t")
        }).pipe(Effect.provide(Logins.over(wire.url, TokenProvider.layerApiClient(TestApi.apiClient))))
        assert.strictEqual(wire.received.length, 1)
      })
  )

  it.live("does not read a token answer over the limit of size", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("x".repeat(2000)))
      const failure = yield* Effect.flip(
        Effect.provide(TestApi.read(), TestApi.layer(wire.url, { tokens: "apiClient", maxResponseBytes: 1000 }))
      )
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tooLarge", operation: "TokenProvider.get" })
    })
  )

  it.live("sends credentials to no other origin", () =>
    Effect.gen(function* () {
      const other = yield* WireServer.make(() => Logins.tokens("t"))
      const wire = yield* WireServer.make(() => WireServer.answer(307, "", { Location: new URL("/x", other.url).href }))
      const failure = yield* Effect.flip(
        Effect.provide(TestApi.read(), TestApi.layer(wire.url, { tokens: "apiClient" }))
      )
      assert.deepInclude(failure, { _tag: "TransportError", reason: "redirectRefused" })
      assert.strictEqual(other.connections.total, 0)
    })
  )

  it.live.each<{ answer: WireServer.Answer; advice: string }>([
    { answer: WireServer.answer(401, '{"error":"invalid_client"}'), advice: "Check the OAuth client's id and secret" },
    { answer: WireServer.answer(400, '{"error":"invalid_grant"}'), advice: "Check the API client's id and secret" },
    {
      answer: WireServer.answer(400, '{"error":"unauthorized_client"}'),
      advice: "Allow this client to use this kind of login"
    },
    { answer: WireServer.errorBody(401, "PERMISSION_DENIED"), advice: "Check the API client's id and secret" },
    { answer: WireServer.answer(403, ""), advice: "Check the API client's id and secret" },
    { answer: WireServer.answer(403, "<html>Forbidden"), advice: "a proxy or load balancer" },
    { answer: WireServer.answer(404, ""), advice: "Check the base URL" }
  ])("says which credential to check: $advice", ({ advice, answer }) =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => answer)
      const failure = yield* Effect.flip(
        Effect.provide(TestApi.read(), TestApi.layer(wire.url, { tokens: "apiClient" }))
      )
      assert.include(failure.hint, advice)
    })
  )

  it.live("keeps secrets out of a failure even when the server quotes them", () =>
    Effect.gen(function* () {
      const secret = 'p@ss "w+rd"/é'
      const client = { ...TestApi.apiClient, clientSecret: Redacted.make(secret) }
      const wire = yield* WireServer.make(({ body, headers }) =>
        WireServer.answer(
          400,
          JSON.stringify({
            error: "invalid_grant",
            error_description: [
              body,
              headers.authorization,
              headers.authorization?.slice("Basic ".length),
              secret,
              encodeURIComponent(secret)
            ].join(" ")
          })
        )
      )
      const failure = yield* Effect.flip(
        Effect.provide(TestApi.read(), Logins.over(wire.url, TokenProvider.layerApiClient(client)))
      )
      assert.deepInclude(failure, { _tag: "OAuthError", status: 400 })
      assert.include(failure.message, "invalid_grant")
      assert.include(failure.message, "<redacted>")
      for (const text of ["p@ss", "p%40ss", "w+rd", "w%2Brd", "oauth-secret", btoa("privx-external:oauth-secret")]) {
        assert.notInclude(Logins.shown(failure), text)
      }
    })
  )

  it.live("renews with the refresh token, and keeps it when the server gives no new one", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([
        Logins.tokens("token-1", { refresh_token: "refresh-1" }),
        Logins.tokens("token-2", { refresh_token: "refresh-2" }),
        Logins.tokens("token-3", { refresh_token: "" }),
        Logins.tokens("token-4")
      ])
      yield* Effect.gen(function* () {
        for (const expected of ["token-1", "token-2", "token-3", "token-4"]) {
          assert.strictEqual(yield* Logins.token, expected)
          yield* Logins.refuse(expected)
        }
      }).pipe(Effect.provide(Logins.over(wire.url, TokenProvider.layerApiClient(TestApi.apiClient))))
      const refreshes = wire.received.slice(1)
      assert.deepStrictEqual(
        refreshes.map((received) => Logins.form(received)),
        ["refresh-1", "refresh-2", "refresh-2"].map((refresh_token) => ({
          grant_type: "refresh_token",
          refresh_token,
          client_id: "privx-external"
        }))
      )
      for (const { headers } of refreshes) {
        assert.strictEqual(headers.authorization, `Basic ${btoa("privx-external:oauth-secret")}`)
      }
    })
  )

  it.live("returns the scope of the token without a request", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([
        Logins.tokens("token-1", { refresh_token: "refresh-1", scope: "privx-user admin" }),
        Logins.tokens("token-2"),
        Logins.tokens("token-3", { scope: "privx-user" }),
        WireServer.answer(400, '{"error":"invalid_grant"}'),
        Logins.tokens("token-4", { scope: ["not", "a", "text"] })
      ])
      yield* Effect.gen(function* () {
        const tokens = yield* TokenProvider
        assert.isUndefined(yield* tokens.scope)
        assert.strictEqual(wire.received.length, 0)
        // A refresh without a scope leaves it unchanged; a login does not.
        for (const scope of ["privx-user admin", "privx-user admin", "privx-user", undefined]) {
          const token = yield* Logins.token
          assert.strictEqual(yield* tokens.scope, scope)
          yield* Logins.refuse(token)
        }
      }).pipe(Effect.provide(Logins.over(wire.url, TokenProvider.layerApiClient(TestApi.apiClient))))
      assert.strictEqual(wire.received.length, 5)
    })
  )

  it.live.each([
    { what: "refused", answer: WireServer.answer(400, '{"error":"invalid_grant"}') },
    { what: "unknown to the server", answer: WireServer.errorBody(404, "BAD_REQUEST") },
    { what: "answered with nonsense", answer: WireServer.answer(200, "<html>") }
  ])("logs in again when a refresh is $what", ({ answer }) =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([
        Logins.tokens("token-1", { refresh_token: "refresh-1" }),
        ok,
        WireServer.errorBody(401, "PERMISSION_DENIED"),
        answer,
        Logins.tokens("token-2"),
        ok
      ])
      yield* Effect.andThen(TestApi.read(), TestApi.read()).pipe(
        Effect.provide(TestApi.layer(wire.url, { tokens: "apiClient" }))
      )
      assert.deepStrictEqual(
        wire.received.filter(isGrant).map((grant) => Logins.form(grant).grant_type),
        ["password", "refresh_token", "password"]
      )
      assert.strictEqual(wire.received.at(-1)?.headers.authorization, "Bearer token-2")
    })
  )
})
