/** The bootstrap of UEBA on SQLite, against a simulated PrivX over a real socket. */
import { assert, describe, it } from "@effect/vitest"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as temporary from "@privx-kit/testing/temporary"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { Runs } from "@privx-kit/runs/Runs"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import * as TimeRange from "@privx-kit/ueba/TimeRange"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"
import * as bootstraps from "../support/bootstraps.ts"
import * as privx from "../support/privx.ts"

const place = Effect.map(temporary.directory, (directory) => ({
  dataDir: path.join(directory, "data"),
  output: path.join(directory, "out")
}))

const steps = Effect.map(
  Runs.use((runs) => runs.list()),
  ([run]) => run?.steps.map(({ name, status }) => `${name} ${status}`) ?? []
)

const datasets = (simulator: Parameters<typeof privx.ueba>[0]) =>
  Ueba.use((ueba) => ueba.listDatasets()).pipe(
    Effect.map(({ items }) => items),
    Effect.provide(privx.ueba(simulator))
  )

describe("a bootstrap", () => {
  it.live("comes from scratch to an active model, and applied again it changes nothing", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ ...bootstraps.options, hostRunsScript: "never" })
      const { dataDir, output } = yield* place
      const notes: Array<string> = []
      const first = yield* bootstraps.session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const result = yield* bootstraps.bootstrap(simulator, { output })
          assert.deepStrictEqual(yield* steps, [
            "check succeeded",
            "configure succeeded",
            "create-session succeeded",
            "download succeeded",
            "verify succeeded",
            "deliver succeeded",
            "service succeeded",
            "count succeeded",
            "dataset succeeded",
            "train succeeded",
            "trained succeeded",
            "activate succeeded",
            "confirm succeeded"
          ])
          return result
        }),
        (event) => {
          if (event._tag !== "Noted") return
          notes.push(event.text)
          if (event.text.startsWith("PENDING")) Effect.runSync(simulator.ueba.runScript)
        }
      )
      assert.include(notes, "PENDING: waiting for the UEBA host to run the setup script")
      assert.deepInclude(first, {
        until: "confirm",
        changed: true,
        configuration: { address: SetupScript.address, changed: true }
      })
      assert.deepInclude(first.dataset, { created: true, trained: true, active: true })
      assert.isAtLeast(first.connections ?? 0, 5000)
      const script = first.setup?.delivered ?? ""
      assert.isTrue(fs.readFileSync(script).equals(Buffer.from(yield* simulator.ueba.currentScript)))
      const mutations = yield* bootstraps.mutations(simulator)
      assert.deepStrictEqual(mutations, [
        "setConfiguration",
        "createSession",
        "createDataset",
        "trainDataset",
        "startAnalyzing"
      ])

      const again = yield* bootstraps.session(simulator, dataDir, bootstraps.bootstrap(simulator, { output }))
      assert.isFalse(again.changed)
      assert.notStrictEqual(again.runId, first.runId)
      assert.strictEqual(again.dataset?.id, first.dataset?.id)
      assert.isUndefined(again.setup)
      assert.deepStrictEqual(yield* bootstraps.mutations(simulator), mutations)
    })
  )

  it.live("replaces the model that is active, and stops the old one first", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ ...bootstraps.options, stopDuration: "1 minute" })
      const { dataDir } = yield* place
      const old = yield* bootstraps.session(simulator, dataDir, bootstraps.bootstrap(simulator))
      const dataset = { name: "next", range: TimeRange.between(Date.now() - 60 * 86_400_000, Date.now()) }
      const next = yield* bootstraps.session(simulator, dataDir, bootstraps.bootstrap(simulator, { dataset }))
      assert.strictEqual(next.previous, old.dataset?.id)
      assert.deepStrictEqual(
        (yield* datasets(simulator)).map(({ comment, is_active }) => [comment, is_active]),
        [
          ["production", false],
          ["next", true]
        ]
      )
      assert.deepStrictEqual((yield* bootstraps.mutations(simulator)).slice(-4), [
        "createDataset",
        "trainDataset",
        "stopAnalyzing",
        "startAnalyzing"
      ])
    })
  )

  it.live("sets the configuration back when the script fails its verification", () =>
    Effect.gen(function* () {
      const before = { address: SetupScript.address, trust_anchors: SetupScript.trustAnchor }
      const simulator = yield* privx.start({ ...bootstraps.options, configuration: before })
      const { dataDir, output } = yield* place
      yield* bootstraps.session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const sha256 = yield* Schema.decodeEffect(Sha256)("0".repeat(64))
          const changes = { address: "ueba.example.com:8443", sha256, output }
          const failure = yield* Effect.flip(bootstraps.bootstrap(simulator, changes))
          assert.strictEqual(failure._tag, "VerificationFailed")
          assert.deepStrictEqual((yield* steps).at(-1), "verify failed")
          const [run] = yield* Runs.use((runs) => runs.list())
          assert.strictEqual(run?.status, "failed")
        })
      )
      const { address } = yield* Ueba.use((ueba) => ueba.configuration).pipe(Effect.provide(privx.ueba(simulator)))
      assert.strictEqual(address, before.address)
      assert.deepStrictEqual(yield* bootstraps.mutations(simulator), [
        "setConfiguration",
        "createSession",
        "setConfiguration"
      ])
    })
  )

  it.live("sends nothing when the trust anchors are not for the address", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start(bootstraps.options)
      const { dataDir } = yield* place
      const failure = yield* bootstraps.session(
        simulator,
        dataDir,
        Effect.flip(bootstraps.bootstrap(simulator, { trustAnchors: "none" }))
      )
      assert.strictEqual(failure._tag, "TrustAnchorsInvalid")
      assert.deepStrictEqual(yield* bootstraps.mutations(simulator), [])
    })
  )

  it.live("fails with a training that fails, and its retry trains the same dataset", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ ...bootstraps.options, trainingFailures: 1 })
      const { dataDir } = yield* place
      yield* bootstraps.session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const failure = yield* Effect.flip(bootstraps.bootstrap(simulator))
          assert.strictEqual(failure._tag, "TrainingFailed")
          const [run] = yield* Runs.use((runs) => runs.list())
          yield* RunExecutor.use((executor) => executor.retryAny(run!))
          const [after] = yield* Runs.use((runs) => runs.list())
          assert.strictEqual(after?.status, "succeeded")
          assert.strictEqual(after?.attempt, 2)
        })
      )
      const [dataset, ...others] = yield* datasets(simulator)
      assert.isTrue(dataset?.is_active)
      assert.deepStrictEqual(others, [])
    })
  )

  it.live("explains that there are too few connections, or waits for more", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ ...bootstraps.options, historyLength: "1 day" })
      const { dataDir } = yield* place
      const failure = yield* bootstraps.session(
        simulator,
        dataDir,
        Effect.flip(bootstraps.bootstrap(simulator, { until: "count" }))
      )
      assert(failure._tag === "TooFewConnections")
      assert.match(failure.message, /there are \d+ connections from .* to now, and 5000 are needed/)
      assert.deepStrictEqual(yield* datasets(simulator), [])
      const result = yield* bootstraps.session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const waiting = yield* Effect.forkChild(
            bootstraps.bootstrap(simulator, { fewConnections: "wait", until: "dataset" })
          )
          yield* simulator.ueba.advance("5 days")
          return yield* Fiber.join(waiting)
        })
      )
      assert.strictEqual(result.until, "dataset")
      assert.deepInclude(result.dataset, { created: true, trained: false, active: false })
    })
  )

  it.live("gives up a wait when its time is over, and continues in the next attempt", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ ...bootstraps.options, hostRunsScript: "never" })
      const { dataDir } = yield* place
      yield* bootstraps.session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const failure = yield* Effect.flip(bootstraps.bootstrap(simulator, { patience: 1000 }))
          assert(failure._tag === "WaitExpired")
          assert.include(failure.message, "for the UEBA service to run without success; last seen: PENDING")
          yield* simulator.ueba.runScript
          const [run] = yield* Runs.use((runs) => runs.list())
          yield* RunExecutor.use((executor) => executor.retryAny(run!))
        })
      )
      assert.lengthOf(yield* datasets(simulator), 1)
    })
  )

  it.live("creates the dataset once when the answer to its creation is lost", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({
        ...bootstraps.options,
        faults: ["createDataset:reset@0*1", "trainDataset:reset@0*1"]
      })
      const { dataDir } = yield* place
      const result = yield* bootstraps.session(simulator, dataDir, bootstraps.bootstrap(simulator))
      assert.strictEqual(result.until, "confirm")
      assert.lengthOf(yield* datasets(simulator), 1)
    })
  )
})
