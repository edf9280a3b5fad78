/** The reason of a cancellation, which is recorded with it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { eventually } from "@privx-kit/testing/eventually"
import * as cli from "../support/cli.ts"
import * as fleets from "../support/fleets.ts"
import * as fleetServer from "../support/fleetServer.ts"
import * as served from "../support/served.ts"

const stalled = { faults: ["downloadSetupScript:stall@100"] }

describe("a cancellation", { timeout: 60_000 }, () => {
  it.live("is recorded with its comment, and shown with it", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ simulator: stalled })
      const { run } = yield* server.submit()
      const path = `/api/v1/runs/${run.id}/cancel`
      const wrong = yield* server.ask("POST", path, { as: "operator", body: { comment: "x".repeat(2001) } })
      assert.strictEqual(wrong.status, 400)
      const unknown = yield* server.ask("POST", path, { as: "operator", body: { reason: "x" } })
      assert.strictEqual(unknown.status, 400)
      assert.strictEqual((yield* server.ask("POST", path, { as: "viewer", body: { comment: "x" } })).status, 403)
      const { json } = yield* server.ask("POST", path, { as: "operator", body: { comment: "wrong host" } })
      assert.deepInclude(json.failure, { _tag: "RunCancelled", by: "operator", comment: "wrong host" })
      assert.match(json.explanation.message, /^operator cancelled the run at .* \(wrong host\)\.$/)
    })
  )

  it.live("has a comment from the command line, or none", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ simulator: stalled })
      const env = { PRIVX_KIT_SERVER: server.url.origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf("operator") }
      const cancel = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
        const { run } = yield* server.submit()
        const ended = yield* served.cli(env, "runs", "cancel", run.id, ...args, "--json")
        assert.strictEqual(ended.code, 0, ended.stderr)
        return (cli.json(ended).result as { readonly failure: { readonly comment: string | null } }).failure.comment
      })
      assert.strictEqual(yield* cancel("--comment", "wrong host"), "wrong host")
      assert.isNull(yield* cancel())
      const { run } = yield* server.submit()
      yield* served.cli(env, "runs", "cancel", run.id, "-m", "maintenance")
      const shown = yield* served.cli(env, "runs", "show", run.id)
      assert.include(shown.stdout, "(maintenance)")
    })
  )

  it.live("of a fleet is one of its hosts, with the same comment", () =>
    Effect.gen(function* () {
      const { privx, server } = yield* fleetServer.start(stalled)
      const { run } = yield* server.apply({ definition: fleets.text(privx, 1) })
      const shown = server.ask("GET", `/api/v1/fleets/${run.id}`, { as: "viewer" })
      yield* eventually(shown, ({ json }) => json.hosts[0].status === "running")
      yield* server.ask("POST", `/api/v1/runs/${run.id}/cancel`, { as: "operator", body: { comment: "wrong site" } })
      yield* server.reached(run.id, "cancelled")
      const { json } = yield* eventually(shown, ({ json }) => json.hosts[0].status === "cancelled")
      const host = yield* server.ask("GET", `/api/v1/runs/${json.hosts[0].runId}`, { as: "viewer" })
      assert.deepInclude(host.json.failure, { by: "operator", comment: "wrong site" })
    })
  )
})
