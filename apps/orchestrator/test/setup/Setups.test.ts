import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import type { RunEvent } from "@privx-kit/runs/RunEvents"
import * as privx from "../support/privx.ts"
import { only, place, runs, session, setup } from "../support/setups.ts"
import * as temporary from "@privx-kit/testing/temporary"

describe("Setups", () => {
  it.live("carries a setup through: script, manifest, and a record of each step", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      const events: Array<RunEvent> = []
      const { result, run } = yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const result = yield* setup(simulator, { output, sha256: simulator.scriptSha256.toUpperCase() })
          return { result, run: yield* only }
        }),
        (event) => events.push(event)
      )
      const delivered = path.join(output, "privx-ueba-setup.sh")
      assert.strictEqual(result.delivered, delivered)
      assert.isTrue(fs.readFileSync(delivered).equals(simulator.script))
      assert.strictEqual(temporary.modeOf(delivered), "700")
      assert.strictEqual(result.sha256, simulator.scriptSha256)
      assert.strictEqual(result.bytes, simulator.script.length)
      assert.isTrue(fs.readFileSync(result.artifact).equals(simulator.script))
      assert.deepStrictEqual(temporary.filesBelow(output), [
        "privx-ueba-setup.intoto.jsonl",
        "privx-ueba-setup.manifest.json",
        "privx-ueba-setup.pub.pem",
        "privx-ueba-setup.sh"
      ])

      assert.strictEqual(result.manifest, path.join(output, "privx-ueba-setup.manifest.json"))
      assert.strictEqual(temporary.modeOf(result.manifest), "600")
      const manifest = JSON.parse(fs.readFileSync(result.manifest, "utf8"))
      assert.strictEqual(manifest.runId, result.runId)
      assert.strictEqual(manifest.target, simulator.url.origin)
      assert.strictEqual(manifest.script.sha256, simulator.scriptSha256)
      assert.strictEqual(manifest.script.announcedLength, simulator.script.length)
      assert.strictEqual(manifest.kit.name, "privx-kit")
      assert.isObject(manifest.verification)

      assert.strictEqual(run.status, "succeeded")
      assert.deepStrictEqual(
        run.steps.map((step) => [step.name, step.status, step.attempts, step.bytes]),
        [
          ["create-session", "succeeded", 1, null],
          ["download", "succeeded", 1, simulator.script.length],
          ["verify", "succeeded", 1, null],
          ["deliver", "succeeded", 1, null]
        ]
      )
      assert.deepStrictEqual(
        events.filter((event) => event._tag !== "Progress").map((event) => event._tag),
        [
          "RunStarted",
          "StepStarted",
          "StepCompleted",
          "StepStarted",
          "StepCompleted",
          "StepStarted",
          "StepCompleted",
          "StepStarted",
          "StepCompleted",
          "RunEnded"
        ]
      )
      const last = events.findLast((event) => event._tag === "Progress")
      assert.deepInclude(last, { bytes: simulator.script.length, total: simulator.script.length })
    })
  )

  it.live("keeps the manifest in the data directory when no output is asked for", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const result = yield* session(simulator, dataDir, setup(simulator))
      assert.isUndefined(result.delivered)
      assert.strictEqual(result.manifest, path.join(dataDir, "manifests", `${result.runId}.json`))
      assert.strictEqual(JSON.parse(fs.readFileSync(result.manifest, "utf8")).runId, result.runId)
    })
  )

  it.live("never delivers a script that fails verification, and keeps the report with the run", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      const wrong = "0".repeat(64)
      const { again, failure, run } = yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const failure = yield* Effect.flip(setup(simulator, { output, sha256: wrong }))
          const run = yield* only
          const again = yield* Effect.flip(setup(simulator, { runId: run.id }))
          return { failure, run, again }
        })
      )
      assert.strictEqual(failure._tag, "VerificationFailed")
      assert.isFalse(fs.existsSync(output))
      assert.strictEqual(run.status, "failed")
      assert.strictEqual(run.steps.at(-1)?.name, "verify")
      assert.strictEqual(run.steps.at(-1)?.status, "failed")
      assert.deepStrictEqual(run.steps.at(-1)?.failures, { VerificationFailed: 1 })
      assert.include(JSON.stringify(run.failure), wrong)
      assert.deepStrictEqual(again, failure)
      // A failed run has ended: the same inputs start a new one.
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
    })
  )

  it.live("gives the result of a run that is over without asking PrivX again", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const first = yield* session(simulator, dataDir, setup(simulator))
      const again = yield* session(simulator, dataDir, setup(simulator, { runId: first.runId }))
      assert.deepStrictEqual(again, first)
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
    })
  )

  it.live("starts a new run when the last one has ended", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const first = yield* session(simulator, dataDir, setup(simulator))
      const second = yield* session(simulator, dataDir, setup(simulator))
      assert.notStrictEqual(second.runId, first.runId)
      assert.strictEqual(second.sha256, first.sha256)
    })
  )

  it.live("counts attempts and failures of each step by their code", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({
        faults: [
          "createSession:503/MAX_LOAD*2",
          "createSession:503/DATABASE_ERROR*1",
          "downloadSetupScript:truncate@10*1"
        ]
      })
      const { dataDir } = yield* place
      const events: Array<RunEvent> = []
      const run = yield* session(simulator, dataDir, Effect.andThen(setup(simulator), only), (event) =>
        events.push(event)
      )
      const created = run.steps.find((step) => step.name === "create-session")
      assert.deepStrictEqual(created?.failures, { MAX_LOAD: 2, DATABASE_ERROR: 1 })
      assert.strictEqual(created?.attempts, 5)
      const downloaded = run.steps.find((step) => step.name === "download")
      assert.deepStrictEqual(downloaded?.failures, { "TransportError.truncated": 1 })
      assert.strictEqual(downloaded?.attempts, 2)
      assert.deepStrictEqual(
        events.flatMap((event) => (event._tag === "StepRetried" ? [[event.step, event.attempt]] : [])),
        [
          ["create-session", 1],
          ["create-session", 2],
          ["create-session", 3],
          ["download", 1]
        ]
      )
    })
  )

  it.live("fails with what PrivX said, as the same class, now and when asked again", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:403/PERMISSION_DENIED,message=not for you"] })
      const { dataDir } = yield* place
      const events: Array<RunEvent> = []
      const failure = yield* session(simulator, dataDir, Effect.flip(setup(simulator)), (event) => events.push(event))
      assert.strictEqual(failure._tag, "PermissionDenied")
      assert.include(failure.message, "not for you")
      const again = yield* session(
        simulator,
        dataDir,
        Effect.flatMap(only, (run) => Effect.flip(setup(simulator, { runId: run.id })))
      )
      assert.deepStrictEqual(again, failure)
      assert.deepStrictEqual(
        events.map((event) => event._tag),
        ["RunStarted", "StepStarted", "StepFailed", "RunEnded"]
      )
    })
  )

  it.live("refuses contradictory inputs, and starts nothing", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          for (const request of [{ sha256: "abc" }, { maxBytes: 0 }, { minBytes: 1.5 }]) {
            const failure = yield* Effect.flip(setup(simulator, request))
            assert.strictEqual(failure._tag, "InvalidInput")
            assert.include(failure.message, Object.keys(request).join())
          }
          assert.deepStrictEqual(yield* runs, [])
        })
      )
    })
  )

  it.live("refuses a PrivX host without credentials, and starts nothing", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const target = new URL("https://ada:secret@other.example")
          const failure = yield* Effect.flip(setup(simulator, { target }))
          assert.strictEqual(failure._tag, "InvalidInput")
          assert.include(failure.message, "https://other.example")
          assert.deepStrictEqual(yield* runs, [])
        })
      )
    })
  )

  it.live("says that there is no such run", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const failure = yield* session(simulator, dataDir, Effect.flip(setup(simulator, { runId: "unknown-run" })))
      assert.strictEqual(failure._tag, "RunNotFound")
      assert.include(failure.message, "unknown-run")
    })
  )

  it.live("says so when the output cannot be written, and keeps what was there", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      fs.writeFileSync(output, "precious")
      const failure = yield* session(simulator, dataDir, Effect.flip(setup(simulator, { output })))
      assert.strictEqual(failure._tag === "StorageFailed" && failure.reason, "notADirectory")
      assert.include(failure.message, output)
      assert.strictEqual(fs.readFileSync(output, "utf8"), "precious")
    })
  )

  it.live("replaces an earlier script in the output directory", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      fs.mkdirSync(output)
      const delivered = path.join(output, "privx-ueba-setup.sh")
      fs.writeFileSync(delivered, "old", { mode: 0o644 })
      fs.writeFileSync(path.join(output, "other"), "stays")
      yield* session(simulator, dataDir, setup(simulator, { output }))
      assert.isTrue(fs.readFileSync(delivered).equals(simulator.script))
      assert.strictEqual(temporary.modeOf(delivered), "700")
      assert.strictEqual(fs.readFileSync(path.join(output, "other"), "utf8"), "stays")
    })
  )

  it.live("leaves no secret in any file of the data directory", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({
        faults: ["createSession:503/MAX_LOAD*1", "downloadSetupScript:truncate@10*1"]
      })
      const { dataDir, output } = yield* place
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          yield* setup(simulator, { output })
          yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:404/GENERAL_ERROR"]))
          yield* Effect.flip(setup(simulator))
          const requests = yield* simulator.requests
          const secrets = requests.flatMap((request) => [
            ...(request.token === undefined ? [] : [Redacted.value(request.token)]),
            ...(request.operation === "Ueba.downloadSetupScript" ? [path.basename(Redacted.value(request.target))] : [])
          ])
          assert.isAtLeast(new Set(secrets).size, 4)
          // While the database is open, so that its write-ahead log is searched too.
          const files = temporary.filesBelow(dataDir)
          assert.include(files, "privx-kit.sqlite-wal")
          for (const file of files) {
            const content = fs.readFileSync(path.join(dataDir, file), "latin1")
            for (const secret of secrets) assert.notInclude(content, secret, file)
          }
        })
      )
    })
  )
})
