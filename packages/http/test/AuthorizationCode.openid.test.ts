import { assert, describe, it } from "@effect/vitest"
import * as AuthorizationCode from "@privx-kit/http/AuthorizationCode"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Logins from "./Logins.ts"
import * as OpenIdProvider from "./OpenIdProvider.ts"

describe("AuthorizationCode with an OpenID provider", () => {
  const options = (provider: OpenIdProvider.OpenIdProvider): Omit<AuthorizationCode.Options, "open"> => ({
    authorizationUrl: provider.authorizationUrl,
    tokenUrl: provider.tokenUrl,
    issuer: provider.issuer,
    clientId: "public",
    scopes: ["openid"]
  })

  it.live("logs a user in, with a token that the provider accepts", () =>
    Effect.gen(function* () {
      const provider = yield* OpenIdProvider.make()
      const { open, page } = OpenIdProvider.browser()
      const token = yield* Effect.provide(Logins.token, AuthorizationCode.layer({ ...options(provider), open }))
      assert.strictEqual(yield* provider.userOf(token), "anna")
      assert.include((yield* page).text, "You are logged in")
      assert.deepStrictEqual(provider.grants, ["authorization_code"])
    })
  )

  it.live("authenticates a client with a secret, at a path of its own", () =>
    Effect.gen(function* () {
      const provider = yield* OpenIdProvider.make()
      const login = (clientSecret: string) =>
        Effect.provide(
          Logins.token,
          AuthorizationCode.layer({
            ...options(provider),
            clientId: "confidential+client",
            clientSecret: Redacted.make(clientSecret),
            redirectPath: "/other/path",
            open: OpenIdProvider.browser().open
          })
        )
      assert.strictEqual(yield* provider.userOf(yield* login(OpenIdProvider.clientSecret)), "anna")

      const failure = yield* Effect.flip(login("another-secret"))
      assert.deepInclude(failure, { _tag: "OAuthError", operation: "TokenProvider.get", status: 401 })
      assert.include(failure.message, "invalid_client")
      assert.include(failure.hint, "Check the OAuth client's id and secret")
      assert.notInclude(Logins.shown(failure), "another-secret")
    })
  )

  it.live("asks the user once, however many callers wait, and refreshes without asking", () =>
    Effect.gen(function* () {
      const provider = yield* OpenIdProvider.make()
      let asked = 0
      yield* Effect.gen(function* () {
        const tokens = yield* Effect.all(
          Array.from({ length: 20 }, () => Logins.token),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(new Set(tokens).size, 1)
        let last = tokens[0] ?? ""
        // Two refreshes: the provider issues a new refresh token with each, and revokes the old one.
        for (let refresh = 0; refresh < 2; refresh++) {
          yield* Logins.refuse(last)
          const next = yield* Logins.token
          assert.notStrictEqual(next, last)
          assert.strictEqual(yield* provider.userOf(next), "anna")
          last = next
        }
        assert.strictEqual(asked, 1)

        yield* provider.revokeAll
        yield* Logins.refuse(last)
        assert.strictEqual(yield* provider.userOf(yield* Logins.token), "anna")
        assert.strictEqual(asked, 2)
      }).pipe(
        Effect.provide(
          AuthorizationCode.layer({
            ...options(provider),
            scopes: ["openid", "offline_access"],
            parameters: { prompt: "consent" },
            open: (url) => Effect.suspend(() => (asked++, OpenIdProvider.browser().open(url)))
          })
        )
      )
      assert.deepStrictEqual(provider.grants, [
        "authorization_code",
        "refresh_token",
        "refresh_token",
        "refresh_token refused",
        "authorization_code"
      ])
    })
  )

  const failing = (
    more: Partial<AuthorizationCode.Options>,
    { cancels = false, redirect }: { readonly cancels?: boolean; readonly redirect?: (back: URL) => URL } = {}
  ) =>
    Effect.gen(function* () {
      const provider = yield* OpenIdProvider.make({ cancels })
      const { open, page } = OpenIdProvider.browser(redirect)
      const failure = yield* Effect.flip(
        Effect.provide(Logins.token, AuthorizationCode.layer({ ...options(provider), open, ...more }))
      )
      return { failure, page: (yield* page).text, grants: provider.grants }
    })

  it.live("reports that the user has cancelled", () =>
    Effect.gen(function* () {
      const { failure, page } = yield* failing({}, { cancels: true })
      assert.deepInclude(failure, { _tag: "OAuthError", operation: "TokenProvider.get", status: 400 })
      assert.include(failure.message, "access_denied")
      assert.include(failure.hint, "cancelled")
      assert.include(page, "The login failed")
    })
  )

  it.live("reports any other error of the provider", () =>
    Effect.gen(function* () {
      const { failure } = yield* failing({ parameters: { prompt: "none" } })
      assert.deepInclude(failure, { _tag: "OAuthError", status: 400 })
      assert.include(failure.message, "login_required")
    })
  )

  it.live.each<{ what: string; change: (back: URL) => void; detail: string }>([
    { what: "another state", change: (back) => back.searchParams.set("state", "other"), detail: "its state differs" },
    { what: "no state", change: (back) => back.searchParams.delete("state"), detail: "its state differs" },
    { what: "two states", change: (back) => back.searchParams.append("state", "other"), detail: "a parameter twice" },
    { what: "no code", change: (back) => back.searchParams.delete("code"), detail: "no code" },
    { what: "another issuer", change: (back) => back.searchParams.set("iss", "https://evil"), detail: "another issuer" }
  ])("refuses a redirect with $what, and redeems no code", ({ change, detail }) =>
    Effect.gen(function* () {
      const redirect = (back: URL) => {
        change(back)
        return back
      }
      const { failure, grants, page } = yield* failing({}, { redirect })
      assert.deepInclude(failure, { _tag: "TransportError", reason: "redirectRefused", operation: "TokenProvider.get" })
      assert.include(failure.message, detail)
      assert.include(page, "The login failed")
      assert.deepStrictEqual(grants, [])
    })
  )

  it.live("refuses the code of another login: the verifier does not fit", () =>
    Effect.gen(function* () {
      const provider = yield* OpenIdProvider.make()
      // An attack with a stolen code: the code of one login is put into the redirect of another.
      let stolen: string | null = null
      const login = (redirect: (to: URL) => URL) =>
        Effect.provide(
          Logins.token,
          AuthorizationCode.layer({
            ...options(provider),
            open: OpenIdProvider.browser(redirect).open
          })
        )
      yield* Effect.flip(
        login((to) => {
          stolen = to.searchParams.get("code")
          to.searchParams.delete("state")
          return to
        })
      )
      const failure = yield* Effect.flip(
        login((to) => {
          to.searchParams.set("code", stolen ?? "")
          return to
        })
      )
      assert.deepInclude(failure, { _tag: "OAuthError", status: 400 })
      assert.include(failure.message, "invalid_grant")
      assert.notInclude(Logins.shown(failure), stolen ?? "")
    })
  )
})
