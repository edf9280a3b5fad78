/** The server on a database that it shares: it records and shows, and workers execute. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as crypto from "node:crypto"
import * as path from "node:path"
import * as ClusterWorker from "../src/worker/ClusterWorker.ts"
import * as SharedStorage from "../src/server/SharedStorage.ts"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import * as temporary from "@privx-kit/testing/temporary"
import * as support from "./support.ts"

const database = support.server()

/** Two servers on one database, as behind a load balancer. */
const pair = Effect.gen(function* () {
  const simulator = yield* privx.start()
  const url = yield* support.database(database())
  const directory = yield* temporary.directory
  const one = (name: string) =>
    served.on(SharedStorage.layer({ url, maxConnections: 4 }), {
      target: nameOf(simulator.url),
      tokenFile: path.join(directory, name)
    })
  const [first, second] = [yield* one("first.toml"), yield* one("second.toml")]
  const work = Effect.gen(function* () {
    const context = yield* Layer.build(support.worker(simulator, url, path.join(directory, "keys")))
    yield* ClusterWorker.work({ concurrency: 8 }).pipe(Effect.provideContext(context), Effect.forkScoped)
  })
  return { simulator, first, second, work }
})

describe("the server on Postgres", () => {
  it.live("records what workers execute, and shows it from any server", () =>
    Effect.gen(function* () {
      const { first, second, simulator, work } = yield* pair
      const { run } = yield* first.submit({ requireApproval: "always" })
      assert.strictEqual((yield* second.ask("GET", `/api/v1/runs/${run.id}`, { as: "viewer" })).json.status, "queued")
      const idle = yield* first.ask("GET", "/readyz")
      assert.deepInclude(idle.json, { ready: false, workers: 0 })
      assert.strictEqual(idle.status, 503)

      yield* work
      yield* second.reached(run.id, "waiting")
      assert.deepInclude((yield* first.ask("GET", "/readyz")).json, { ready: true, workers: 1 })
      const own = yield* second.decide(run.id, "operator")
      assert.strictEqual(own.status, 403)
      const approved = yield* second.decide(run.id, "approver")
      assert.strictEqual(approved.status, 200, approved.text)
      yield* first.reached(run.id, "succeeded")
      const script = yield* first.ask("GET", `/api/v1/runs/${run.id}/script`, { as: "operator" })
      assert.strictEqual(crypto.hash("sha256", script.text, "hex"), simulator.scriptSha256)
      const manifest = yield* second.ask("GET", `/api/v1/runs/${run.id}/manifest`, { as: "viewer" })
      assert.strictEqual(manifest.json.runId, run.id)
      const stored = yield* first.ask("GET", `/api/v1/artifacts/${simulator.scriptSha256.slice(0, 8)}`, {
        as: "viewer"
      })
      assert.deepInclude(stored.json, { sha256: simulator.scriptSha256, intact: true })
      assert.strictEqual(stored.json.runs[0].runId, run.id)
      const unknown = yield* first.ask("GET", "/api/v1/artifacts/ffffffff", { as: "viewer" })
      assert.deepInclude(unknown.json, {
        status: 404,
        type: "urn:privx-kit:problem:ArtifactNotFound",
        title: "Artifact not found",
        code: "artifactNotFound"
      })
      const { text } = yield* second.ask("GET", "/metrics", { as: "viewer" })
      assert.match(text, /^privx_kit_runs\{status="succeeded"\} 1$/m)
      const pruned = yield* second.ask("POST", "/api/v1/runs/prune", { as: "admin", body: { keep: 0 } })
      assert.deepStrictEqual(pruned.json, { removed: [run.id], dryRun: false })
    })
  )

  it.live("makes one run of a key that two servers are sent at once", () =>
    Effect.gen(function* () {
      const { first, second } = yield* pair
      const answers = yield* Effect.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? first : second).submit({}, "operator", { "idempotency-key": "nightly" })
        ),
        { concurrency: 10 }
      )
      assert.strictEqual(new Set(answers.map(({ run }) => run.id)).size, 1)
      assert.strictEqual(answers.filter(({ created }) => created).length, 1)
    })
  )
})
