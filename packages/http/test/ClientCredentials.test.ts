import { assert, describe, it } from "@effect/vitest"
import * as ClientCredentials from "@privx-kit/http/ClientCredentials"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Logins from "./Logins.ts"
import * as WireServer from "./WireServer.ts"

const client = { clientId: "a-client", clientSecret: Redacted.make("its-secret") }

describe("ClientCredentials", () => {
  it.live("logs in at the domain with id and secret in the body, and without any other secret", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([Logins.tokens("access-1", { token_type: "bearer", expires_in: 300 })])
      const token = yield* Effect.provide(Logins.token, Logins.over(wire.url, ClientCredentials.layer(client)))
      assert.strictEqual(token, "access-1")
      const [request] = wire.received
      assert.strictEqual(request?.line, "POST /auth/api/v1/oauth/clientcredentials/privx-external/token HTTP/1.1")
      assert.strictEqual(request?.headers.authorization, undefined)
      assert.deepStrictEqual(Logins.form(request), {
        grant_type: "client_credentials",
        client_id: "a-client",
        client_secret: "its-secret"
      })
    })
  )

  it.live("logs in at another domain, whatever its name", () =>
    Effect.gen(function* () {
      const wire = yield* WireServer.make([Logins.tokens("access-1")])
      yield* Effect.provide(Logins.token, Logins.over(wire.url, ClientCredentials.layer({ ...client, domain: "a/b" })))
      assert.strictEqual(Logins.path(wire.received[0]), "/auth/api/v1/oauth/clientcredentials/a%2Fb/token")
    })
  )

  it.live.each([
    { code: "invalid_client", says: "client_type" },
    { code: "unauthorized_client", says: "Allow this client to use this kind of login" }
  ])("fails typed with $code, without the secret", ({ code, says }) =>
    Effect.gen(function* () {
      const body = JSON.stringify({ error: code, error_description: "its-secret is wrong" })
      const wire = yield* WireServer.make(() => WireServer.answer(401, body))
      const failure = yield* Effect.flip(
        Effect.provide(Logins.token, Logins.over(wire.url, ClientCredentials.layer(client)))
      )
      assert.deepInclude(failure, { _tag: "OAuthError", code, status: 401, description: "<redacted> is wrong" })
      assert.include(failure.hint, says)
      assert.notInclude(Logins.shown(failure), "its-secret")
    })
  )
})
