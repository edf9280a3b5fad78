import * as Failure from "@privx-kit/core/Failure"
import * as temporary from "@privx-kit/testing/temporary"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as path from "node:path"
import * as DurableRun from "../src/DurableRun.ts"
import { RunExecutor } from "../src/RunExecutor.ts"
import { Runs } from "../src/Runs.ts"
import { session, target } from "./embedded.ts"

class VaultSealed extends Failure.Class<VaultSealed>()(
  "VaultSealed",
  { vault: Schema.String },
  { message: ({ vault }) => `The vault ${vault} is sealed.`, hint: "Unseal it." }
) {}

const rotation = DurableRun.make({
  name: "secret-rotation",
  title: "Secret rotation",
  workflow: "SecretRotation",
  steps: [
    { name: "create", title: "Create the secret" },
    { name: "confirm", title: "Confirm it" }
  ],
  inputs: Schema.Struct({ vault: Schema.String }),
  result: Schema.Struct({ version: Schema.Int }),
  failure: VaultSealed
})

const place = Effect.map(temporary.directory, (directory) => path.join(directory, "data"))

const run = Effect.flatMap(RunExecutor, (executor) => executor.run(rotation, { target, inputs: { vault: "main" } }))

const recorded = Effect.flatMap(Runs, (runs) => runs.list())

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
