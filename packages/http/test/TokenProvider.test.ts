import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const ok = WireServer.answer(200, '{"name":"n"}')
const isGrant = (received: WireServer.Received) => received.line.startsWith("POST /auth/api/v1/oauth/token")
const grants = (server: WireServer.WireServer) => server.received.filter(isGrant).length

/** Hands out token-1, token-2, … and accepts what `accepts` says. */
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

  it.live("tells every waiting caller of a failure, under its own name and without the secret", () =>
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
        assert.deepInclude(failure, { _tag: "UnexpectedResponse", operation: "TokenProvider.get", status: 400 })
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
})
