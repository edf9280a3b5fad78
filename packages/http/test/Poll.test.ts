import { assert, describe, it } from "@effect/vitest"
import { ApiError } from "@privx-kit/core"
import * as Poll from "@privx-kit/http/Poll"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

const failure = (status: number) => new ApiError.GeneralError({ status, operation: "Ueba.status", details: [] })

/** Returns the given responses, one after another. */
const answers = (...all: ReadonlyArray<string | PrivxFailure>) => {
  let next = 0
  return Effect.suspend((): Effect.Effect<string, PrivxFailure> => {
    const answer = all[next++] ?? "DONE"
    return typeof answer === "string" ? Effect.succeed(answer) : Effect.fail(answer)
  })
}

describe("Poll.until", () => {
  it.effect("asks at the interval until the answer is as wanted, over failures that pass", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const fiber = yield* Effect.forkChild(
        Poll.until(answers("PENDING", failure(503), "PENDING", "RUNNING"), {
          isDone: (status) => status === "RUNNING",
          interval: "1 minute",
          onAnswer: (status) => Effect.sync(() => void seen.push(status)),
          onFailure: ({ message }) => Effect.sync(() => void seen.push(message))
        }),
        { startImmediately: true }
      )
      yield* TestClock.adjust("119 seconds")
      assert.deepStrictEqual(seen, ["PENDING", "Ueba.status failed: PrivX answered 503 GENERAL_ERROR."])
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "RUNNING")
      assert.deepStrictEqual(seen.slice(2), ["PENDING", "RUNNING"])
    })
  )

  it.effect("fails at once with what waiting does not help against", () =>
    Effect.gen(function* () {
      const refused = failure(403)
      assert.strictEqual(yield* Effect.flip(Poll.until(answers(refused), { isDone: () => true })), refused)
    })
  )
})
