import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as LiveBlock from "../../src/terminal/LiveBlock.ts"
import * as FakeTerminal from "../support/FakeTerminal.ts"

/** The visible result of the text on a terminal. */
const screen = (written: string): ReadonlyArray<string> => {
  const lines: Array<string> = [""]
  let row = 0
  // eslint-disable-next-line no-control-regex -- a terminal obeys these
  for (const part of written.split(/(\u001b\[\d*[AJK]|\r|\n)/)) {
    // eslint-disable-next-line no-control-regex -- as above
    const up = /^\u001b\[(\d+)A$/.exec(part)
    if (up !== null) row -= Number(up[1])
    else if (part === "\n") lines[++row] ??= ""
    else if (part === "\u001b[2K") lines[row] = ""
    else if (part === "\u001b[J") lines.splice(row, Infinity, "")
    else if (part !== "\r") lines[row] += part
  }
  return lines.slice(0, -1)
}

describe("LiveBlock", () => {
  it.effect("redraws its lines below other output, and leaves them at the end", () =>
    Effect.gen(function* () {
      const terminal = FakeTerminal.make({ animation: true })
      let lines: ReadonlyArray<string> = ["one", "two"]
      yield* Effect.scoped(
        Effect.gen(function* () {
          const block = yield* LiveBlock.make(terminal.pane, () => lines)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(screen(terminal.written()), ["one", "two"])
          yield* block.above("said")
          assert.deepStrictEqual(screen(terminal.written()), ["said", "one", "two"])
          lines = ["one"]
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(screen(terminal.written()), ["said", "one"])
          lines = ["last"]
        })
      )
      assert.deepStrictEqual(screen(terminal.written()), ["said", "last"])
    })
  )
})
