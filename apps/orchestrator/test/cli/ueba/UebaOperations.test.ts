/**
 * `privx-kit ueba …` against a simulated PrivX, over a real socket. The clock of its UEBA host runs 600 times as fast.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Options } from "@privx-kit/simulator/Simulator"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../../support/cli.ts"
import * as inProcess from "../../support/inProcess.ts"
import * as simulated from "../../support/simulated.ts"

/** A running UEBA and the command line, in the same process. */
const start = Effect.fnUntraced(function* (options: Options<readonly []> = {}) {
  const started = yield* simulated.start({ tls: false, speed: 600, ...options })
  yield* started.simulator.ueba.runScript
  const ueba = (...args: ReadonlyArray<string>) =>
    inProcess.run(["ueba", ...args, "--config", started.config], { columns: 80 })
  const result = (...args: ReadonlyArray<string>) =>
    Effect.map(ueba(...args, "--json"), (ended) => {
      assert.strictEqual(ended.code, 0, ended.stderr)
      return cli.json(ended).result as Record<string, unknown>
    })
  return { ...started, ueba, result }
})

const created = (result: Record<string, unknown>) => {
  assert.isString(result["id"])
  return String(result["id"])
}

describe("privx-kit ueba", () => {
  it.live("takes a dataset from its creation to the active model, and back", () =>
    Effect.gen(function* () {
      const { assertNoSecretIn, home, result, ueba } = yield* start()
      const id = created(yield* result("datasets", "create", "--start", "30d", "--comment", "first"))

      const plot = path.join(home, "training.svg")
      const trained = yield* ueba("train", id.slice(0, 8), "--watch", "--interval", "20ms", "--plot", plot)
      assert.strictEqual(trained.code, 0, trained.stderr)
      assert.match(trained.stdout, /✓ The training has ended with \d+ \d{3} connections\./)
      assert.match(trained.stderr, /· training, connections_basic/)
      assert.include(trained.stdout, "connections_basic Loss by epoch: training as a line, validation as o")
      assert.include(trained.stdout, "connections_extended Validated connections by anomaly score")
      assert.match(trained.stdout, /[█]/u)
      for (const line of trained.stdout.split("\n"))
        assert.isAtMost([...line].length, Math.max(80, plot.length + 24), line)
      const svg = fs.readFileSync(plot, "utf8")
      assert.match(svg, /^<svg [^>]*viewBox="0 0 1000 720"/)
      assert.include(svg, ">connections_extended</text>")

      const active = yield* result("start", id)
      assert.deepStrictEqual(active, { active: id })
      const status = yield* ueba("status")
      assert.match(status.stdout, /Service +✓ RUNNING: simulated/)
      assert.include(status.stdout, `RUNNING with dataset ${id}`)
      const table = yield* ueba("datasets", "list")
      assert.match(
        table.stdout,
        new RegExp(`^${id.slice(0, 8)}  ✓ trained +active +\\d{4}-\\d\\d-\\d\\d .* first$`, "m")
      )

      const refused = yield* ueba("datasets", "delete", id, "--yes", "--json")
      assert.strictEqual(refused.code, 10)
      assert.match(refused.stderr, /an active dataset can be neither updated nor deleted/)
      assert.deepStrictEqual(yield* result("stop", "--watch", "--interval", "20ms"), { stopped: true })
      assert.deepStrictEqual(yield* result("datasets", "delete", id, "--yes"), { id, deleted: true })
      assert.deepStrictEqual(yield* result("datasets", "list"), { count: 0, items: [] })
      yield* assertNoSecretIn(trained, status, table, refused)
    })
  )

  it.live("replaces the active model, and returns to it when the new one cannot start", () =>
    Effect.gen(function* () {
      const { result, simulator, ueba } = yield* start({ stopDuration: "20 seconds" })
      const old = created(yield* result("datasets", "create", "--start", "30d"))
      yield* result("train", old, "--watch", "--interval", "20ms")
      yield* result("start", old)
      const next = created(yield* result("datasets", "create", "--start", "60d"))
      const early = yield* ueba("start", next, "--replace", "--interval", "20ms")
      assert.strictEqual(early.code, 10)
      assert.match(early.stderr, /the dataset has not been trained/)
      const status = (yield* result("status")) as { internal: { dataset_id: string } }
      assert.strictEqual(status.internal.dataset_id, old)

      yield* simulator.ueba.failTrainings(1)
      const failed = yield* ueba("train", next, "--watch", "--interval", "20ms")
      assert.strictEqual(failed.code, 30)
      assert.match(failed.stderr, /The training of dataset .* failed: connections_basic TRAINING_FAILED: simulated/)
      yield* result("train", next, "--watch", "--interval", "20ms")
      const replaced = yield* result("start", next, "--replace", "--watch", "--interval", "20ms")
      assert.deepStrictEqual(replaced, { active: next, running: true })
    })
  )

  it.live("reads a date in the time zone of the machine, and says which one that is", () =>
    Effect.gen(function* () {
      const { config, home } = yield* start()
      const create = (...args: ReadonlyArray<string>) =>
        cli.run(["ueba", "datasets", "create", "--config", config, ...args], {
          env: { HOME: home, TZ: "Europe/Helsinki" }
        })
      const shown = yield* create("--start", "2026-01-31")
      assert.strictEqual(shown.code, 0, shown.stderr)
      assert.include(shown.stdout, "Its range: 2026-01-31T00:00:00.000+02:00[Europe/Helsinki] to now, and on.")
      const json = yield* create("--start", "2026-01-31", "--end", "2026-02-28T12:00:00Z", "--json")
      const { end, start: from } = cli.json(json).result as Record<string, unknown>
      assert.deepStrictEqual([from, end], ["2026-01-30T22:00:00.000Z", "2026-02-28T12:00:00.000Z"])
    })
  )

  it.live("shows and updates a dataset, and leaves alone what no flag names", () =>
    Effect.gen(function* () {
      const { result, ueba } = yield* start()
      const range = ["--start", "2026-01-01T00:00:00Z", "--end", "2026-04-01T00:00:00Z"]
      const hole = "2026-02-01T00:00:00Z/2026-02-08T00:00:00Z"
      const id = created(yield* result("datasets", "create", ...range, "--exclude", hole, "--active-once-trained"))
      const updated = yield* result("datasets", "update", id, "--end", "2026-05-01T00:00:00Z", "--comment", "longer")
      assert.deepInclude(updated, { id, comment: "longer", use_for_inference_once_trained: true, is_active: false })
      assert.deepStrictEqual(updated["time_range_settings"], {
        start: "2026-01-01T00:00:00.000Z",
        end: "2026-05-01T00:00:00.000Z",
        exclude: [{ start: "2026-02-01T00:00:00.000Z", end: "2026-02-08T00:00:00.000Z" }]
      })
      const shown = yield* ueba("datasets", "show", id)
      assert.include(shown.stdout, "Range      2026-01-01 00:00:00 UTC to 2026-05-01 00:00:00 UTC")
      assert.include(shown.stdout, "Active     once it is trained")
      const unknown = yield* ueba("datasets", "show", "ffff")
      assert.strictEqual(unknown.code, 9)
      const backwards = yield* ueba("datasets", "update", id, "--end", "2025-01-01")
      assert.strictEqual(backwards.code, 2)
      assert.include(backwards.stderr, "The range must start before it ends.")
    })
  )

  it.live("changes configuration and settings only where something differs, after checking the certificates", () =>
    Effect.gen(function* () {
      const { home, result, simulator, ueba } = yield* start()
      const sent = Effect.map(simulator.requests, (requests) =>
        requests.flatMap(({ method, operation }) =>
          method === "POST" && (operation === "Ueba.setConfiguration" || operation === "Ueba.setAnomalySettings")
            ? [operation]
            : []
        )
      )
      const shown = yield* ueba("config")
      assert.include(shown.stdout, `Address        ${SetupScript.address}`)
      assert.match(shown.stdout, /PrivX simulator UEBA.*authority +2123-12-31 +[0-9A-F]{2}:/)

      const broken = path.join(home, "broken.pem")
      fs.writeFileSync(broken, "no certificate")
      const refused = yield* ueba("config", "--trust-anchors", broken)
      assert.strictEqual(refused.code, 2)
      assert.include(refused.stderr, "there is no PEM certificate")
      const missing = yield* ueba("config", "--trust-anchors", path.join(home, "none.pem"))
      assert.strictEqual(missing.code, 14)

      const same = yield* result("config", "--address", SetupScript.address)
      assert.deepInclude(same, { address: SetupScript.address, changed: false })
      assert.deepStrictEqual(yield* sent, [])
      const moved = yield* result("config", "--address", "ueba.example.com:8443")
      assert.deepInclude(moved, { address: "ueba.example.com:8443", changed: true })

      assert.deepStrictEqual(yield* result("settings"), { action: "AUDIT", threshold: 0.5 })
      const strict = yield* result("settings", "--action", "BLOCK")
      assert.deepStrictEqual(strict, { action: "BLOCK", threshold: 0.5, changed: true })
      assert.deepStrictEqual(yield* sent, ["Ueba.setConfiguration", "Ueba.setAnomalySettings"])
      assert.strictEqual((yield* ueba("settings", "--threshold", "1.5")).code, 2)
    })
  )

  it.live("waits for the service over failures that pass", () =>
    Effect.gen(function* () {
      const { asked, config, simulator } = yield* simulated.start({
        tls: false,
        hostRunsScript: "never",
        faults: ["status:503/MAX_LOAD*4,retry-after=0"]
      })
      const waiting = yield* Effect.forkChild(
        inProcess.run(["ueba", "status", "--watch", "--interval", "20ms", "--config", config])
      )
      yield* asked("Ueba.internalStatus")
      yield* simulator.ueba.runScript
      const ended = yield* Fiber.join(waiting)
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.match(ended.stderr, /! PENDING: waiting for the UEBA host/)
      assert.match(ended.stdout, /✓ RUNNING/)
    })
  )
})
