import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { session } from "./embedded.ts"
import { place, recorded, rotation, run, VaultSealed } from "./secretRotation.ts"

describe("a compensation", () => {
  it.live(
    "undoes a part of the run before it fails, also over a restart in between, and then records the failure",
    () =>
      Effect.gen(function* () {
        const dataDir = yield* place
        const calls: Array<string> = []
        const undoing = yield* Deferred.make<void>()
        let stuck = true
        const layer = rotation.toLayer(
          Effect.fnUntraced(function* (run) {
            yield* run.compensated(
              "undo",
              run.step(
                "create",
                { success: Schema.Void },
                Effect.suspend(() => {
                  calls.push("create")
                  return Effect.fail(new VaultSealed({ vault: "main" }))
                })
              ),
              Effect.gen(function* () {
                calls.push("undo")
                yield* Deferred.succeed(undoing, undefined)
                if (stuck) yield* Effect.never
              })
            )
            return yield* run.finishStep("confirm", Effect.succeed({ version: 1 }))
          })
        )
        yield* session(
          dataDir,
          [rotation],
          layer
        )(
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(run)
            yield* Deferred.await(undoing)
            const [record] = yield* recorded
            assert.strictEqual(record?.status, "running", "the run is not over before the part is undone")
            yield* Fiber.interrupt(fiber)
          })
        )
        stuck = false
        yield* session(
          dataDir,
          [rotation],
          layer
        )(
          Effect.gen(function* () {
            assert.instanceOf(yield* Effect.flip(run), VaultSealed)
            const [record] = yield* recorded
            assert.strictEqual(record?.status, "failed")
            assert.deepStrictEqual(record?.failure, { _tag: "VaultSealed", vault: "main" })
          })
        )
        assert.deepStrictEqual(calls, ["create", "undo", "undo"])
      })
  )
})
