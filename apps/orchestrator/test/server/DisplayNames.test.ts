/** Display names for people, while the record contains issuer and subject. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as issuers from "../support/issuer.ts"
import * as people from "../support/people.ts"

const start = Effect.gen(function* () {
  const { at, issuer, server } = yield* people.start()
  /** A browser with a signed-in person. */
  const signedIn = Effect.fnUntraced(function* (account: string) {
    issuer.person(account)
    const { visit } = issuers.browser()
    yield* visit(at("/auth/login"))
    return (path: string, body?: unknown) =>
      Effect.map(
        visit(at(path), {
          method: body === undefined ? "GET" : "POST",
          headers: { "x-privx-kit-page": "1", "content-type": "application/json" },
          ...(body === undefined ? {} : { body: JSON.stringify(body) })
        }),
        ({ text }) => JSON.parse(text)
      )
  })
  return { issuer, server, signedIn }
})

describe("the names of people", { timeout: 60_000 }, () => {
  it.live("come from the issuer, for requesters and deciders, and are no identity", () =>
    Effect.gen(function* () {
      const { issuer, server, signedIn } = yield* start
      const [anna, ben] = [`${issuer.issuer}#anna`, `${issuer.issuer}#ben`]
      const asAnna = yield* signedIn("anna")
      const { run } = yield* asAnna("/api/v1/runs", { requireApproval: "always" })
      assert.deepInclude(run, { requestedBy: anna, displayNames: { [anna]: "Anna Example" } })
      const { attempt, sha256 } = yield* server.reached(run.id, "waiting")
      const asBen = yield* signedIn("ben")
      const rejected = yield* asBen(`/api/v1/runs/${run.id}/reject`, { sha256, attempt, comment: "unknown address" })
      assert.strictEqual(rejected.by, ben)
      const failed = yield* server.reached(run.id, "failed")
      assert.strictEqual(failed.failure.by, ben)
      assert.deepStrictEqual(failed.displayNames, { [anna]: "Anna Example", [ben]: "Ben Example" })
      assert.match(failed.explanation.message, /: Ben Example rejected it at .* \(unknown address\)\.$/)
      // The list can be filtered by either.
      const list = (by: string) =>
        server.ask("GET", `/api/v1/runs?requestedBy=${encodeURIComponent(by)}`, { as: "viewer" })
      for (const by of [anna, "Anna Example"]) assert.lengthOf((yield* list(by)).json.runs, 1, by)
      assert.lengthOf((yield* list("Ben Example")).json.runs, 0)
    })
  )

  it.live("are what the issuer said last, and stay when a token has none", () =>
    Effect.gen(function* () {
      const { issuer, server, signedIn } = yield* start
      const anna = `${issuer.issuer}#anna`
      const asAnna = yield* signedIn("anna")
      const { run } = yield* asAnna("/api/v1/runs", { requireApproval: "always" })
      const shown = Effect.map(server.ask("GET", `/api/v1/runs/${run.id}`, { as: "viewer" }), ({ json }) => json)
      const token = yield* issuer.accessToken({ sub: "anna", roles: ["kit-admins"] })
      assert.strictEqual((yield* server.ask("GET", "/api/v1/me", { token })).json.name, anna)
      assert.deepStrictEqual((yield* shown).displayNames, { [anna]: "Anna Example" })
      issuer.accounts.set("anna", { name: "Anna Smith", roles: ["kit-admins"] })
      yield* signedIn("anna").pipe(Effect.flatMap((ask) => ask("/api/v1/me")))
      assert.deepStrictEqual((yield* shown).displayNames, { [anna]: "Anna Smith" })
      yield* server.reached(run.id, "waiting")
      // A token has no display name, even if a person has signed in with its name.
      const own = yield* server.submit({}, "operator")
      const { json } = yield* server.ask("GET", `/api/v1/runs/${own.run.id}`, { as: "viewer" })
      assert.deepInclude(json, { requestedBy: "operator", displayNames: {} })
    })
  )
})
