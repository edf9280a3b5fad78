import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as fs from "node:fs"
import type { RunEvent } from "@privx-kit/runs/RunEvents"
import { isOver } from "@privx-kit/runs/Run"
import * as inProcess from "../support/inProcess.ts"
import { Setups } from "../../src/setup/Setups.ts"
import * as terminal from "../support/terminal.ts"
import * as privx from "../support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import { only, place, type PrivX, runs, session, setup } from "../support/setups.ts"

const cli = (dataDir: string, ...args: ReadonlyArray<string>) => inProcess.run([...args, "--data-dir", dataDir])

/** Approves like a script that names the reviewed script. */
const approve = (
  dataDir: string,
  run: { readonly id: string; readonly sha256: string | null } | undefined,
  ...args: ReadonlyArray<string>
) => cli(dataDir, "runs", "approve", run?.id ?? "", "--sha256", run?.sha256 ?? "", ...args)

/** A PrivX whose first script has been set up and approved, and which now serves a different one. */
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
  const changed = Buffer.concat([script, Buffer.from("echo 'one more line' > /etc/sudoers.d/agent\n")])
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
  it.live("compares each script with the baseline, and with the approved script once there is one", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* place
      const { before, simulator } = yield* upgraded(dataDir)
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const compared = Effect.map(setup(simulator, { fresh: true }), ({ review: { change, reference } }) => ({
            change,
            reference
          }))
          const baseline = { sha256: before.sha256, basis: "baseline" } as const
          assert.deepStrictEqual(yield* compared, { change: "changed", reference: baseline })
          // A script that no person has approved does not become the reference script.
          assert.deepStrictEqual(yield* compared, { change: "changed", reference: baseline })
          const [latest] = yield* runs
          assert.strictEqual((yield* approve(dataDir, latest)).code, 0)
          assert.deepStrictEqual(yield* compared, {
            change: "unchanged",
            reference: { sha256: latest?.sha256 ?? "", basis: "approved" }
          })
        })
      )
    })
  )

  it.live("a run waits, and is delivered after the approval from elsewhere", () =>
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
          const approved = yield* approve(dataDir, run, "--comment", "CHG-1207", "--json")
          const result = yield* Fiber.join(fiber)
          assert.strictEqual(approved.code, 0)
          assert.isTrue(fs.existsSync(result.delivered ?? ""))
          assert.deepInclude(result.review.decision, { approved: true, comment: "CHG-1207" })
          const [after] = yield* runs
          assert.deepStrictEqual(
            after?.steps.map((step) => `${step.name} ${step.status}`),
            ["create-session", "download", "verify", "approve", "deliver"].map((name) => `${name} succeeded`)
          )
          assert.strictEqual((yield* approve(dataDir, run)).code, 0)
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
      const approved = yield* approve(dataDir, { id: runId.slice(0, 8), sha256: simulator.scriptSha256 })
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
          // The run can be retried, and requires a decision again.
          assert.strictEqual((yield* cli(dataDir, "runs", "watch", runId)).code, 19)
        })
      )
    })
  )

  it.live("approves the script that was reviewed, and not one that has come since", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* place
      const { port, reviewed, runId, script } = yield* Effect.scoped(
        Effect.gen(function* () {
          const simulator = yield* privx.start()
          const runId = yield* waiting(simulator, dataDir)
          const { port } = simulator.url
          return { port: Number(port), reviewed: simulator.scriptSha256, runId, script: simulator.script }
        })
      )
      // Between review and approval, the run is retried and downloads another script.
      assert.strictEqual((yield* cli(dataDir, "runs", "cancel", runId)).code, 0)
      const changed = Buffer.concat([script, Buffer.from("echo 'one more line'\n")])
      const simulator = yield* privx.start({ port, script: changed })
      const retried = yield* session(
        simulator,
        dataDir,
        Effect.flatMap(Setups, (setups) => Effect.flip(setups.retry({ target: simulator.url, runId, noWait: true })))
      )
      assert.strictEqual(retried._tag, "ApprovalPending")
      const late = yield* approve(dataDir, { id: runId, sha256: reviewed })
      assert.strictEqual(late.code, 21, late.stderr)
      assert.include(late.stderr, simulator.scriptSha256)
      assert.strictEqual((yield* cli(dataDir, "runs", "reject", runId, "--sha256", reviewed)).code, 21)
      // Without a terminal, the script cannot be shown, so it has to be named.
      for (const args of [[], ["--json"], ["--sha256", "9f86d081"]]) {
        assert.strictEqual((yield* cli(dataDir, "runs", "approve", runId, ...args)).code, 2, args.join(" "))
      }
      const shown = yield* cli(dataDir, "runs", "show", runId, "--json")
      assert.strictEqual(JSON.parse(shown.stdout).result.status, "waiting")
      assert.strictEqual((yield* approve(dataDir, { id: runId, sha256: simulator.scriptSha256 })).code, 0)
    })
  )

  it.live.skipIf(terminal.missing !== undefined)(
    "shows the script at a terminal, asks, and approves what it has shown",
    () =>
      Effect.gen(function* () {
        const { dataDir } = yield* place
        const { before, simulator } = yield* upgraded(dataDir)
        const runId = yield* waiting(simulator, dataDir)
        const start = terminal.start(["runs", "approve", runId, "--data-dir", dataDir], {})
        const first = yield* start
        yield* first.shows("Approve this script? [y/N]")
        assert.include(first.shown(), `--- ${before.sha256}`)
        assert.include(first.shown(), `+++ ${simulator.scriptSha256}`)
        assert.include(first.shown(), "+echo 'one more line'")
        yield* first.type("n\n")
        yield* first.shows("Nothing was decided.")
        const second = yield* start
        yield* second.shows("Approve this script? [y/N]")
        yield* second.type("y\n")
        yield* second.shows("is approved")
        assert.strictEqual(yield* second.exitCode, 0)
        const result = yield* session(simulator, dataDir, setup(simulator, { runId, noWait: true }))
        assert.strictEqual(result.sha256, simulator.scriptSha256)
      })
  )

  it.live("a waiting run can be cancelled, with and without a process that executes it", () =>
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
  it.live("shows what has changed since the baseline or the approved script, or between two", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* place
      const { before: first, simulator } = yield* upgraded(dataDir)
      const second = yield* session(simulator, dataDir, setup(simulator, { fresh: true }))
      const diff = yield* cli(dataDir, "artifacts", "diff", second.runId.slice(0, 8))
      assert.strictEqual(diff.code, 0)
      assert.include(diff.stdout, `--- ${first.sha256}  baseline`)
      assert.include(diff.stdout, `+++ ${second.sha256}`)
      assert.include(diff.stdout, "+echo 'one more line'")
      assert.include(diff.stdout, "New since the baseline: writes to /etc/sudoers.d/agent\n")
      const same = yield* cli(dataDir, "artifacts", "diff", first.runId)
      assert.include(same.stdout, `The same as the baseline, which was trusted on first use: ${first.sha256}`)
      assert.strictEqual((yield* approve(dataDir, { id: second.runId, sha256: second.sha256 })).code, 0)
      const approved = yield* cli(dataDir, "artifacts", "diff", first.runId)
      assert.include(approved.stdout, `--- ${second.sha256}  approved`)
      assert.include(approved.stdout, "No longer: writes to /etc/sudoers.d/agent\n")
      const back = yield* cli(dataDir, "artifacts", "diff", first.sha256.slice(0, 10), second.sha256, "--json")
      const { capabilities, hunks } = JSON.parse(back.stdout).result
      assert.deepStrictEqual(capabilities, { added: [], removed: ["writes to /etc/sudoers.d/agent"] })
      assert.include(hunks[0].lines.join("\n"), "-echo 'one more line")
      assert.strictEqual((yield* cli(dataDir, "artifacts", "diff", "0000")).code, 23)
    })
  )
})
