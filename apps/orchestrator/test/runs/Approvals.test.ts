import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as fs from "node:fs"
import type { RunEvent } from "../../src/runs/RunEvents.ts"
import { isOver } from "../../src/runs/Run.ts"
import * as inProcess from "../support/inProcess.ts"
import * as privx from "../support/privx.ts"
import { eventually, only, place, type PrivX, runs, session, setup } from "../support/setups.ts"

const cli = (dataDir: string, ...args: ReadonlyArray<string>) => inProcess.run([...args, "--data-dir", dataDir])

/** A PrivX whose first script has been set up and approved, and which now answers with another. */
const upgraded = Effect.fnUntraced(function* (dataDir: string) {
  const { port, result, script } = yield* Effect.scoped(
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const result = yield* session(simulator, dataDir, setup(simulator, { fresh: true }))
      assert.strictEqual(result.review.change, "new")
      const again = yield* session(simulator, dataDir, setup(simulator, { fresh: true }))
      assert.strictEqual(again.review.change, "unchanged")
      return { port: Number(simulator.url.port), result, script: simulator.script }
    })
  )
  const changed = Buffer.concat([script, Buffer.from("echo 'one more line'\n")])
  return { simulator: yield* privx.start({ port, script: changed }), before: result }
})

/** A process that ends while its run waits. */
const waiting = Effect.fnUntraced(function* (simulator: PrivX, dataDir: string, output?: string) {
  const failure = yield* session(
    simulator,
    dataDir,
    Effect.flip(setup(simulator, { requireApproval: "always", noWait: true, output }))
  )
  assert(failure._tag === "ApprovalPending")
  return failure.runId
})

describe("change control", () => {
  it.live("compares each script with the last approved one; the first is taken as it comes", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* place
      const { simulator } = yield* upgraded(dataDir)
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const changeOf = Effect.map(setup(simulator, { fresh: true }), ({ review }) => review.change)
          assert.strictEqual(yield* changeOf, "changed")
          // What nobody has approved is not what later ones are compared with.
          assert.strictEqual(yield* changeOf, "changed")
          const [latest] = yield* runs
          assert.strictEqual((yield* cli(dataDir, "runs", "approve", latest?.id ?? "")).code, 0)
          assert.strictEqual(yield* changeOf, "unchanged")
        })
      )
    })
  )

  it.live("a run waits, and is delivered within a second of the approval from elsewhere", () =>
    Effect.gen(function* () {
      const { dataDir, output } = yield* place
      const { simulator } = yield* upgraded(dataDir)
      const events: Array<RunEvent> = []
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(setup(simulator, { requireApproval: "changed", output }), {
            startImmediately: true
          })
          const [run] = yield* eventually(runs, ([run]) => run?.status === "waiting")
          assert(run !== undefined)
          assert.isFalse(fs.existsSync(output))
          assert.deepInclude(run.review, { change: "changed", required: true, decision: null })
          const asked = Date.now()
          const approved = yield* cli(dataDir, "runs", "approve", run.id, "--comment", "CHG-1207", "--json")
          const result = yield* Fiber.join(fiber)
          assert.isBelow(Date.now() - asked, 1000)
          assert.strictEqual(approved.code, 0)
          assert.isTrue(fs.existsSync(result.delivered ?? ""))
          assert.deepInclude(result.review.decision, { approved: true, comment: "CHG-1207" })
          const [after] = yield* runs
          assert.deepStrictEqual(
            after?.steps.map((step) => `${step.name} ${step.status}`),
            ["create-session", "download", "verify", "approve", "deliver"].map((name) => `${name} succeeded`)
          )
          assert.strictEqual((yield* cli(dataDir, "runs", "approve", run.id)).code, 0)
        }),
        (event) => events.push(event)
      )
      assert.strictEqual(events.filter((event) => event._tag === "ApprovalAwaited").length, 1)
      assert.strictEqual(events.filter((event) => event._tag === "RunStarted").length, 1)
    })
  )

  it.live("a run waits over restarts, and an approval made while no process was there counts", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      const runId = yield* waiting(simulator, dataDir, output)
      assert.strictEqual(yield* waiting(simulator, dataDir, output), runId)
      const approved = yield* cli(dataDir, "runs", "approve", runId.slice(0, 8))
      assert.match(approved.stdout, /privx-kit ueba setup --run/)
      assert.strictEqual((yield* cli(dataDir, "runs", "reject", runId)).code, 21)
      const result = yield* session(simulator, dataDir, setup(simulator, { runId, noWait: true }))
      assert.strictEqual(result.runId, runId)
      assert.isTrue(fs.existsSync(result.delivered ?? ""))
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
      const shown = yield* cli(dataDir, "runs", "show", runId)
      assert.match(shown.stdout, /Decision +approved by \S+/)
    })
  )

  it.live("a rejected script is not delivered, and the run fails with who said so and why", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      const runId = yield* waiting(simulator, dataDir, output)
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(Effect.result(setup(simulator, { runId })), { startImmediately: true })
          const rejected = yield* cli(dataDir, "runs", "reject", runId, "-m", "unknown address")
          assert.match(rejected.stdout, /rejected/)
          const result = yield* Fiber.join(fiber)
          assert(Result.isFailure(result))
          assert.deepInclude(result.failure, { _tag: "ApprovalRejected", comment: "unknown address" })
          assert.strictEqual((yield* only).status, "failed")
          assert.isFalse(fs.existsSync(output))
          // It can be tried again, and is asked for again.
          assert.strictEqual((yield* cli(dataDir, "runs", "watch", runId)).code, 19)
        })
      )
    })
  )

  it.live("a waiting run can be cancelled, with and without a process at it", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const first = yield* waiting(simulator, dataDir)
      assert.strictEqual((yield* cli(dataDir, "runs", "cancel", first)).code, 0)
      const second = yield* waiting(simulator, dataDir)
      assert.notStrictEqual(second, first)
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const cancelled = yield* cli(dataDir, "runs", "cancel", second, "--json")
          assert.strictEqual(JSON.parse(cancelled.stdout).result.status, "cancelled")
          assert.isTrue((yield* runs).every(isOver))
        })
      )
    })
  )
})

describe("privx-kit artifacts diff", () => {
  it.live("shows what has changed since the approved script, or between two", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* place
      const { before: first, simulator } = yield* upgraded(dataDir)
      const second = yield* session(simulator, dataDir, setup(simulator, { fresh: true }))
      const diff = yield* cli(dataDir, "artifacts", "diff", second.runId.slice(0, 8))
      assert.strictEqual(diff.code, 0)
      assert.include(diff.stdout, `--- ${first.sha256}  approved`)
      assert.include(diff.stdout, `+++ ${second.sha256}`)
      assert.include(diff.stdout, "+echo 'one more line'")
      const same = yield* cli(dataDir, "artifacts", "diff", first.runId)
      assert.match(same.stdout, /The same as the approved one/)
      const back = yield* cli(dataDir, "artifacts", "diff", first.sha256.slice(0, 10), second.sha256, "--json")
      const { hunks } = JSON.parse(back.stdout).result
      assert.include(hunks[0].lines.join("\n"), "-echo 'one more line")
      assert.strictEqual((yield* cli(dataDir, "artifacts", "diff", "0000")).code, 23)
    })
  )
})
