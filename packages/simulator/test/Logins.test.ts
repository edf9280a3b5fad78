/** Every login method of the kit, against the simulator. The two share no code. */
import { assert, describe, it } from "@effect/vitest"
import * as ClientCredentials from "@privx-kit/http/ClientCredentials"
import { Connection } from "@privx-kit/http/Connection"
import * as Logout from "@privx-kit/http/Logout"
import * as PrivxLogin from "@privx-kit/http/PrivxLogin"
import * as TokenExchange from "@privx-kit/http/TokenExchange"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type Options, Simulator } from "../src/Simulator.ts"

type Provider = Layer.Layer<TokenProvider, never, Connection>

const ways: ReadonlyArray<{
  readonly name: string
  readonly login: (simulator: Simulator["Service"], secret?: string) => Provider
  /** The message for a wrong secret. */
  readonly error: string
  readonly refreshes: boolean
}> = [
  {
    name: "API client (password grant)",
    login: ({ apiClient }, secret) =>
      TokenProvider.layerApiClient(
        secret === undefined ? apiClient : { ...apiClient, clientSecret: Redacted.make(secret) }
      ),
    error: "invalid_grant",
    refreshes: true
  },
  {
    name: "client credentials of a domain",
    login: ({ apiClient: { clientId, clientSecret } }, secret) =>
      ClientCredentials.layer({ clientId, clientSecret: secret === undefined ? clientSecret : Redacted.make(secret) }),
    error: "invalid_client",
    refreshes: false
  },
  {
    name: "token exchange",
    login: ({ exchangeToken }, secret) =>
      TokenExchange.layer({ token: secret === undefined ? exchangeToken : Redacted.make(secret), scope: "privx-user" }),
    error: "invalid_grant",
    refreshes: true
  },
  {
    name: "user name and password",
    login: ({ user }, secret) =>
      PrivxLogin.layer({ ...user, password: secret === undefined ? user.password : Redacted.make(secret) }),
    error: "invalid_grant",
    refreshes: true
  }
]

const privx = (simulator: Simulator["Service"], provider: Provider, cookies = false) =>
  Ueba.layer().pipe(
    Layer.provideMerge(Transport.layer),
    Layer.provideMerge(provider),
    Layer.provideMerge(Connection.layer({ baseUrl: simulator.url, cookies }))
  )

const createSession = Effect.flatMap(Ueba, (ueba) => ueba.createSession)

const operations = (simulator: Simulator["Service"]) =>
  Effect.map(simulator.requests, (requests) => requests.map(({ operation, status }) => `${operation} ${status}`))

describe.each(ways)("$name", ({ error, login, refreshes }) => {
  it.live("gets a token that the operations accept", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      yield* Effect.provide(createSession, privx(simulator, login(simulator)))
    })
  )

  it.live("is refused typed with a wrong secret", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const failure = yield* Effect.flip(Effect.provide(createSession, privx(simulator, login(simulator, "wrong"))))
      assert.deepInclude(failure, { _tag: "OAuthError", code: error })
      assert.match(failure.hint, /^Check /)
    })
  )

  it.live("gets the next token by refreshing where there is a refresh token, otherwise by logging in", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      yield* Effect.gen(function* () {
        const tokens = yield* TokenProvider
        yield* createSession
        yield* simulator.clearRequests
        yield* tokens.invalidate(yield* tokens.get)
        yield* createSession
      }).pipe(Effect.provide(privx(simulator, login(simulator))))
      const [first, ...rest] = yield* operations(simulator)
      assert.strictEqual(first, refreshes ? "Auth.token 200" : "Auth.clientCredentials 200")
      assert.deepStrictEqual(rest, ["Ueba.createSession 200"])
    })
  )

  it.live("ends with a logout: neither the token nor its refresh token is good for anything afterwards", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      yield* Effect.gen(function* () {
        const tokens = yield* TokenProvider
        const token = yield* tokens.get
        yield* Logout.logout()
        yield* simulator.clearRequests
        const again = yield* tokens.get
        assert.notStrictEqual(Redacted.value(again), Redacted.value(token))
        const before = privx(simulator, TokenProvider.layerStatic(token))
        const failure = yield* Effect.flip(Effect.provide(createSession, before, { local: true }))
        assert.deepInclude(failure, { _tag: "PermissionDenied", status: 401 })
      }).pipe(Effect.provide(privx(simulator, login(simulator))))
      // The stored refresh token is refused, and a login follows.
      if (refreshes) assert.strictEqual((yield* operations(simulator))[0], "Auth.token 400")
    })
  )
})

describe("nodes behind a load balancer", () => {
  const loginOn = Effect.fnUntraced(function* (options: Options<readonly []>, cookies: boolean) {
    const simulator = yield* Simulator.make(options)
    const provider = PrivxLogin.layer(simulator.user)
    return yield* Effect.result(Effect.provide(createSession, privx(simulator, provider, cookies)))
  })

  it.live("finish a login of several steps for a client that sends the cookie back, and for no other", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* loginOn({ nodes: 3 }, true))._tag, "Success")
      const without = yield* loginOn({ nodes: 3 }, false)
      assert.strictEqual(without._tag, "Failure")
      if (without._tag === "Failure") assert.deepInclude(without.failure, { _tag: "OAuthError", code: "invalid_grant" })
      assert.strictEqual((yield* loginOn({ nodes: 1 }, false))._tag, "Success")
    })
  )
})

describe("token exchange", () => {
  it.live("uses the configured client, and refuses one that does not exist", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ exchangeScopes: ["privx-user"] })
      const exchange = (options: { readonly clientId?: string; readonly scope?: string }) =>
        Effect.result(
          Effect.provide(
            createSession,
            privx(simulator, TokenExchange.layer({ token: simulator.exchangeToken, ...options }))
          )
        )
      assert.strictEqual((yield* exchange({ clientId: "privx-external" }))._tag, "Success")
      const unknown = yield* exchange({ clientId: "somebody" })
      const scope = yield* exchange({ scope: "everything" })
      assert.deepStrictEqual(
        [unknown, scope].map((result) => (result._tag === "Failure" ? Reflect.get(result.failure, "code") : undefined)),
        ["invalid_client", "invalid_scope"]
      )
    })
  )
})
