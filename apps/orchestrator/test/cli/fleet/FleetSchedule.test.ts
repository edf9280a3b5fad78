import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Cron from "effect/Cron"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as FleetSchedule from "../../../src/cli/fleet/FleetSchedule.ts"
import * as FakeTerminal from "../../support/FakeTerminal.ts"

const hours = 3_600_000

describe("the wait for the next round", () => {
  it.effect("uses the new time when the clock is set back two hours", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      let wrong = 2 * hours
      const adjusted = Object.create(clock, {
        currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + wrong },
        currentTimeMillis: { get: () => Effect.map(clock.currentTimeMillis, (now) => now + wrong) }
      })
      const { lines, pane } = FakeTerminal.make({ animation: false })
      const text = "*/5 * * * *"
      const schedule = { cron: Result.getOrThrow(Cron.parse(text, "UTC")), text, timeZone: null, makeUp: false }
      const waiting = yield* FleetSchedule.untilNext(schedule, pane).pipe(
        Effect.provideService(Clock.Clock, adjusted),
        Effect.forkChild({ startImmediately: true })
      )
      yield* TestClock.adjust("2 minutes")
      wrong = 0
      yield* TestClock.adjust("2 minutes")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(waiting)
      assert.deepStrictEqual(lines().filter((line) => line.includes("set back")).length, 1)
    })
  )
})
