import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as DiffView from "../../src/terminal/DiffView.ts"
import * as FakeTerminal from "../support/FakeTerminal.ts"

describe("DiffView", () => {
  it.effect("shows what would act on the terminal, and lets none of it through", () =>
    Effect.gen(function* () {
      const terminal = FakeTerminal.make({ animation: false })
      const line = "+echo \u001b[2K\u202egnp.exe\u200b\u0007\r"
      yield* DiffView.show(
        {
          before: "aa",
          approved: true,
          after: "bb",
          target: null,
          hunks: [{ oldStart: 1, oldLines: 0, newStart: 1, newLines: 1, lines: [line] }]
        },
        terminal.pane
      )
      assert.include(terminal.written(), "+echo \\u{1b}[2K\\u{202e}gnp.exe\\u{200b}\\u{7}\\u{d}\n")
    })
  )
})
