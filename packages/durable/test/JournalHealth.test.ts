import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as JournalHealth from "../src/JournalHealth.ts"

describe("JournalHealth", () => {
  it.effect("reports an operation that keeps failing, and not one that has recovered", () =>
    Effect.gen(function* () {
      const { failures, observe } = JournalHealth.make()
      const fail = (operation: string, message: string) => Effect.ignore(observe(operation)(Effect.fail(message)))
      yield* fail("saveReply", "first")
      yield* fail("saveRequest", "for a moment")
      assert.deepStrictEqual(yield* failures, [])
      yield* TestClock.adjust("2 seconds")
      yield* fail("saveReply", "second")
      yield* observe("saveRequest")(Effect.void)
      // The success of another operation changes nothing.
      yield* observe("unprocessedMessages")(Effect.void)
      assert.deepStrictEqual(yield* failures, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* failures, ["second"])
      yield* observe("saveReply")(Effect.void)
      assert.deepStrictEqual(yield* failures, [])
    })
  )
})
