import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { Simulator } from "../src/Simulator.ts"
import { ask, createSession, request } from "./rawHttp.ts"

interface Grant {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
}

/** Posts a form, with Basic credentials unless these are `null`. */
const post = Effect.fnUntraced(function* (
  simulator: Simulator["Service"],
  form: Readonly<Record<string, string>>,
  basic: string | null = `${simulator.apiClient.oauthClientId}:${Redacted.value(simulator.apiClient.oauthClientSecret)}`
) {
  const body = new URLSearchParams(form).toString()
  const headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": String(body.length),
    ...(basic === null ? undefined : { Authorization: `Basic ${btoa(basic)}` })
  }
  const answer = yield* ask(simulator, request("POST /auth/api/v1/oauth/token", headers, body))
  return { status: answer.status, body: answer.body, grant: JSON.parse(answer.body) as Grant }
})

const password = (simulator: Simulator["Service"]) => ({
  grant_type: "password",
  username: simulator.apiClient.clientId,
  password: Redacted.value(simulator.apiClient.clientSecret)
})

/** What a token is good for. */
const statusWith = (simulator: Simulator["Service"], token: string) =>
  Effect.map(ask(simulator, request(createSession, { Authorization: `Bearer ${token}` })), (answer) => answer.status)

describe("the token endpoint", () => {
  it.live("gives an API client a token that the operations accept", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const { status, grant } = yield* post(simulator, password(simulator))
      assert.strictEqual(status, 200)
      assert.strictEqual(grant.expires_in, 3600)
      assert.strictEqual(yield* statusWith(simulator, grant.access_token), 200)
    })
  )

  it.live("gives another token each time, and the earlier ones stay good", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const first = yield* post(simulator, password(simulator))
      const second = yield* post(simulator, password(simulator))
      assert.notStrictEqual(second.grant.access_token, first.grant.access_token)
      assert.strictEqual(yield* statusWith(simulator, first.grant.access_token), 200)
    })
  )

  it.live(
    "refreshes with the OAuth client's secret, or with its name alone as the SDKs do; each refresh token once",
    () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator.make()
        const first = yield* post(simulator, password(simulator))
        const second = yield* post(simulator, {
          grant_type: "refresh_token",
          refresh_token: first.grant.refresh_token
        })
        assert.strictEqual(yield* statusWith(simulator, second.grant.access_token), 200)
        const byName = {
          grant_type: "refresh_token",
          refresh_token: second.grant.refresh_token,
          client_id: "privx-external"
        }
        const third = yield* post(simulator, byName, null)
        assert.strictEqual(yield* statusWith(simulator, third.grant.access_token), 200)
        assert.strictEqual((yield* post(simulator, byName, null)).status, 401)
      })
  )

  it.effect("a token ends with its lifetime, and the refresh token outlives it", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tokenLifetime: "5 minutes" })
      const { grant } = yield* post(simulator, password(simulator))
      yield* TestClock.adjust("299 seconds")
      assert.strictEqual(yield* statusWith(simulator, grant.access_token), 200)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* statusWith(simulator, grant.access_token), 401)
      const again = yield* post(simulator, { grant_type: "refresh_token", refresh_token: grant.refresh_token })
      assert.strictEqual(yield* statusWith(simulator, again.grant.access_token), 200)
    })
  )

  it.live("revoking ends all tokens, refresh tokens included", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const { grant } = yield* post(simulator, password(simulator))
      yield* simulator.revokeTokens
      assert.strictEqual(yield* statusWith(simulator, grant.access_token), 401)
      const refresh = { grant_type: "refresh_token", refresh_token: grant.refresh_token }
      assert.strictEqual((yield* post(simulator, refresh)).status, 401)
    })
  )

  it.live("refuses wrong credentials of either kind with 401 PERMISSION_DENIED", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const right = password(simulator)
      const refused = yield* Effect.all([
        post(simulator, { ...right, password: "wrong" }),
        post(simulator, { ...right, username: "wrong" }),
        post(simulator, right, "privx-external:wrong"),
        post(simulator, right, null),
        post(simulator, { grant_type: "refresh_token", refresh_token: "wrong" }),
        post(simulator, { grant_type: "refresh_token", refresh_token: "wrong", client_id: "other" }, null)
      ])
      for (const { status, body } of refused) {
        assert.strictEqual(status, 401)
        assert.include(body, '"error_code":"PERMISSION_DENIED"')
      }
    })
  )

  it.live("names the field that is missing or unknown", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const { username, password: secret } = password(simulator)
      const missing = yield* Effect.all([
        post(simulator, {}),
        post(simulator, { grant_type: "password", password: secret }),
        post(simulator, { grant_type: "password", username }),
        post(simulator, { grant_type: "refresh_token" })
      ])
      const properties = missing.map(({ status, body }) => {
        assert.strictEqual(status, 400)
        assert.include(body, '"error_code":"REQUIRED_VALUE_MISSING"')
        return (JSON.parse(body) as { readonly property: string }).property
      })
      assert.deepStrictEqual(properties, ["grant_type", "username", "password", "refresh_token"])
      const unknown = yield* post(simulator, { grant_type: "magic" })
      assert.strictEqual(unknown.status, 400)
      assert.include(unknown.body, '"property":"grant_type"')
    })
  )

  it.live("refuses a body that is no form", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const headers = { "Content-Type": "application/json", "Content-Length": "2" }
      const answer = yield* ask(simulator, request("POST /auth/api/v1/oauth/token", headers, "{}"))
      assert.strictEqual(answer.status, 400)
      assert.include(answer.body, '"error_code":"BAD_REQUEST"')
    })
  )

  it.live("answers at another path when told to", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ paths: { token: "/v1/auth/token" } })
      assert.strictEqual((yield* ask(simulator, request("POST /v1/auth/token"))).status, 400)
      assert.strictEqual((yield* ask(simulator, request("POST /auth/api/v1/oauth/token"))).status, 404)
    })
  )
})
