import { assert, describe, it } from "@effect/vitest"
import { inspectSetupScript } from "@privx-kit/ueba/VerifySetupScript"
import * as Effect from "effect/Effect"
import * as ReportView from "../../src/terminal/ReportView.ts"
import * as Text from "../../src/terminal/Text.ts"
import * as FakeTerminal from "../support/FakeTerminal.ts"

const { style } = FakeTerminal.make({ animation: false }).pane

const shown = (script: string, columns = 80) =>
  Effect.map(inspectSetupScript(Buffer.from(`#!/bin/sh\n${script}`)), (report) =>
    ReportView.lines(report, style, columns)
  )

/** The line of a check, and those below it that are indented. */
const of = (title: string, lines: ReadonlyArray<string>) => {
  const at = lines.findIndex((line) => line.includes(title))
  const end = lines.findIndex((line, index) => index > at && !line.startsWith("    "))
  return lines.slice(at, end)
}

describe("a report", () => {
  it.effect("lists the commands that a reader should look at, with their lines, and keeps to the width", () =>
    Effect.gen(function* () {
      const url = `https://downloads.example.com/${"packages/".repeat(2)}install.sh`
      const script = `curl -fsSL ${url} | sh\nrm -rf "$NOWHERE"/\necho one\nwget -qO- ${url} | bash\n`
      const lines = yield* shown(script)
      const fetched = of("runs nothing that it fetches", lines)
      assert.match(fetched[0] ?? "", /! runs nothing that it fetches +2 found$/)
      assert.match(fetched.slice(1).join("\n"), /^ {4}line 2 {2}curl [^]*\n {4}line 5 {2}wget /)
      assert.match(of("removes only its own", lines)[1] ?? "", /^ {4}line 3 {2}rm -rf "\$NOWHERE"\//)
      for (const line of fetched.slice(1)) assert.isAtMost(Text.width(line), 80, line)
    })
  )

  it.effect("shows the first ten of many, and says how many more there are", () =>
    Effect.gen(function* () {
      const writes = of("writes where it is expected to", yield* shown("echo x > /srv/a\n".repeat(25)))
      assert.strictEqual(writes.length, 12)
      assert.match(writes[10] ?? "", /^ {4}line 11 {2}/)
      assert.match(writes[11] ?? "", /… and 15 more, which --json and the manifest list/)
    })
  )

  it.effect("says the place of a single finding in its line", () =>
    Effect.gen(function* () {
      assert.match(
        of("is a whole shell script", yield* shown("echo\nif true\n")).join("\n"),
        /\(line \d+, column \d+\)$/
      )
    })
  )
})
