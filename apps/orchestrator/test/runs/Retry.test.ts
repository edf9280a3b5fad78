import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Retention } from "@privx-kit/runs/Retention"
import { Setups } from "../../src/setup/Setups.ts"
import * as privx from "../support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import { atWork, interruptedInDownload, only, place, type PrivX, runs, session, setup } from "../support/setups.ts"

const retry = (simulator: PrivX, runId: string) =>
  Effect.flatMap(Setups, (setups) => setups.retry({ target: simulator.url, runId }))

describe("Setups.retry", () => {
  it.live("carries a failed run out again under its id, and keeps what came before", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:403/PERMISSION_DENIED*2"] })
      const { dataDir, output } = yield* place
      const failed = yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          yield* Effect.flip(setup(simulator, { output }))
          return yield* only
        })
      )
      // A later process, and a second failure.
      const { result, run } = yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(retry(simulator, failed.id)))._tag, "PermissionDenied")
          return { result: yield* retry(simulator, failed.id), run: yield* only }
        })
      )
      assert.strictEqual(result.runId, failed.id)
      assert.isDefined(result.delivered)
      assert.deepInclude(run, { id: failed.id, status: "succeeded", attempt: 3, failure: null })
      assert.deepStrictEqual(
        run.earlier.map(({ attempt, failure, status, steps }) => [
          attempt,
          status,
          (failure as { readonly _tag: string })._tag,
          steps.map((step) => `${step.name} ${step.status} ${JSON.stringify(step.failures)}`)
        ]),
        [1, 2].map((attempt) => [
          attempt,
          "failed",
          "PermissionDenied",
          ['create-session failed {"PERMISSION_DENIED":1}']
        ])
      )
      assert.deepStrictEqual(
        run.steps.map(({ attempts, name }) => `${name} ${attempts}`),
        ["create-session 1", "download 1", "verify 1", "deliver 1"]
      )
      // Later processes see the same state.
      const again = yield* session(simulator, dataDir, Effect.flip(retry(simulator, failed.id)))
      assert.deepInclude(again, { _tag: "RunConflict", status: "succeeded" })
    })
  )

  it.live("resumes the attempt that a process has left unfinished", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:403/PERMISSION_DENIED*1"] })
      const { dataDir } = yield* place
      yield* session(simulator, dataDir, Effect.flip(setup(simulator)))
      yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100*1"]))
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const { id } = yield* only
          yield* Effect.forkChild(retry(simulator, id), { startImmediately: true })
          yield* eventually(only, (run) => run.steps.some((step) => step.name === "download"))
        })
      )
      const run = yield* session(
        simulator,
        dataDir,
        eventually(only, (run) => run.status === "succeeded")
      )
      assert.strictEqual(run.attempt, 2)
      assert.strictEqual(run.steps[1]?.attempts, 2)
    })
  )

  it.live("does nothing to a run that is not over", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const { id } = yield* interruptedInDownload(simulator, dataDir)
      yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100"]))
      const failure = yield* session(simulator, dataDir, Effect.flip(retry(simulator, id)))
      assert.strictEqual(failure._tag, "RunConflict")
    })
  )
})

describe("an idempotency key", () => {
  it.live("means the same run again, in this process and the next", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const first = yield* session(
        simulator,
        dataDir,
        Effect.all([setup(simulator, { idempotencyKey: "monday" }), setup(simulator, { idempotencyKey: "monday" })], {
          concurrency: 2
        })
      )
      const later = yield* session(simulator, dataDir, setup(simulator, { idempotencyKey: "monday" }))
      const other = yield* session(simulator, dataDir, setup(simulator, { idempotencyKey: "tuesday" }))
      assert.strictEqual(new Set([...first, later].map(({ runId }) => runId)).size, 1)
      assert.notStrictEqual(other.runId, later.runId)
      assert.deepStrictEqual(later, first[0])
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 2)
    })
  )

  it.live("means the same failure again, until the run is retried", () =>
    atWork(
      ["createSession:403/PERMISSION_DENIED*1"],
      Effect.fnUntraced(function* ({ simulator }) {
        for (let time = 0; time < 2; time++) {
          const failure = yield* Effect.flip(setup(simulator, { idempotencyKey: "monday" }))
          assert.strictEqual(failure._tag, "PermissionDenied")
        }
        const { runId } = yield* retry(simulator, (yield* only).id)
        assert.strictEqual((yield* setup(simulator, { idempotencyKey: "monday" })).runId, runId)
      })
    )
  )

  it.live("is refused for other inputs", () =>
    atWork(
      [],
      Effect.fnUntraced(function* ({ output, simulator }) {
        yield* setup(simulator, { idempotencyKey: "monday" })
        const failure = yield* Effect.flip(setup(simulator, { idempotencyKey: "monday", output }))
        assert.strictEqual(failure._tag, "InvalidInput")
        assert.strictEqual((yield* runs).length, 1)
      })
    )
  )
})

describe("Retention", () => {
  it.live("is kept at the start of a process, and touches nothing that is not over", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100*1"]))
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          yield* Effect.forkChild(setup(simulator, { fresh: true, minBytes: 1 }), { startImmediately: true })
          yield* eventually(only, (run) => run.steps.some((step) => step.name === "download"))
          for (let index = 0; index < 4; index++) yield* setup(simulator, { fresh: true })
        })
      )
      yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100"]))
      const left = yield* session(simulator, dataDir, runs).pipe(
        Effect.provide(Layer.succeed(Retention, { keep: 2, olderThan: Duration.days(1) }))
      )
      assert.deepStrictEqual(
        left.map((run) => run.endedAt === null),
        [false, false, true]
      )
    })
  )
})
