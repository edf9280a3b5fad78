import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as OidcSession from "../../src/server/OidcSession.ts"
import * as issuers from "../support/issuer.ts"
import * as people from "../support/people.ts"

/** A server with an issuer, and minimal browsers. */
const start = Effect.fnUntraced(function* (sessions?: Partial<OidcSession.Lifetimes>) {
  const { at, issuer, server } = yield* people.start({ sessions })
  const page = (visit: ReturnType<typeof issuers.browser>["visit"], path: string, init: RequestInit = {}) =>
    Effect.map(
      visit(at(path), {
        ...init,
        headers: { "x-privx-kit-page": "1", "content-type": "application/json", ...init.headers }
      }),
      (visit) => ({ ...visit, json: visit.text === "" ? undefined : JSON.parse(visit.text) })
    )
  /** A browser with a session. */
  const signedIn = Effect.fnUntraced(function* (account: string) {
    issuer.person(account)
    const browser = issuers.browser()
    const landed = yield* browser.visit(at("/auth/login?return=/fleets"))
    return { browser, landed, ask: (path: string, init?: RequestInit) => page(browser.visit, path, init) }
  })
  return { server, issuer, at, page, signedIn }
})

describe("sign-in by an issuer", () => {
  it.live("identifies people by issuer and subject, and enforces four eyes between page and API", () =>
    Effect.gen(function* () {
      const { issuer, server, signedIn } = yield* start()
      const anna = yield* signedIn("anna")
      assert.strictEqual(anna.landed.url.href, new URL("/fleets", server.url).href)
      const cookie = anna.browser.set.find((line) => line.startsWith(`${OidcSession.cookieName}=`)) ?? ""
      for (const attribute of ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]) assert.include(cookie, attribute)
      assert.notMatch(cookie, /Domain/i)

      const name = `${issuer.issuer}#anna`
      assert.deepInclude((yield* anna.ask("/api/v1/me")).json, { name, displayName: "Anna Example", role: "admin" })
      const submitted = yield* anna.ask("/api/v1/runs", {
        method: "POST",
        body: JSON.stringify({ requireApproval: "always" })
      })
      assert.strictEqual(submitted.status, 202, submitted.text)
      const { id } = submitted.json.run
      assert.strictEqual(submitted.json.run.requestedBy, name)
      const waiting = yield* server.reached(id, "waiting")
      const body = JSON.stringify({ sha256: waiting.sha256, attempt: waiting.attempt })
      const own = yield* anna.ask(`/api/v1/runs/${id}/approve`, { method: "POST", body })
      assert.deepInclude(own.json, { status: 403 })
      // With an access token, the same person has the same identity.
      const token = yield* issuer.accessToken({ sub: "anna", roles: ["kit-admins"] })
      const program = yield* server.ask("POST", `/api/v1/runs/${id}/approve`, { token, body })
      assert.strictEqual(program.status, 403, program.text)
      const ben = yield* signedIn("ben")
      const approved = yield* ben.ask(`/api/v1/runs/${id}/approve`, { method: "POST", body })
      assert.strictEqual(approved.json.by, `${issuer.issuer}#ben`, approved.text)
      const submit = yield* ben.ask("/api/v1/runs", { method: "POST", body: "{}" })
      assert.strictEqual(submit.status, 403)
    })
  )

  it.live("refuses a person who cancels, has no role, or brings another person's answer", () =>
    Effect.gen(function* () {
      const { at, issuer, page } = yield* start()
      const refused = Effect.fnUntraced(function* (path: string, reason: string) {
        const browser = issuers.browser()
        const landed = yield* browser.visit(at(path))
        assert.strictEqual(landed.url.searchParams.get("sign-in"), reason)
        assert.strictEqual((yield* page(browser.visit, "/api/v1/me")).status, 401)
      })
      issuer.person("anna", false)
      yield* refused("/auth/login", "denied")
      issuer.person("cleo")
      yield* refused("/auth/login", "noRole")
      yield* refused("/auth/callback?code=made-up&state=made-up", "again")
      // Redirects to URLs outside this server are not followed.
      issuer.person("anna")
      for (const back of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
        const landed = yield* issuers.browser().visit(at(`/auth/login?return=${encodeURIComponent(back)}`))
        assert.strictEqual(landed.url.href, at("/runs").href)
      }
    })
  )

  it.live("takes a session from its own page only, and ends it", () =>
    Effect.gen(function* () {
      const { at, issuer, signedIn } = yield* start()
      const { ask, browser } = yield* signedIn("anna")
      const forged: ReadonlyArray<Record<string, string>> = [
        { "x-privx-kit-page": "0" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" }
      ]
      for (const headers of forged) {
        assert.strictEqual((yield* ask("/api/v1/runs", { method: "POST", body: "{}", headers })).status, 403)
        assert.strictEqual((yield* ask("/auth/logout", { method: "POST", headers })).status, 403)
      }
      const out = yield* ask("/auth/logout", { method: "POST" })
      const location = new URL(out.json.location)
      assert.strictEqual(location.origin, issuer.issuer)
      assert.strictEqual(location.searchParams.get("post_logout_redirect_uri"), at("/").href)
      assert.isFalse(browser.cookies(at("/")).has(OidcSession.cookieName))
      assert.strictEqual((yield* ask("/api/v1/me")).status, 401)
      // A modified cookie is not accepted.
      browser.cookies(at("/")).set(OidcSession.cookieName, "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c")
      assert.strictEqual((yield* ask("/api/v1/me")).status, 401)
    })
  )

  it.live("checks the role again, and ends idle and old sessions", () =>
    Effect.gen(function* () {
      const renewing = yield* start({ renewal: Duration.millis(0) })
      const anna = yield* renewing.signedIn("anna")
      assert.strictEqual((yield* anna.ask("/api/v1/me")).json.role, "admin")
      renewing.issuer.accounts.set("anna", { name: "Anna Example", roles: ["kit-approvers"] })
      // Several concurrent requests use one refresh token.
      const answers = yield* Effect.all(
        Array.from({ length: 5 }, () => anna.ask("/api/v1/me")),
        { concurrency: 5 }
      )
      for (const { json } of answers) assert.strictEqual(json.role, "approver")
      renewing.issuer.accounts.set("anna", { name: "Anna Example", roles: [] })
      assert.strictEqual((yield* anna.ask("/api/v1/me")).status, 401)

      const idle = yield* start({ idle: Duration.seconds(2) })
      const ben = yield* idle.signedIn("ben")
      for (let round = 0; round < 4; round++) {
        assert.strictEqual((yield* ben.ask("/api/v1/me")).status, 200)
        yield* Effect.sleep("700 millis")
      }
      yield* Effect.sleep("2 seconds")
      assert.strictEqual((yield* ben.ask("/api/v1/me")).status, 401)

      const short = yield* start({ absolute: Duration.seconds(2) })
      const old = yield* short.signedIn("ben")
      assert.strictEqual((yield* old.ask("/api/v1/me")).status, 200)
      yield* Effect.sleep("2200 millis")
      assert.strictEqual((yield* old.ask("/api/v1/me")).status, 401)
    })
  )

  it.live("takes access tokens of the issuer that are for it, also with new keys, and no others", () =>
    Effect.gen(function* () {
      const { issuer, server } = yield* start()
      const status = Effect.fnUntraced(function* (claims: object, options?: Parameters<typeof issuer.accessToken>[1]) {
        const token = yield* issuer.accessToken({ sub: "ben", roles: ["kit-approvers"], ...claims }, options)
        return (yield* server.ask("GET", "/api/v1/me", { token })).status
      })
      assert.strictEqual(yield* status({}), 200)
      assert.strictEqual(yield* status({ aud: "another service" }), 401)
      assert.strictEqual(yield* status({ iss: "https://evil.example" }), 401)
      assert.strictEqual(yield* status({}, { expires: "-5m" }), 401)
      // Clocks differ slightly.
      assert.strictEqual(yield* status({}, { expires: "-5s" }), 200)
      assert.strictEqual(yield* status({}, { typ: "JWT" }), 401)
      assert.strictEqual(yield* status({}, { key: issuer.otherKey() }), 401)
      assert.strictEqual(yield* status({ roles: ["others"] }), 403)
      // The keys are fetched at most once per second.
      yield* Effect.sleep("1100 millis")
      issuer.rotate()
      assert.strictEqual(yield* status({}), 200)
      const methods = (yield* server.ask("GET", "/api/v1/sign-in")).json
      assert.deepInclude(methods, { tokens: true })
      assert.strictEqual(methods.oidc.login, "/auth/login")
    })
  )
})
