import { assert, describe, it } from "@effect/vitest"
import * as TokenExchange from "@privx-kit/http/TokenExchange"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Logins from "./Logins.ts"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const token = Redacted.make("outside-token")

describe("TokenExchange", () => {
  it.live("exchanges a token of another issuer for one of PrivX", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([Logins.tokens("access-1"), WireServer.answer(200, '{"name":"n"}')])
      const provider = TokenExchange.layer({ token, clientId: "privx-ui", scope: "privx-user" })
      yield* Effect.provide(TestApi.read(), Logins.over(wire.url, provider))
      const [exchange, read] = wire.received
      assert.strictEqual(exchange?.line, "POST /auth/api/v1/token/login HTTP/1.1")
      assert.strictEqual(exchange?.headers["content-type"], "application/json")
      assert.deepStrictEqual(JSON.parse(exchange?.body ?? ""), {
        token: "outside-token",
        client_id: "privx-ui",
        scope: "privx-user"
      })
      assert.strictEqual(read?.headers.authorization, "Bearer access-1")
    })
  )

  it.live("sends no scope and no client when none is given, and asks for the outside token each time", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() => Logins.tokens("access-1"))
      let asked = 0
      const provider = TokenExchange.layer({ token: Effect.sync(() => Redacted.make(`outside-${++asked}`)) })
      yield* Effect.andThen(Logins.token, Effect.andThen(Logins.refuse("access-1"), Logins.token)).pipe(
        Effect.provide(Logins.over(wire.url, provider))
      )
      assert.deepStrictEqual(
        wire.received.map(({ body }) => JSON.parse(body)),
        [{ token: "outside-1" }, { token: "outside-2" }]
      )
    })
  )

  it.live("refreshes as the official SDK does", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([
        Logins.tokens("access-1", { refresh_token: "refresh-1" }),
        Logins.tokens("access-2")
      ])
      const used = yield* Effect.andThen(Logins.token, Effect.andThen(Logins.refuse("access-1"), Logins.token)).pipe(
        Effect.provide(Logins.over(wire.url, TokenExchange.layer({ token })))
      )
      assert.strictEqual(used, "access-2")
      assert.strictEqual(Logins.path(wire.received[1]), "/auth/api/v1/oauth/token")
      assert.deepStrictEqual(Logins.form(wire.received[1]), {
        grant_type: "refresh_token",
        refresh_token: "refresh-1",
        client_id: "privx-ui",
        redirect_uri: "/privx/oauth-callback"
      })
    })
  )

  it.live("says that the outside token is refused, without showing it", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make(() =>
        WireServer.answer(401, '{"error_code":"PERMISSION_DENIED","error_message":"bad token outside-token"}')
      )
      const failure = yield* Effect.flip(
        Effect.provide(TestApi.read(), Logins.over(wire.url, TokenExchange.layer({ token })))
      )
      assert.deepInclude(failure, { _tag: "PermissionDenied", operation: "TokenProvider.get", status: 401 })
      assert.include(failure.hint, "exchange_token")
      assert.notInclude(Logins.shown(failure), "outside-token")
      assert.strictEqual(wire.received.length, 1)
    })
  )
})
