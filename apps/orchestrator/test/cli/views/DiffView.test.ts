import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as DiffView from "../../../src/cli/views/DiffView.ts"
import * as FakeTerminal from "../../support/FakeTerminal.ts"

describe("DiffView", () => {
  it.effect("shows what would act on the terminal, and lets none of it through", () =>
    Effect.gen(function* () {
      const terminal = FakeTerminal.make({ animation: false })
      const line = "+echo \u001b[2K\u202egnp.exe\u200b\u0007\r"
      yield* DiffView.show(
        {
          before: "aa",
          basis: "approved",
          after: "bb",
          target: null,
          capabilities: { added: [], removed: [] },
          hunks: [{ oldStart: 1, oldLines: 0, newStart: 1, newLines: 1, lines: [line] }]
        },
        terminal.pane
      )
      assert.include(terminal.written(), "+echo \\u{1b}[2K\\u{202e}gnp.exe\\u{200b}\\u{7}\\u{d}\n")
    })
  )

  it.effect("says first what the script does that the approved one does not", () =>
    Effect.gen(function* () {
      const terminal = FakeTerminal.make({ animation: false })
      const show = (capabilities: DiffView.Comparison["capabilities"], before: string | null) =>
        DiffView.show(
          {
            before,
            basis: before === null ? null : "approved",
            after: "bb",
            target: null,
            capabilities,
            hunks: [hunk]
          },
          terminal.pane
        )
      const hunk = { oldStart: 1, oldLines: 0, newStart: 1, newLines: 1, lines: ["+a"] }
      yield* show({ added: ["writes to /etc/sudoers.d/x"], removed: ["removes /opt/a"] }, "aa")
      assert.match(
        terminal.written(),
        /^New since the approved script: writes to \/etc\/sudoers\.d\/x\nNo longer: removes \/opt\/a\n--- aa/
      )
      yield* show(null, "aa")
      assert.include(terminal.written(), "is unknown: a script cannot be parsed")
    })
  )
})
