import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as TestClock from "effect/testing/TestClock"
import { DataFolder } from "../../src/DataFolder.ts"
import { Runs, type StepRecord } from "../../src/runs/Runs.ts"
import * as Storage from "../../src/Storage.ts"
import * as temporary from "../support/temporary.ts"

const inDatabase = <A, E>(use: Effect.Effect<A, E, Runs | SqlClient.SqlClient>) =>
  Effect.flatMap(temporary.folder, (folder) =>
    Effect.provide(use, Runs.layer.pipe(Layer.provideMerge(Storage.layer), Layer.provide(DataFolder.layer(folder))))
  )

const create = (id: string, target = "https://a.example") =>
  Effect.flatMap(Runs, (runs) => runs.create({ id, kind: "ueba-setup", target, inputs: { output: "/out" } }))

const download: StepRecord = {
  name: "download",
  status: "running",
  attempts: 1,
  startedAt: 5,
  endedAt: null,
  bytes: null,
  failures: { MAX_LOAD: 2 }
}

const pass = TestClock.adjust(Duration.millis(10))

describe("Runs", () => {
  it.effect("keeps a run from its creation to its end", () =>
    inDatabase(
      Effect.gen(function* () {
        const runs = yield* Runs
        yield* pass
        yield* create("one")
        yield* pass
        yield* runs.saveSteps("one", 1, [download, { ...download, name: "create-session", startedAt: 7 }])
        yield* runs.saveSteps("one", 1, [{ ...download, status: "succeeded", endedAt: 9, bytes: 100 }])
        yield* pass
        yield* runs.end("one", { status: "succeeded", result: { sha256: "abc" } })
        assert.deepStrictEqual(yield* runs.get("one"), {
          id: "one",
          kind: "ueba-setup",
          parentId: null,
          target: "https://a.example",
          inputs: { output: "/out" },
          idempotencyKey: null,
          status: "succeeded",
          attempt: 1,
          createdAt: DateTime.makeUnsafe(10),
          startedAt: DateTime.makeUnsafe(10),
          endedAt: DateTime.makeUnsafe(30),
          sha256: null,
          review: null,
          result: { sha256: "abc" },
          failure: null,
          // In the order of the work, whatever the order of the writing.
          steps: [
            {
              name: "create-session",
              // What nobody has ended ends with the run.
              status: "succeeded",
              attempts: 1,
              startedAt: DateTime.makeUnsafe(7),
              endedAt: DateTime.makeUnsafe(30),
              bytes: null,
              failures: { MAX_LOAD: 2 }
            },
            {
              name: "download",
              status: "succeeded",
              attempts: 1,
              startedAt: DateTime.makeUnsafe(5),
              endedAt: DateTime.makeUnsafe(9),
              bytes: 100,
              failures: { MAX_LOAD: 2 }
            }
          ],
          earlier: []
        })
      })
    )
  )

  it.effect("leaves a run that is there as it is when it is created again", () =>
    inDatabase(
      Effect.gen(function* () {
        const runs = yield* Runs
        yield* create("one")
        yield* runs.end("one", { status: "failed", failure: { _tag: "MaxLoad" } })
        const before = yield* runs.get("one")
        yield* create("one", "https://b.example")
        assert.deepStrictEqual(yield* runs.get("one"), before)
      })
    )
  )

  it.effect("lists the latest first, and only what is asked for", () =>
    inDatabase(
      Effect.gen(function* () {
        const runs = yield* Runs
        yield* create("old")
        yield* pass
        yield* create("theirs", "https://b.example")
        yield* pass
        yield* create("new")
        yield* runs.end("old", { status: "succeeded", result: null })
        const ids = (filter?: Parameters<typeof runs.list>[0]) =>
          Effect.map(runs.list(filter), (list) => list.map((run) => run.id).join(" "))
        assert.strictEqual(yield* ids(), "new theirs old")
        assert.strictEqual(yield* ids({ target: "https://a.example" }), "new old")
        assert.strictEqual(yield* ids({ unfinished: true }), "new theirs")
        assert.strictEqual(yield* ids({ limit: 1 }), "new")
        assert.strictEqual(yield* ids({ kind: "other" }), "")
      })
    )
  )

  it.effect("calls a run interrupted when no process is at it, and running when one is again", () =>
    inDatabase(
      Effect.gen(function* () {
        const runs = yield* Runs
        yield* create("over")
        yield* runs.end("over", { status: "succeeded", result: null })
        yield* create("open")
        yield* runs.begin("open", 1)
        yield* runs.saveSteps("open", 1, [download])
        yield* runs.interruptAll
        assert.strictEqual((yield* runs.get("over"))?.status, "succeeded")
        const interrupted = yield* runs.get("open")
        assert.strictEqual(interrupted?.status, "interrupted")
        assert.strictEqual(interrupted?.steps[0]?.status, "interrupted")
        const { resumed, steps } = yield* runs.begin("open", 1)
        assert.isTrue(resumed)
        assert.deepStrictEqual(
          steps.map((step) => [step.name, step.attempts]),
          [["download", 1]]
        )
        assert.strictEqual((yield* runs.get("open"))?.status, "running")
      })
    )
  )

  it.effect("says so when what is stored cannot be read", () =>
    inDatabase(
      Effect.gen(function* () {
        const runs = yield* Runs
        const sql = yield* SqlClient.SqlClient
        yield* create("one")
        yield* sql`UPDATE runs SET inputs = 'no JSON'`
        const failure = yield* Effect.flip(runs.get("one"))
        assert.strictEqual(failure.reason, "damaged")
      })
    )
  )

  it.effect("answers with nothing for a run that is not there", () =>
    inDatabase(
      Effect.gen(function* () {
        assert.isUndefined(yield* Effect.flatMap(Runs, (runs) => runs.get("nobody")))
      })
    )
  )
})
