import * as ApiError from "@privx-kit/core/ApiError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { RunEvent } from "@privx-kit/runs/RunEvents"
import * as RunView from "../../../src/cli/views/RunView.ts"
import * as FakeTerminal from "../../support/FakeTerminal.ts"

const runId = "6f1c"

const overloaded = ApiError.make(
  { code: "MAX_LOAD", errorMessage: "try later", details: [] },
  { status: 503, operation: "Ueba.createSession" }
)

const events = [
  RunEvent.RunStarted({
    kind: "ueba-setup",
    title: "UEBA setup",
    runId,
    target: "https://privx.example.com",
    resumed: false
  }),
  RunEvent.StepStarted({ runId, step: "create-session", title: "Create a session", attempt: 1 }),
  RunEvent.StepRetried({
    runId,
    step: "create-session",
    title: "Create a session",
    attempt: 1,
    failure: overloaded,
    delayMs: 1234
  }),
  RunEvent.StepCompleted({
    runId,
    step: "create-session",
    title: "Create a session",
    millis: 1340,
    summary: "session created"
  }),
  RunEvent.StepStarted({ runId, step: "download", title: "Download the script", attempt: 1 }),
  RunEvent.Progress({ runId, step: "download", title: "Download the script", bytes: 500, total: 2000 }),
  RunEvent.Progress({ runId, step: "download", title: "Download the script", bytes: 2000, total: 2000 }),
  RunEvent.StepCompleted({ runId, step: "download", title: "Download the script", millis: 20, summary: "2000 bytes" }),
  RunEvent.RunEnded({ runId, outcome: "succeeded" })
]

const expected = [
  "UEBA setup · https://privx.example.com · run 6f1c",
  "  ↻ attempt 1 failed, retrying in 1.2 s: PrivX answered 503 MAX_LOAD: try later",
  "  ✓ Create a session      1.34 s  session created",
  "  ✓ Download the script   0.02 s  2000 bytes",
  ""
]

describe("RunView", () => {
  it.effect("writes plain lines where nothing can be drawn over", () =>
    Effect.gen(function* () {
      const terminal = FakeTerminal.make({ animation: false })
      const view = yield* RunView.make(terminal.pane)
      yield* Effect.forEach(events, view.observe)
      assert.deepStrictEqual(terminal.written().split("\n"), expected)
    })
  )

  it.effect("leaves the same lines behind on a terminal, after what it animated", () =>
    Effect.gen(function* () {
      const terminal = FakeTerminal.make({ animation: true })
      const view = yield* RunView.make(terminal.pane, runId)
      yield* Effect.forEach(events, view.observe)
      assert.deepStrictEqual(terminal.lines(), expected)
    })
  )

  it.effect("shows the current step and the progress of the download, within the width of the terminal", () =>
    Effect.gen(function* () {
      for (const columns of [100, 80, 50, 30]) {
        const terminal = FakeTerminal.make({ animation: true, columns })
        const view = yield* RunView.make(terminal.pane, runId)
        yield* Effect.forEach(events.slice(0, 6), view.observe)
        yield* view.observe(RunEvent.StepStarted({ runId, step: "download", title: "Download the script", attempt: 1 }))
        const last = terminal.lines().at(-1) ?? ""
        assert.include(last, "Download the script".slice(0, columns - 6))
        assert.isBelow(last.length, columns, last)
      }
      const wide = FakeTerminal.make({ animation: true, columns: 100 })
      const view = yield* RunView.make(wide.pane, runId)
      yield* Effect.forEach(events.slice(0, 6), view.observe)
      yield* view.observe(
        RunEvent.StepRetried({
          runId,
          step: "download",
          title: "Download the script",
          attempt: 1,
          failure: overloaded,
          delayMs: 5
        })
      )
      assert.match(wide.lines().at(-1) ?? "", /━{6}─{18} {3}25 % {2}500 B of 2\.0 kB/)
    }).pipe(Effect.scoped)
  )

  it.effect("distinguishes the steps of several runs, and draws the one that the command waits for", () =>
    Effect.gen(function* () {
      const terminal = FakeTerminal.make({ animation: true })
      const view = yield* RunView.make(terminal.pane)
      const others = ["0dd1e5-and-more", "0dd1e6-and-more"]
      const target = "https://privx.example.com"
      const started = (runId: string) =>
        RunEvent.RunStarted({ kind: "ueba-setup", title: "UEBA setup", runId, target, resumed: true })
      for (const other of others) {
        yield* view.observe(started(other))
        yield* view.observe(
          RunEvent.StepStarted({ runId: other, step: "download", title: "Download the script", attempt: 2 })
        )
      }
      yield* view.observe(started(runId))
      yield* view.observe(
        RunEvent.StepStarted({ runId, step: "create-session", title: "Create a session", attempt: 1 })
      )
      assert.isUndefined(view.runId(), "no run was chosen")
      assert.strictEqual(terminal.lines().at(-1), "")
      yield* view.follow(runId)
      assert.strictEqual(view.runId(), runId)
      assert.include(terminal.lines().at(-1), "Create a session")

      const [other = ""] = others
      yield* view.observe(
        RunEvent.StepCompleted({
          runId: other,
          step: "download",
          title: "Download the script",
          millis: 20,
          summary: "2000 bytes"
        })
      )
      yield* view.observe(
        RunEvent.StepStarted({ runId: other, step: "verify", title: "Verify the script", attempt: 1 })
      )
      assert.include(terminal.written(), "2000 bytes (run 0dd1e5-a)")
      assert.include(terminal.lines().at(-1), "Create a session")
      yield* view.observe(RunEvent.RunEnded({ runId: other, outcome: "succeeded" }))
      assert.include(terminal.lines().at(-1), "Create a session")
      assert.strictEqual(view.runId(), runId)
    }).pipe(Effect.scoped)
  )

  it.effect("says when a run is continued", () =>
    Effect.gen(function* () {
      const terminal = FakeTerminal.make({ animation: false })
      const view = yield* RunView.make(terminal.pane)
      yield* view.observe(
        RunEvent.RunStarted({
          kind: "ueba-setup",
          title: "UEBA setup",
          runId,
          target: "https://privx.example.com",
          resumed: true
        })
      )
      assert.include(terminal.written(), "continued")
    })
  )
})
