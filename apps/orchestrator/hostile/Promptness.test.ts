/** How soon something happens. Bounds of time are in this suite alone, because nothing else runs beside it. */
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@privx-kit/testing/eventually"
import * as ShellSyntax from "@privx-kit/ueba/ShellSyntax"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as inProcess from "../test/support/inProcess.ts"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import { atWork, only, place, session, setup, stalled } from "../test/support/setups.ts"

/** In milliseconds. */
const timed = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const started = performance.now()
  const result = yield* effect
  return { result, took: performance.now() - started }
})

describe("a run that another process executes", () => {
  it.live("is cancelled within a second", () =>
    atWork(
      ["downloadSetupScript:stall@100"],
      Effect.fnUntraced(function* ({ dataDir, simulator }) {
        const { fiber, id } = yield* stalled(simulator)
        const { result, took } = yield* timed(
          Effect.andThen(inProcess.run(["runs", "cancel", id, "--data-dir", dataDir]), Fiber.join(fiber))
        )
        assert.strictEqual(result._tag, "RunCancelled")
        assert.isBelow(took, 1000)
      })
    )
  )

  it.live("is delivered within a second of its approval", () =>
    atWork(
      [],
      Effect.fnUntraced(function* ({ dataDir, output, simulator }) {
        const fiber = yield* Effect.forkChild(setup(simulator, { requireApproval: "always", output }), {
          startImmediately: true
        })
        const { id, sha256 } = yield* eventually(only, (run) => run.status === "waiting")
        const approve = ["runs", "approve", id, "--sha256", sha256 ?? "", "--data-dir", dataDir]
        const { result, took } = yield* timed(Effect.andThen(inProcess.run(approve), Fiber.join(fiber)))
        assert.isTrue(result.review.decision?.approved)
        assert.isBelow(took, 1000)
      })
    )
  )
})

describe("a server that ends", () => {
  it.live("lets its streams go within three seconds", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* Scope.provide(served.start(), scope)
      const { run } = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(run.id, "waiting")
      let heard = ""
      const fiber = yield* Effect.forkChild(server.events(run.id, { onText: (text) => (heard = text) }), {
        startImmediately: true
      })
      yield* eventually(
        Effect.sync(() => heard),
        (text) => text.includes("event: run")
      )
      const { took } = yield* timed(Effect.andThen(Scope.close(scope, Exit.void), Fiber.join(fiber)))
      assert.isBelow(took, 3000)
    })
  )
})

describe("a simulator that ends", () => {
  it.live("does so within five seconds, even with a connection that got no answer", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const simulator = yield* Scope.provide(privx.start({ faults: ["createSession:stall"] }), scope)
      const { dataDir } = yield* place
      const asking = yield* Effect.forkChild(session(simulator, dataDir, setup(simulator)), { startImmediately: true })
      yield* eventually(privx.count(simulator, "Ueba.createSession"), (count) => count > 0)
      const { took } = yield* timed(Scope.close(scope, Exit.void))
      yield* Fiber.interrupt(asking)
      assert.isBelow(took, 5000)
    })
  )
})

describe("the event loop", () => {
  it.live("keeps responding while it parses a large or hostile script", () =>
    Effect.gen(function* () {
      let held = 0
      let last = performance.now()
      const watch = setInterval(() => {
        held = Math.max(held, performance.now() - last)
        last = performance.now()
      }, 5)
      const hostile = yield* ShellSyntax.parse("cat <<A ".repeat(4_000), "bash")
      const dense = yield* ShellSyntax.parse("#!/bin/bash\n" + 'echo "hello world"\n'.repeat(20_000), "bash")
      clearInterval(watch)
      assert.isTrue(Result.isFailure(hostile) || hostile.success.error !== undefined)
      assert.isTrue(Result.isSuccess(dense) && dense.success.commands === 20_000)
      // The limit for the first try; alone the parser takes several times as long.
      assert.isBelow(held, 1000)
    })
  )
})
