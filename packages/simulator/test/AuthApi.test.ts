import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { createHash } from "node:crypto"
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

/** The permissions of a token. */
const statusWith = (simulator: Simulator["Service"], token: string) =>
  Effect.map(ask(simulator, request(createSession, { Authorization: `Bearer ${token}` })), (answer) => answer.status)

describe("the token endpoint", () => {
  it.live("gives an API client a token that the operations accept", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const { status, grant } = yield* post(simulator, password(simulator))
      assert.strictEqual(status, 200)
      assert.strictEqual(grant.expires_in, 300)
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
        assert.strictEqual((yield* post(simulator, byName, null)).status, 400)
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
      assert.strictEqual((yield* post(simulator, refresh)).status, 400)
    })
  )

  it.live.each([
    { what: "a wrong secret of the API client", form: { password: "wrong" }, status: 400, error: "invalid_grant" },
    { what: "a wrong id of the API client", form: { username: "wrong" }, status: 400, error: "invalid_grant" },
    { what: "a wrong secret of the OAuth client", basic: "privx-external:wrong", status: 401, error: "invalid_client" },
    { what: "no OAuth client", basic: null, status: 401, error: "invalid_client" },
    { what: "an OAuth client that has no passwords", basic: "privx-ui:", status: 400, error: "unauthorized_client" },
    {
      what: "a refresh token that was never issued",
      form: { grant_type: "refresh_token", refresh_token: "wrong" },
      status: 400,
      error: "invalid_grant"
    },
    { what: "another grant", form: { grant_type: "magic" }, status: 400, error: "unsupported_grant_type" },
    { what: "no grant", form: { grant_type: "" }, status: 400, error: "invalid_request" },
    { what: "no username", form: { username: "" }, status: 400, error: "invalid_request" },
    { what: "no refresh token", form: { grant_type: "refresh_token" }, status: 400, error: "invalid_request" }
  ])("refuses $what as RFC 6749 has it: $status $error", ({ basic, error, form, status }) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const answer = yield* post(simulator, { ...password(simulator), ...form }, basic)
      assert.strictEqual(answer.status, status)
      const body = JSON.parse(answer.body) as Record<string, string>
      assert.strictEqual(body["error"], error)
      assert.isString(body["error_description"])
      assert.notProperty(body, "error_code")
    })
  )

  it.live("refuses a body that is no form", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const headers = { "Content-Type": "application/json", "Content-Length": "2" }
      const answer = yield* ask(simulator, request("POST /auth/api/v1/oauth/token", headers, "{}"))
      assert.strictEqual(answer.status, 400)
      assert.include(answer.body, '"error":"invalid_request"')
    })
  )

  it.live("responds on another path if one is set", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ paths: { token: "/v1/auth/token" } })
      assert.strictEqual((yield* ask(simulator, request("POST /v1/auth/token"))).status, 400)
      assert.strictEqual((yield* ask(simulator, request("POST /auth/api/v1/oauth/token"))).status, 404)
    })
  )
})

describe("the login of a user", () => {
  const verifier = "a-verifier-of-forty-three-characters-or-more"
  const authorize = {
    client_id: "privx-ui",
    redirect_uri: "/privx/oauth-callback",
    response_type: "code",
    state: "a-state",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256"
  }
  const begin = (simulator: Simulator["Service"], query: Readonly<Record<string, string>>) =>
    ask(simulator, request(`GET /auth/api/v1/oauth/authorize?${new URLSearchParams(query).toString()}`))
  const json = (simulator: Simulator["Service"], path: string, body: object) => {
    const text = JSON.stringify(body)
    const headers = { "Content-Type": "application/json", "Content-Length": String(text.length) }
    return ask(simulator, request(`POST ${path}`, headers, text))
  }
  const loginToken = (location: string | undefined) =>
    new URL(location ?? "", "http://localhost").searchParams.get("token") ?? ""

  /** The steps up to the authorization code. */
  const codeFor = Effect.fnUntraced(function* (simulator: Simulator["Service"]) {
    const token = loginToken((yield* begin(simulator, authorize)).headers["location"])
    const { password, username } = simulator.user
    const answer = yield* json(simulator, "/auth/api/v1/login", { username, password: Redacted.value(password), token })
    const { code, state } = JSON.parse(answer.body) as Record<string, string>
    assert.strictEqual(state, "a-state")
    return code ?? ""
  })
  const redeem = (simulator: Simulator["Service"], code: string, more: Readonly<Record<string, string>> = {}) => {
    const { client_id, redirect_uri } = authorize
    const form = { grant_type: "authorization_code", client_id, redirect_uri, code, code_verifier: verifier, ...more }
    return post(simulator, form, null)
  }

  it.live("redirects with 307, and gives a code that is good once", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const redirect = yield* begin(simulator, authorize)
      assert.strictEqual(redirect.status, 307)
      assert.match(redirect.headers["location"] ?? "", /^\/privx\/login\?token=[\w-]{43}&state=a-state$/)
      const code = yield* codeFor(simulator)
      const { grant, status } = yield* redeem(simulator, code)
      assert.strictEqual(status, 200)
      assert.strictEqual(yield* statusWith(simulator, grant.access_token), 200)
      const again = yield* redeem(simulator, code)
      assert.deepInclude(JSON.parse(again.body), { error: "invalid_grant" })
    })
  )

  it.live.each([
    { what: "another verifier", more: { code_verifier: "another" } },
    { what: "another redirect", more: { redirect_uri: "/elsewhere" } },
    { what: "another client", more: { client_id: "privx-external" } }
  ])("refuses a code with $what, and for good", ({ more }) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const code = yield* codeFor(simulator)
      for (const fields of [more, {}]) {
        const { body, status } = yield* redeem(simulator, code, fields)
        assert.strictEqual(status, 400)
        assert.deepInclude(JSON.parse(body), { error: "invalid_grant" })
      }
    })
  )

  it.effect("forgets a login that is not finished within a minute", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const code = yield* codeFor(simulator)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* redeem(simulator, code)).status, 400)
    })
  )

  it.live("refuses an unsupported login, and a wrong password", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const errors = yield* Effect.forEach(
        [{ client_id: "somebody" }, { response_type: "token" }, { code_challenge_method: "plain" }, { state: "" }],
        (more) =>
          Effect.map(
            begin(simulator, { ...authorize, ...more }),
            ({ body }) => (JSON.parse(body) as { error: string }).error
          )
      )
      assert.deepStrictEqual(errors, ["unauthorized_client", "invalid_request", "invalid_request", "invalid_request"])
      const token = loginToken((yield* begin(simulator, authorize)).headers["location"])
      const wrong = yield* json(simulator, "/auth/api/v1/login", {
        username: "simulator-user",
        password: "wrong",
        token
      })
      assert.deepInclude(JSON.parse(wrong.body), { error: "invalid_grant" })
      const broken = yield* json(simulator, "/auth/api/v1/token/login", { scope: "privx-user" })
      assert.deepInclude(JSON.parse(broken.body), { error: "invalid_request" })
    })
  )

  it.live("a logout without a token is 401, with the error body of the API", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const answer = yield* ask(simulator, request("POST /auth/api/v1/logout"))
      assert.strictEqual(answer.status, 401)
      assert.include(answer.body, '"error_code":"PERMISSION_DENIED"')
    })
  )
})
