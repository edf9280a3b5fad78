import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import { once } from "../../src/terminal/Logging.ts"

describe("a line of the log", () => {
  it.effect("has the reason at the bottom of a failure and no stack, and is not repeated for a minute", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      let now = 0
      const line = once(Logger.formatLogFmt, () => now)
      const logger = Logger.make((options: Logger.Options<unknown>) => {
        const said = line(options)
        if (said !== undefined) lines.push(said.replace(/^timestamp=\S+ /, "").replace(/fiber=\S+ /, ""))
      })
      const refused = new SqlError({
        reason: new ConnectionError({ cause: new Error("connect ECONNREFUSED 127.0.0.1:5432") })
      })
      const log = Effect.logWarning("Could not read messages from storage", Cause.fail(refused)).pipe(
        Effect.provide(Logger.layer([logger]))
      )
      yield* log
      now = 59_999
      yield* log
      assert.deepStrictEqual(lines, [
        'level=WARN message="Could not read messages from storage: connect ECONNREFUSED 127.0.0.1:5432"'
      ])
      now = 60_000
      yield* log
      assert.strictEqual(lines.length, 2)
    })
  )
})
