import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as SqlClient from "effect/sql/SqlClient"
import * as TestClock from "effect/testing/TestClock"
import type { Database } from "@privx-kit/durable/Database"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import { Approvals } from "../src/Approvals.ts"
import * as DurableRun from "../src/DurableRun.ts"
import * as Retention from "../src/Retention.ts"
import { InvalidInput } from "../src/RunFailures.ts"
import { RunKinds } from "../src/RunKinds.ts"
import { Runs, type StepRecord } from "../src/Runs.ts"
import * as SqliteStorage from "../src/SqliteStorage.ts"
import * as temporary from "@privx-kit/testing/temporary"

type Services = Runs | Approvals | RunKinds | MessageStorage | Database | SqlClient.SqlClient

const inDatabase = <A, E>(use: Effect.Effect<A, E, Services>) =>
  Effect.flatMap(temporary.directory, (directory) =>
    Effect.provide(
      use,
      Layer.mergeAll(Runs.layer, Approvals.layer, EmbeddedEngine.journal, RunKinds.layer([kind])).pipe(
        Layer.provideMerge(SqliteStorage.layer),
        Layer.provide(DataDirectory.layer(directory))
      )
    )
  )

const kind = DurableRun.make({
  name: "ueba-setup",
  title: "UEBA setup",
  workflow: "TestSetup",
  steps: [],
  inputs: Schema.Json,
  result: Schema.Json,
  failure: InvalidInput
})

const create = (id: string, target = "https://a.example") =>
  Effect.flatMap(Runs, (runs) => runs.create({ id, kind: "ueba-setup", target, inputs: { output: "/out" } }))

const download: StepRecord = {
  name: "download",
  position: 2,
  status: "running",
  attempts: 1,
  startedAt: 5,
  endedAt: null,
  bytes: null,
  totalBytes: null,
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
        yield* runs.saveSteps("one", 1, [download, { ...download, name: "create-session", position: 1, startedAt: 7 }])
        yield* runs.saveSteps("one", 1, [{ ...download, status: "succeeded", endedAt: 9, bytes: 100 }])
        yield* pass
        yield* runs.end("one", { status: "succeeded", result: { sha256: "abc" } })
        assert.deepStrictEqual(yield* runs.get("one"), {
          id: "one",
          position: 1,
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
          // In the order in which they started, regardless of the order of the writes.
          steps: [
            {
              name: "create-session",
              // An unfinished step ends with the run.
              status: "succeeded",
              attempts: 1,
              startedAt: DateTime.makeUnsafe(7),
              endedAt: DateTime.makeUnsafe(30),
              bytes: null,
              totalBytes: null,
              failures: { MAX_LOAD: 2 }
            },
            {
              name: "download",
              status: "succeeded",
              attempts: 1,
              startedAt: DateTime.makeUnsafe(5),
              endedAt: DateTime.makeUnsafe(9),
              bytes: 100,
              totalBytes: null,
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

  it.effect("orders runs, ends and approvals by sequence where the clock was set back", () =>
    inDatabase(
      Effect.gen(function* () {
        const runs = yield* Runs
        const approvals = yield* Approvals
        const approve = (sha256: string) =>
          approvals.approve({ target: "https://a.example", sha256, by: "mia", comment: null, runId: "one" })
        yield* TestClock.setTime(Date.UTC(2026, 0, 1, 12))
        yield* create("first")
        yield* runs.end("first", { status: "succeeded", result: null })
        yield* approve("a".repeat(64))
        yield* TestClock.setTime(Date.UTC(2026, 0, 1, 10))
        yield* create("second")
        yield* runs.end("second", { status: "succeeded", result: null })
        yield* approve("b".repeat(64))
        assert.deepStrictEqual(
          (yield* runs.list()).map(({ id }) => id),
          ["second", "first"]
        )
        assert.strictEqual((yield* approvals.last("https://a.example"))?.sha256, "b".repeat(64))
        // A script that was approved before becomes the last one when it is approved again.
        yield* approve("a".repeat(64))
        assert.strictEqual((yield* approvals.last("https://a.example"))?.sha256, "a".repeat(64))
        assert.deepStrictEqual(yield* Retention.prune({ keep: 1 }), ["first"])
      })
    )
  )

  it.effect(
    "starts no run before it was created, and ends nothing before it started, where the clock was set back",
    () =>
      inDatabase(
        Effect.gen(function* () {
          const runs = yield* Runs
          yield* TestClock.setTime(Date.UTC(2026, 0, 1, 12))
          yield* create("one")
          yield* runs.saveSteps("one", 1, [{ ...download, startedAt: Date.UTC(2026, 0, 1, 13) }])
          yield* TestClock.setTime(Date.UTC(2026, 0, 1, 11))
          yield* runs.begin("one", 1)
          yield* TestClock.setTime(Date.UTC(2026, 0, 1, 10))
          yield* runs.end("one", { status: "failed", failure: { _tag: "MaxLoad" } })
          const run = yield* runs.get("one")
          assert.deepStrictEqual(
            [run?.createdAt, run?.startedAt, run?.endedAt, run?.steps[0]?.startedAt, run?.steps[0]?.endedAt].map(
              (time) => (time === null || time === undefined ? time : DateTime.formatIso(time))
            ),
            [
              "2026-01-01T12:00:00.000Z",
              "2026-01-01T12:00:00.000Z",
              "2026-01-01T12:00:00.000Z",
              "2026-01-01T13:00:00.000Z",
              "2026-01-01T13:00:00.000Z"
            ]
          )
        })
      )
  )

  it.effect("keeps the run that ended last, which need not be the one that was created last", () =>
    inDatabase(
      Effect.gen(function* () {
        const runs = yield* Runs
        for (const id of ["one", "two"]) {
          yield* create(id)
          yield* runs.end(id, { status: "failed", failure: { _tag: "MaxLoad" } })
        }
        yield* runs.retry("one")
        yield* runs.end("one", { status: "succeeded", result: null })
        assert.deepStrictEqual(yield* Retention.prune({ keep: 1 }), ["two"])
      })
    )
  )

  it.effect("claims a queued run again when its claim is ten seconds old, or when the clock was set back", () =>
    inDatabase(
      Effect.gen(function* () {
        const runs = yield* Runs
        const claimed = Effect.map(runs.claim(5), (all) => all.map(({ id }) => id))
        yield* TestClock.setTime(Date.UTC(2026, 0, 1, 12))
        yield* runs.create({ id: "one", kind: "ueba-setup", target: "https://a.example", inputs: {}, queued: true })
        yield* runs.create({ id: "two", kind: "ueba-setup", target: "https://a.example", inputs: {}, queued: true })
        assert.deepStrictEqual(yield* claimed, ["one", "two"])
        assert.deepStrictEqual(yield* claimed, [])
        yield* TestClock.setTime(Date.UTC(2026, 0, 1, 10))
        assert.deepStrictEqual(yield* claimed, ["one", "two"])
        yield* TestClock.adjust("10001 millis")
        assert.deepStrictEqual(yield* claimed, ["one", "two"])
      })
    )
  )

  it.effect("shows a run as interrupted while no process executes it, and as running when one does again", () =>
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
        assert.isUndefined(yield* Effect.flatMap(Runs, (runs) => runs.get("unknown-run")))
      })
    )
  )
})
