import { assert, describe, it } from "@effect/vitest"
import { Failure } from "@privx-kit/core"
import * as Simulator from "@privx-kit/simulator/Simulator"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { type RunEvent, RunEvents } from "../src/RunEvents.ts"
import { type Run, Runs } from "../src/Runs.ts"
import { type SetupRequest, Setups } from "../src/Setups.ts"
import * as Storage from "../src/Storage.ts"
import * as privx from "./support/privx.ts"
import * as temporary from "./support/temporary.ts"

type PrivX = Simulator.Simulator["Service"]

/** What a process has: the set-ups of one PrivX in a data folder, until the scope closes. */
const start = (simulator: PrivX, dataDir: string, events: Array<RunEvent> = []) =>
  Layer.build(
    Setups.layer({ dataDir, target: simulator.url }).pipe(
      Layer.provide(privx.ueba(simulator)),
      Layer.provide(privx.patience),
      Layer.provide(Layer.succeed(RunEvents, (event) => Effect.sync(() => void events.push(event))))
    )
  )

/** Runs as a process of its own would: the data folder is free again afterwards. */
const session = <A, E>(
  simulator: PrivX,
  dataDir: string,
  use: Effect.Effect<A, E, Setups | Runs>,
  events?: Array<RunEvent>
) => Effect.scoped(Effect.flatMap(start(simulator, dataDir, events), (context) => Effect.provideContext(use, context)))

const setup = (simulator: PrivX, request: Omit<SetupRequest, "target"> = {}) =>
  Effect.flatMap(Setups, (setups) => setups.run({ target: simulator.url, ...request }))

const runs = Effect.flatMap(Runs, (runs) => runs.list())

const only = Effect.map(runs, (runs): Run => {
  assert.strictEqual(runs.length, 1)
  return runs[0]!
})

/** Asks again until it is so. */
const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>, until: (value: A) => boolean) =>
  effect.pipe(
    Effect.delay("5 millis"),
    Effect.repeat({ until }),
    Effect.timeoutOrElse({ duration: "20 seconds", orElse: () => Effect.die(new Error("it never became so")) })
  )

/** A process that ends, as by Ctrl-C, while its run downloads. Answers with the run as it then is. */
const interruptedInDownload = Effect.fnUntraced(function* (
  simulator: PrivX,
  dataDir: string,
  request: Omit<SetupRequest, "target"> = {}
) {
  yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100"]))
  yield* session(
    simulator,
    dataDir,
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(setup(simulator, request), { startImmediately: true })
      yield* eventually(
        Effect.sync(() => temporary.filesBelow(path.join(dataDir, "artifacts", "partial"))),
        (files) => files.length === 1
      )
      yield* Fiber.interrupt(fiber)
    })
  )
  yield* Effect.orDie(simulator.setFaults([]))
  return yield* recorded(dataDir)
})

/** The runs as they stand in the database, with no process at it. */
const recorded = (dataDir: string) =>
  Effect.sync(() => {
    const database = new DatabaseSync(Storage.databaseFile(dataDir), { readOnly: true })
    const rows = database.prepare("SELECT id, status FROM runs ORDER BY created_at").all()
    database.close()
    return rows.map((row) => ({ id: String(row["id"]), status: String(row["status"]) }))
  })

const place = Effect.gen(function* () {
  const folder = yield* temporary.folder
  return { dataDir: path.join(folder, "data"), output: path.join(folder, "out") }
})

describe("Setups", () => {
  it.live("carries a set-up through: script, manifest, and a record of each step", () =>
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
        events
      )
      const delivered = path.join(output, "privx-ueba-setup.sh")
      assert.strictEqual(result.delivered, delivered)
      assert.isTrue(fs.readFileSync(delivered).equals(simulator.script))
      assert.strictEqual(temporary.modeOf(delivered), "700")
      assert.strictEqual(result.sha256, simulator.scriptSha256)
      assert.strictEqual(result.bytes, simulator.script.length)
      assert.isTrue(fs.readFileSync(result.artifact).equals(simulator.script))
      assert.deepStrictEqual(temporary.filesBelow(output), ["privx-ueba-setup.manifest.json", "privx-ueba-setup.sh"])

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
          ...["StepStarted", "StepCompleted", "StepStarted", "StepCompleted"],
          ...["StepStarted", "StepCompleted", "StepStarted", "StepCompleted"],
          "RunEnded"
        ]
      )
      const last = events.findLast((event) => event._tag === "Progress")
      assert.deepInclude(last, { bytes: simulator.script.length, total: simulator.script.length })
    })
  )

  it.live("keeps the manifest in the data folder when no output is asked for", () =>
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
      // A failed run is over: the same inputs begin a new one.
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

  it.live("begins a new run when the last one is over", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const first = yield* session(simulator, dataDir, setup(simulator))
      const second = yield* session(simulator, dataDir, setup(simulator))
      assert.notStrictEqual(second.runId, first.runId)
      assert.strictEqual(second.sha256, first.sha256)
    })
  )

  it.live("goes on with an interrupted run of the same inputs, under the same id", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ sessionUses: 1 })
      const { dataDir, output } = yield* place
      const [before] = yield* interruptedInDownload(simulator, dataDir, { output })
      assert.strictEqual(before?.status, "interrupted")
      assert.deepStrictEqual(temporary.filesBelow(path.join(dataDir, "artifacts")), [])
      assert.isFalse(fs.existsSync(output))
      const events: Array<RunEvent> = []
      const { result, run } = yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          return { result: yield* setup(simulator, { output }), run: yield* only }
        }),
        events
      )
      assert.strictEqual(result.runId, before?.id)
      assert.isTrue(fs.readFileSync(path.join(output, "privx-ueba-setup.sh")).equals(simulator.script))
      assert.strictEqual(run.steps.find((step) => step.name === "download")?.attempts, 2)
      assert.isTrue(events[0]?._tag === "RunStarted" && events[0].resumed)
    })
  )

  it.live("ends at once when it is interrupted", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100"]))
      const scope = yield* Scope.make()
      const context = yield* start(simulator, dataDir).pipe(Effect.provideService(Scope.Scope, scope))
      yield* Effect.forkChild(Effect.provideContext(setup(simulator), context))
      yield* eventually(
        Effect.sync(() => temporary.filesBelow(path.join(dataDir, "artifacts", "partial"))),
        (files) => files.length === 1
      )
      const [duration] = yield* Effect.timed(Scope.close(scope, Exit.void))
      assert.isBelow(Duration.toMillis(duration), 1000)
    })
  )

  it.live("begins a new run beside an interrupted one when that is asked for, or when the inputs differ", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      const [before] = yield* interruptedInDownload(simulator, dataDir)
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const fresh = yield* setup(simulator, { fresh: true })
          const other = yield* setup(simulator, { output })
          assert.strictEqual(new Set([before?.id, fresh.runId, other.runId]).size, 3)
          // The interrupted one is brought to its end as well.
          yield* eventually(runs, (runs) => runs.every((run) => run.status === "succeeded"))
        })
      )
    })
  )

  it.live("goes on with unfinished runs as soon as a process starts", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      yield* interruptedInDownload(simulator, dataDir)
      const [duration] = yield* Effect.timed(
        session(
          simulator,
          dataDir,
          eventually(only, (run) => run.status === "succeeded")
        )
      )
      assert.isBelow(Duration.toMillis(duration), 5000)
    })
  )

  it.live("leaves runs of another PrivX as they are, until a process comes that is configured for it", () =>
    Effect.gen(function* () {
      const theirs = yield* privx.start()
      const ours = yield* privx.start()
      const { dataDir } = yield* place
      const [before] = yield* interruptedInDownload(theirs, dataDir)
      yield* theirs.clearRequests
      for (let i = 0; i < 2; i++) {
        yield* session(
          ours,
          dataDir,
          Effect.gen(function* () {
            const failure = yield* Effect.flip(setup(ours, { runId: before!.id }))
            assert.strictEqual(failure._tag, "RunNotFound")
            assert.include(Failure.render(failure as Failure.Failure), theirs.url.origin)
            yield* setup(ours, { fresh: true })
            const run = yield* Effect.flatMap(Runs, (runs) => runs.get(before!.id))
            assert.strictEqual(run?.status, "interrupted")
          })
        )
      }
      assert.deepStrictEqual(yield* theirs.requests, [])
      const result = yield* session(theirs, dataDir, setup(theirs))
      assert.strictEqual(result.runId, before?.id)
    })
  )

  it.live("carries out a run that was recorded and never reached the engine", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const target = simulator.url.origin
      yield* session(
        simulator,
        dataDir,
        Effect.flatMap(Runs, (runs) => runs.create({ id: "early", kind: "ueba-setup", target, inputs: {} }))
      )
      yield* session(
        simulator,
        dataDir,
        eventually(only, (run) => run.status === "succeeded")
      )
    })
  )

  it.live("notes the end of a run that the engine knows of and the record does not", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const result = yield* session(simulator, dataDir, setup(simulator))
      const database = new DatabaseSync(Storage.databaseFile(dataDir))
      database.exec("UPDATE runs SET status = 'running', ended_at = NULL, result = NULL")
      database.close()
      const run = yield* session(simulator, dataDir, only)
      assert.strictEqual(run.status, "succeeded")
      assert.strictEqual(run.id, result.runId)
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
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
      const run = yield* session(simulator, dataDir, Effect.andThen(setup(simulator), only), events)
      const created = run.steps.find((step) => step.name === "create-session")
      assert.deepStrictEqual(created?.failures, { MAX_LOAD: 2, DATABASE_ERROR: 1 })
      assert.strictEqual(created?.attempts, 5)
      const downloaded = run.steps.find((step) => step.name === "download")
      assert.deepStrictEqual(downloaded?.failures, { TransportError: 1 })
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
      const failure = yield* session(simulator, dataDir, Effect.flip(setup(simulator)), events)
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

  it.live("refuses inputs that make no sense, and begins nothing", () =>
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
            assert.include(failure.message, Object.keys(request)[0])
          }
          assert.deepStrictEqual(yield* runs, [])
        })
      )
    })
  )

  it.live("says that there is no such run", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const failure = yield* session(simulator, dataDir, Effect.flip(setup(simulator, { runId: "nobody" })))
      assert.strictEqual(failure._tag, "RunNotFound")
      assert.include(failure.message, "nobody")
    })
  )

  it.live("says so when the output cannot be written, and keeps what was there", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      fs.writeFileSync(output, "precious")
      const failure = yield* session(simulator, dataDir, Effect.flip(setup(simulator, { output })))
      assert.strictEqual(failure._tag === "StorageFailed" && failure.reason, "notAFolder")
      assert.include(failure.message, output)
      assert.strictEqual(fs.readFileSync(output, "utf8"), "precious")
    })
  )

  it.live("replaces an earlier script in the output folder", () =>
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

  it.live("joins those who ask for the same run at the same time", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:delay=100ms"] })
      const { dataDir } = yield* place
      const results = yield* session(
        simulator,
        dataDir,
        Effect.all([setup(simulator), setup(simulator), setup(simulator)], { concurrency: "unbounded" })
      )
      assert.strictEqual(new Set(results.map((result) => result.runId)).size, 1)
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
    })
  )

  it.live("leaves no secret in any file of the data folder", () =>
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
            ...(request.operation === "Ueba.downloadSetupScript" ? [Redacted.value(request.target).split("/").at(-1)!] : [])
          ])
          assert.isAtLeast(new Set(secrets).size, 4)
          // While the database is open, so that its write-ahead log is looked at too.
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

  it.live("says so when the disk fills up, and is fine again when there is room", (context) =>
    Effect.gen(function* () {
      const dataDir = yield* temporary.smallDisk("400k")
      if (dataDir === undefined) return context.skip("this user may not mount a file system")
      const simulator = yield* privx.start()
      const filler = path.join(dataDir, "filler")
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          yield* setup(simulator)
          temporary.fill(filler)
          const failure = yield* Effect.flip(setup(simulator))
          assert.strictEqual(failure._tag === "StorageFailed" && failure.reason, "full", failure.message)
        })
      )
      fs.rmSync(filler)
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          yield* setup(simulator)
          assert.isTrue((yield* runs).every((run) => run.status !== "interrupted"))
        })
      )
    })
  )
})
