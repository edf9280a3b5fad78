/** Bootstraps of UEBA that are submitted to a server. */
import { assert, describe, it } from "@effect/vitest"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import * as path from "node:path"
import * as bootstraps from "../support/bootstraps.ts"
import * as cli from "../support/cli.ts"
import * as served from "../support/served.ts"

const body = {
  address: SetupScript.address,
  trustAnchors: SetupScript.trustAnchor,
  dataset: { name: "production", start: "30d" },
  interval: "5ms"
}

describe("a bootstrap at a server", () => {
  it.live("is recorded, executed, listed by its kind, and changes nothing when it is submitted again", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ simulator: bootstraps.options })
      const submit = (body: unknown, as = "operator", headers: Record<string, string> = {}) =>
        server.ask("POST", "/api/v1/bootstraps", { as, body, headers })
      const answer = yield* submit(body, "operator", { "idempotency-key": "first" })
      assert.strictEqual(answer.status, 202, answer.text)
      assert.isTrue(answer.json.created)
      const { id } = answer.json.run
      const done = yield* server.reached(id, "succeeded")
      assert.deepInclude(done, { kind: "ueba-bootstrap", requestedBy: "operator" })
      assert.deepInclude(done.result, { until: "confirm", changed: true })
      assert.deepInclude(done.result.dataset, { created: true, trained: true, active: true })
      yield* bootstraps.assertOne(server.simulator, "submitted")

      const same = yield* submit(body, "operator", { "idempotency-key": "first" })
      assert.deepInclude(same.json, { created: false })
      assert.strictEqual(same.json.run.id, id)
      const again = yield* submit(body)
      const unchanged = yield* server.reached(again.json.run.id, "succeeded")
      assert.deepInclude(unchanged.result, { changed: false })
      const listed = yield* server.ask("GET", "/api/v1/runs?kind=ueba-bootstrap", { as: "viewer" })
      assert.deepStrictEqual(
        listed.json.runs.map((run: { readonly id: string }) => run.id),
        [again.json.run.id, id]
      )
      assert.strictEqual((yield* submit(body, "viewer")).status, 403)
      const wrong = yield* submit({ ...body, output: "/tmp/x" })
      assert.deepInclude(wrong.json, { status: 400 })
      const range = yield* submit({ ...body, dataset: { start: "2026-02-01", end: "2026-01-01" } })
      assert.deepInclude(range.json, { status: 400, type: "urn:privx-kit:problem:SettingsError" })
    })
  )

  it.live("is submitted by the command line from a file, cancelled while it waits, and retried", () =>
    Effect.gen(function* () {
      const server = yield* served.start({
        simulator: { ...bootstraps.options, historyLength: "1 day" }
      })
      const directory = path.dirname(server.dataDir)
      const file = path.join(directory, "ueba.toml")
      fs.writeFileSync(path.join(directory, "anchors.pem"), SetupScript.trustAnchor)
      fs.writeFileSync(
        file,
        [
          `address = "${SetupScript.address}"`,
          'trust_anchors_file = "anchors.pem"',
          'few_connections = "wait"',
          'interval = "5ms"',
          `output = "script"`,
          "[dataset]",
          'name = "production"',
          'start = "30d"'
        ].join("\n")
      )
      const command = (...args: ReadonlyArray<string>) =>
        served.cli({ PRIVX_KIT_SERVER: server.url.origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf("operator") }, ...args)
      const plan = yield* command("ueba", "bootstrap", "--file", file, "--plan")
      assert.strictEqual(plan.code, 2)
      assert.include(plan.stderr, "--plan asks PrivX from this machine")

      const waiting = yield* Effect.forkChild(command("ueba", "bootstrap", "--file", file, "--json"))
      const run = yield* server.ask("GET", "/api/v1/runs?kind=ueba-bootstrap", { as: "viewer" }).pipe(
        Effect.delay("20 millis"),
        Effect.map(({ json }) => json.runs[0]),
        Effect.repeat({
          until: (run) =>
            run?.steps.some(
              (step: { readonly name: string; readonly status: string }) =>
                step.name === "count" && step.status === "running"
            ) === true
        })
      )
      const cancelled = yield* server.ask("POST", `/api/v1/runs/${run.id}/cancel`, { as: "operator" })
      assert.strictEqual(cancelled.json.status, "cancelled", cancelled.text)
      assert.strictEqual((yield* Fiber.join(waiting)).code, 20)

      const retried = yield* Effect.forkChild(command("runs", "retry", run.id, "--json"))
      yield* server.reached(run.id, "running")
      yield* server.ask("POST", `/api/v1/runs/${run.id}/cancel`, { as: "operator" })
      assert.strictEqual((yield* Fiber.join(retried)).code, 20)

      const until = yield* command("ueba", "bootstrap", "--file", file, "--until", "service", "--json")
      assert.strictEqual(until.code, 0, until.stderr)
      assert.deepInclude(cli.json(until).result, { until: "service" })
    })
  )
})
