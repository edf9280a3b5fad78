import { assert, describe, it } from "@effect/vitest"
import { Failure } from "@privx-kit/core"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { RunEvent } from "@privx-kit/runs/RunEvents"
import { Runs } from "@privx-kit/runs/Runs"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as privx from "../support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import { interruptedInDownload, only, place, runs, session, setup, start } from "../support/setups.ts"
import * as temporary from "@privx-kit/testing/temporary"

describe("Setups that another process resumes", () => {
  it.live("resumes an interrupted run with the same inputs, under the same id", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ sessionUses: 1 })
      const { dataDir, output } = yield* place
      const before = yield* interruptedInDownload(simulator, dataDir, { output })
      assert.strictEqual(before.status, "interrupted")
      assert.deepStrictEqual(temporary.filesBelow(path.join(dataDir, "artifacts")), [])
      assert.isFalse(fs.existsSync(output))
      const events: Array<RunEvent> = []
      const { result, run } = yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          return { result: yield* setup(simulator, { output }), run: yield* only }
        }),
        (event) => events.push(event)
      )
      assert.strictEqual(result.runId, before.id)
      assert.isTrue(fs.readFileSync(path.join(output, "privx-ueba-setup.sh")).equals(simulator.script))
      assert.strictEqual(run.steps.find((step) => step.name === "download")?.attempts, 2)
      assert.isTrue(events[0]?._tag === "RunStarted" && events[0].resumed)
    })
  )

  it.live("reports which of several unfinished runs it resumes", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      const other = `${output}-2`
      const first = yield* interruptedInDownload(simulator, dataDir, { output })
      yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100"]))
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(setup(simulator, { output: other }))
          yield* eventually(runs, (runs) => runs.length === 2)
          yield* Fiber.interrupt(fiber)
        })
      )
      yield* Effect.orDie(simulator.setFaults([]))
      const announced: Array<string> = []
      const onRun = (runId: string) => Effect.sync(() => void announced.push(runId))
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const results = [
            yield* setup(simulator, { output, onRun }),
            yield* setup(simulator, { runId: first.id, onRun }),
            yield* setup(simulator, { output: other, fresh: true, onRun })
          ]
          assert.deepStrictEqual(
            announced,
            results.map(({ runId }) => runId)
          )
          assert.strictEqual(announced[0], first.id)
          assert.strictEqual(new Set([...announced, ...(yield* runs).map(({ id }) => id)]).size, 3)
        })
      )
    })
  )

  it.live("keeps the end that was recorded before the journal, and repeats nothing", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const before = yield* session(simulator, dataDir, Effect.andThen(setup(simulator), only))
      // The journal of a process that died between the two writes.
      const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir))
      database.exec("DELETE FROM cluster_replies")
      database.exec("UPDATE cluster_messages SET processed = 0, last_reply_id = NULL")
      database.exec("DELETE FROM activity_exits WHERE activity = 'deliver'")
      database.close()
      yield* simulator.clearRequests
      const events: Array<RunEvent> = []
      const { after, result } = yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          return { result: yield* setup(simulator, { runId: before.id }), after: yield* only }
        }),
        (event) => events.push(event)
      )
      assert.strictEqual(result.runId, before.id)
      assert.deepStrictEqual(after, before)
      assert.deepStrictEqual(yield* simulator.requests, [])
      assert.notInclude(
        events.map((event) => event._tag),
        "StepStarted"
      )
    })
  )

  it.live("ends at once when it is interrupted", () =>
    Effect.gen(function* () {
      // Sends enough bytes for the file to exist.
      const simulator = yield* privx.start({ script: SetupScript.ofSize(200_000) })
      const { dataDir } = yield* place
      yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100000"]))
      const scope = yield* Scope.make()
      const context = yield* start(simulator, dataDir).pipe(Effect.provideService(Scope.Scope, scope))
      yield* Effect.forkChild(Effect.provideContext(setup(simulator), context))
      yield* eventually(
        Effect.sync(() => temporary.filesBelow(path.join(dataDir, "artifacts", "partial"))),
        (files) => files.length === 1
      )
      const [duration] = yield* Effect.timed(Scope.close(scope, Exit.void))
      // The download itself would stall for 30 s.
      assert.isBelow(Duration.toMillis(duration), 25_000)
    })
  )

  it.live("starts a new run beside an interrupted one on request, or if the inputs differ", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      const before = yield* interruptedInDownload(simulator, dataDir)
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const fresh = yield* setup(simulator, { fresh: true })
          const other = yield* setup(simulator, { output })
          assert.strictEqual(new Set([before.id, fresh.runId, other.runId]).size, 3)
          // The interrupted run is completed as well.
          yield* eventually(runs, (runs) => runs.every((run) => run.status === "succeeded"))
        })
      )
    })
  )

  it.live("resumes unfinished runs as soon as a process starts", () =>
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
      // Runs that are not resumed at the start are polled for after 30 s.
      assert.isBelow(Duration.toMillis(duration), 25_000)
    })
  )

  it.live("leaves runs of another PrivX as they are, until a process comes that is configured for it", () =>
    Effect.gen(function* () {
      const theirs = yield* privx.start()
      const ours = yield* privx.start()
      const { dataDir } = yield* place
      const before = yield* interruptedInDownload(theirs, dataDir)
      yield* theirs.clearRequests
      for (let i = 0; i < 2; i++) {
        yield* session(
          ours,
          dataDir,
          Effect.gen(function* () {
            const failure = yield* Effect.flip(setup(ours, { runId: before.id }))
            assert.strictEqual(failure._tag, "RunNotFound")
            assert.include(Failure.render(failure as Failure.Failure), theirs.url.origin)
            yield* setup(ours, { fresh: true })
            const run = yield* Effect.flatMap(Runs, (runs) => runs.get(before.id))
            assert.strictEqual(run?.status, "interrupted")
          })
        )
      }
      assert.deepStrictEqual(yield* theirs.requests, [])
      const result = yield* session(theirs, dataDir, setup(theirs))
      assert.strictEqual(result.runId, before.id)
    })
  )

  it.live("executes a run that was recorded and never reached the engine", () =>
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

  it.live("notes the failure of a run that the engine knows of and the record does not", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:403/PERMISSION_DENIED"] })
      const { dataDir } = yield* place
      yield* session(simulator, dataDir, Effect.flip(setup(simulator)))
      const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir))
      database.exec("UPDATE runs SET status = 'running', ended_at = NULL, failure = NULL")
      database.close()
      const run = yield* session(simulator, dataDir, only)
      assert.strictEqual(run.status, "failed")
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
    })
  )

  it.live("executes again what the engine holds for done and the record has lost", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const result = yield* session(simulator, dataDir, setup(simulator))
      const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir))
      database.exec("UPDATE runs SET status = 'running', ended_at = NULL, result = NULL")
      database.close()
      const run = yield* session(
        simulator,
        dataDir,
        eventually(only, (run) => run.status === "succeeded")
      )
      assert.strictEqual(run.id, result.runId)
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 2)
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

  for (const table of ["activity_exits", "cluster_messages", "cluster_replies"]) {
    it.live(`ends with a message where the engine cannot use its table ${table}`, () =>
      Effect.gen(function* () {
        const simulator = yield* privx.start()
        const { dataDir } = yield* place
        const lose = (event: RunEvent) => {
          if (event._tag !== "StepStarted" || event.step !== "download") return
          const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir), { timeout: 5000 })
          database.exec(`ALTER TABLE ${table} RENAME TO lost`)
          database.close()
        }
        const failure = yield* session(simulator, dataDir, Effect.flip(setup(simulator)), lose)
        assert.strictEqual(failure._tag, "StorageFailed")
        assert.match(failure.message, new RegExp(`no such table: (main\\.)?${table}`))
      })
    )
  }

  it.live("says so when the disk is full before the run, and is fine again when there is room", (context) =>
    fullDisk((event) => event === undefined, context)
  )

  it.live("says so when the disk fills up during the download, and is fine again when there is room", (context) =>
    fullDisk((event) => event?._tag === "StepStarted" && event.step === "download", context)
  )
})

/** Fills the disk at that moment: before the run (`undefined`), or at one of its events. */
const fullDisk = Effect.fnUntraced(function* (
  moment: (event: RunEvent | undefined) => boolean,
  context: { readonly skip: (note: string) => never }
) {
  const dataDir = yield* temporary.smallDisk("1m")
  if (dataDir === undefined) return context.skip("this user may not mount a file system")
  const simulator = yield* privx.start()
  const filler = path.join(dataDir, "filler")
  let started = false
  const fillAt = (event: RunEvent | undefined) => {
    if (!moment(event)) return
    started = event !== undefined
    temporary.fill(filler)
  }
  yield* session(
    simulator,
    dataDir,
    Effect.gen(function* () {
      fillAt(undefined)
      const failure = yield* Effect.flip(setup(simulator))
      assert.strictEqual(failure._tag === "StorageFailed" && failure.reason, "full", failure.message)
    }),
    fillAt
  )
  fs.rmSync(filler)
  yield* session(
    simulator,
    dataDir,
    Effect.gen(function* () {
      const result = yield* setup(simulator)
      assert.strictEqual(result.sha256, simulator.scriptSha256)
      yield* eventually(runs, (runs) => runs.every((run) => run.endedAt !== null))
      // The run that the full disk stopped is resumed instead of replaced by another one.
      if (started) assert.strictEqual((yield* only).id, result.runId)
    })
  )
})
