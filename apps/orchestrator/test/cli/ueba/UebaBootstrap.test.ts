/** `privx-kit ueba bootstrap` against a simulated PrivX, over a real socket. */
import { assert, describe, it } from "@effect/vitest"
import type { Options } from "@privx-kit/simulator/Simulator"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as BootstrapSchema from "../../../src/bootstrap/BootstrapSchema.ts"
import * as bootstraps from "../../support/bootstraps.ts"
import * as cli from "../../support/cli.ts"
import * as inProcess from "../../support/inProcess.ts"
import * as simulated from "../../support/simulated.ts"

const start = Effect.fnUntraced(function* (options: Options<readonly []> = {}) {
  const started = yield* simulated.start({ tls: false, ...bootstraps.options, ...options })
  const { home } = started
  fs.writeFileSync(path.join(home, "anchors.pem"), SetupScript.trustAnchor)
  const file = path.join(home, "ueba.toml")
  fs.writeFileSync(
    file,
    [
      `address = "${SetupScript.address}"`,
      'trust_anchors_file = "anchors.pem"',
      'output = "out"',
      'interval = "5ms"',
      "[dataset]",
      'name = "quarter"',
      // Before its history, the simulator has no connections, and the range is closed.
      `start = ${new Date(Date.now() - 80 * 86_400_000).toISOString().slice(0, 10)}`
    ].join("\n")
  )
  const bootstrap = (...args: ReadonlyArray<string>) =>
    inProcess.run(["ueba", "bootstrap", ...args, "--config", started.config, "--data-dir", path.join(home, "data")])
  return { ...started, file, bootstrap }
})

describe("privx-kit ueba bootstrap", () => {
  it.live("plans, sends nothing, applies, and applied again changes nothing", () =>
    Effect.gen(function* () {
      const { assertNoSecretIn, bootstrap, file, home, simulator } = yield* start()
      const plan = yield* bootstrap("--file", file, "--plan")
      assert.strictEqual(plan.code, 0, plan.stderr)
      assert.match(plan.stdout, /^~ address +ueba\.simulator\.invalid:8000$/m)
      assert.match(plan.stdout, /^~ service +PENDING: .* → RUNNING$/m)
      assert.match(plan.stdout, /^~ dataset +quarter, from \d{4}-\d\d-\d\d to now$/m)
      assert.match(plan.stdout, /^7 things would change\. Nothing was sent\.$/m)
      assert.deepStrictEqual(yield* bootstraps.mutations(simulator), [])

      const ended = yield* bootstrap("--file", file)
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.match(ended.stderr, /✓ Train the models +\d+\.\d\d s {2}trained/)
      assert.match(ended.stdout, /✓ UEBA analyzes connections\./)
      const script = path.join(home, "out", "privx-ueba-setup.sh")
      assert.include(ended.stdout, script)
      assert.isTrue(fs.existsSync(script))
      const mutations = yield* bootstraps.mutations(simulator)

      const again = yield* bootstrap("--file", file, "--json")
      assert.deepInclude(cli.json(again).result, { until: "confirm", changed: false })
      const after = yield* bootstrap("--file", file, "--plan", "--json")
      const { changes, obstacles } = cli.json(after).result as {
        readonly changes: ReadonlyArray<{ readonly changes: boolean }>
        readonly obstacles: ReadonlyArray<string>
      }
      assert.deepStrictEqual(
        changes.map(({ changes }) => changes),
        [false, false, false, false, false, false, false, false]
      )
      assert.deepStrictEqual(obstacles, [])
      assert.deepStrictEqual(yield* bootstraps.mutations(simulator), mutations)
      yield* assertNoSecretIn(plan, ended, again, after)
    })
  )

  it.live("ends after the step of --until, and continues from there", () =>
    Effect.gen(function* () {
      const { bootstrap, file, simulator } = yield* start()
      const delivered = yield* bootstrap("--file", file, "--until", "deliver", "--json")
      assert.deepInclude(cli.json(delivered).result, { until: "deliver", changed: true })
      assert.deepStrictEqual(yield* bootstraps.mutations(simulator), ["setConfiguration", "createSession"])
      const whole = yield* bootstrap("--file", file)
      assert.strictEqual(whole.code, 0, whole.stderr)
      assert.deepStrictEqual((yield* bootstraps.mutations(simulator)).slice(2), [
        "createDataset",
        "trainDataset",
        "startAnalyzing"
      ])
    })
  )

  it.live("stops with its own exit code if there are too few connections, and a retry continues", () =>
    Effect.gen(function* () {
      const { bootstrap, config, file, home, simulator } = yield* start({ historyLength: "1 day" })
      const few = yield* bootstrap("--file", file)
      assert.strictEqual(few.code, 31)
      assert.match(few.stderr, /there are \d+ connections from .* to now, and 5000 are needed/)
      const id = /privx-kit runs retry (\w+)/.exec(few.stderr)?.[1] ?? ""
      yield* simulator.ueba.advance("5 days")
      const data = ["--config", config, "--data-dir", path.join(home, "data")]
      const retried = yield* inProcess.run(["runs", "retry", id, ...data, "--json"])
      assert.strictEqual(retried.code, 0, retried.stderr)
      assert.deepInclude(cli.json(retried).result, { kind: "ueba-bootstrap", status: "succeeded", attempt: 2 })
      const shown = yield* inProcess.run(["runs", "show", id, ...data.slice(2)])
      assert.match(shown.stdout, /Kind +ueba-bootstrap/)
      assert.match(shown.stdout, /✓ confirm/)
    })
  )

  it.live("executes the script on this machine once with --execute", () =>
    Effect.gen(function* () {
      const { bootstrap, file, home } = yield* start({ hostRunsScript: 0 })
      const refused = yield* bootstrap("--file", file, "--execute")
      assert.strictEqual(refused.code, 2)
      const ended = yield* bootstrap("--file", file, "--execute", "--yes")
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.match(ended.stderr, /✓ Execute the script +\d+\.\d\d s {2}executed; its log: /)
      assert.lengthOf(fs.readdirSync(path.join(home, "data", "executions")), 1)
    })
  )

  it.live("reports everything that is wrong with a file, with its place, and with a flag", () =>
    Effect.gen(function* () {
      const { bootstrap, file, simulator } = yield* start()
      fs.writeFileSync(file, 'adress = "a"\nfew_connections = "maybe"\n[dataset]\nstart = "yesterday"\n')
      const wrong = yield* bootstrap("--file", file)
      assert.strictEqual(wrong.code, 3)
      assert.include(wrong.stderr, `${file}:1:1: adress is not a known field`)
      assert.include(wrong.stderr, `${file}:2:19: few_connections must be stop or wait`)
      assert.match(wrong.stderr, /ueba\.toml:4:9: dataset\.start must be a date like 2026-01-31/)
      const flag = yield* bootstrap("--start", "yesterday")
      assert.strictEqual(flag.code, 2)
      assert.match(flag.stderr, /--start must be a date like 2026-01-31/)
      assert.deepStrictEqual(yield* bootstraps.mutations(simulator), [])
    })
  )
})

describe("the schema of bootstrap files", () => {
  it("is the one that is published", () => {
    const file = path.join(import.meta.dirname, "..", "..", "..", "schemas", "bootstrap.schema.json")
    assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, "utf8")), BootstrapSchema.jsonSchema())
  })
})
