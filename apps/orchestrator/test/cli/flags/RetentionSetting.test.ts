import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RetentionSetting from "../../../src/cli/flags/RetentionSetting.ts"

const resolve = (text: string) => RetentionSetting.resolve({ environment: { PRIVX_KIT_KEEP_RUNS: text } })

describe("PRIVX_KIT_KEEP_RUNS", () => {
  it.effect("is a number, an age, both, or all", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* resolve(""))
      assert.deepStrictEqual(yield* resolve("all"), {})
      assert.deepStrictEqual(yield* resolve("500"), { keep: 500 })
      assert.deepStrictEqual(yield* resolve("90d"), { olderThan: Duration.days(90) })
      assert.deepStrictEqual(yield* resolve(" 500, 90d "), { keep: 500, olderThan: Duration.days(90) })
    })
  )

  it.effect("that makes no sense is refused, so that nothing is removed by mistake", () =>
    Effect.gen(function* () {
      for (const text of ["-1", "many", "10 20", "1d 2d", "1.5"]) {
        const failure = yield* Effect.flip(resolve(text))
        assert.include(failure.message, JSON.stringify(text))
      }
    })
  )
})
