import { assert, describe, it } from "@effect/vitest"
import * as ClientCredentials from "@privx-kit/http/ClientCredentials"
import { Connection } from "@privx-kit/http/Connection"
import * as Logout from "@privx-kit/http/Logout"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Logins from "./Logins.ts"
import * as WireServer from "./WireServer.ts"

const over = (baseUrl: URL) =>
  Layer.provideMerge(
    ClientCredentials.layer({ clientId: "c", clientSecret: Redacted.make("s") }),
    Connection.layer({ baseUrl })
  )

describe("logout", () => {
  it.live("ends the token that is held, and the next call logs in again", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([
        Logins.tokens("access-1"),
        WireServer.answer(200, ""),
        Logins.tokens("access-2")
      ])
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* Logins.token, "access-1")
        yield* Logout.logout()
        assert.isUndefined(yield* Effect.flatMap(TokenProvider, (tokens) => tokens.current))
        assert.strictEqual(yield* Logins.token, "access-2")
      }).pipe(Effect.provide(over(wire.url)))
      assert.strictEqual(wire.received[1]?.line, "POST /auth/api/v1/logout HTTP/1.1")
      assert.strictEqual(wire.received[1]?.headers.authorization, "Bearer access-1")
    })
  )

  it.live("asks for nothing where there is no token", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([])
      yield* Effect.provide(Logout.logout(), over(wire.url))
      assert.lengthOf(wire.received, 0)
    })
  )

  it.live("fails typed when the token has ended already, without showing it", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([Logins.tokens("access-1"), WireServer.errorBody(401, "PERMISSION_DENIED")])
      const failure = yield* Effect.flip(
        Effect.andThen(Logins.token, Logout.logout()).pipe(Effect.provide(over(wire.url)))
      )
      assert.deepInclude(failure, { _tag: "PermissionDenied", operation: "TokenProvider.logout", status: 401 })
      assert.notInclude(Logins.shown(failure), "access-1")
    })
  )
})
