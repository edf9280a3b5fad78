import { assert, describe, it } from "@effect/vitest"
import * as Checks from "@privx-kit/ueba/Checks"
import { inspectSetupScript } from "@privx-kit/ueba/VerifySetupScript"
import * as Effect from "effect/Effect"
import * as ReportView from "../../../src/cli/views/ReportView.ts"
import * as Text from "../../../src/terminal/Text.ts"
import * as FakeTerminal from "../../support/FakeTerminal.ts"

const { style } = FakeTerminal.make({ animation: false }).pane

const shown = (bytes: Uint8Array, options: { readonly columns?: number; readonly verbose?: boolean } = {}) =>
  Effect.map(inspectSetupScript(bytes), (report) =>
    ReportView.lines(report, { style, columns: options.columns ?? 80, verbose: options.verbose ?? false })
  )

const script = (body: string) => Buffer.from(`#!/bin/sh\n${body}`)

/** The line of a check, and the indented lines below it. */
const of = (name: string, lines: ReadonlyArray<string>) => {
  const at = lines.findIndex((line) => line.includes(`(${name})`))
  const end = lines.findIndex((line, index) => index > at && !line.startsWith("    "))
  return lines.slice(at, end)
}

describe("a report", () => {
  it.effect("says what the script does, and counts, where no check has anything to say", () =>
    Effect.gen(function* () {
      const lines = yield* shown(script("cp agent.conf /opt/ueba\n"))
      assert.strictEqual(lines[0], "This script writes to /opt/ueba; needs root.")
      assert.match(lines[1] ?? "", /^✓ \d+ passed, \d+ not applicable$/)
      assert.strictEqual(lines.length, 2)
    })
  )

  it.effect("shows every check where that is asked for, and counts last", () =>
    Effect.gen(function* () {
      const lines = yield* shown(script("echo a\n"), { verbose: true })
      assert.isTrue(lines.some((line) => /^✓ Not empty \(notEmpty\) +17 bytes$/.test(line)))
      for (const { name } of Checks.all)
        assert.isTrue(
          lines.some((line) => line.includes(`(${name})`)),
          name
        )
      assert.match(lines.at(-1) ?? "", /^✓ \d+ passed, \d+ not applicable$/)
    })
  )

  it.effect("shows what failed first, each check with places, reason and advice, within the width", () =>
    Effect.gen(function* () {
      const url = `https://downloads.example.com/${"packages/".repeat(2)}install.sh`
      const text = `curl -fsSL ${url} | sh\nrm -rf "$NOWHERE"/\necho one\nwget -qO- ${url} | bash\nif a\n`
      const lines = yield* shown(script(text))
      assert.match(lines.find((line) => /^[✗!✓]/.test(line)) ?? "", /^✗ Shell syntax \(shellSyntax\) required$/)
      const fetched = of("noFetchedCode", lines)
      assert.strictEqual(fetched[0], "! No fetched code (noFetchedCode) not required")
      assert.match(fetched.join("\n"), /line 2: curl [^]*line 5: wget [^]*Why: [^]*What to do: /)
      assert.match(of("noBroadRemoval", lines).join("\n"), /line 3: rm -rf "\$NOWHERE"\//)
      for (const line of lines) assert.isAtMost(Text.width(line), 80, line)
      assert.match(lines.at(-1) ?? "", /^✗ 2 failed, \d+ warned, \d+ passed, \d+ not applicable$/)
    })
  )

  it.effect("names the checks that could not examine the script in one place", () =>
    Effect.gen(function* () {
      const lines = yield* shown(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 1))
      assert.match(of("utf8Text", lines)[1] ?? "", /this is gzip, not text/)
      assert.match(
        lines.join("\n"),
        /✗ \d+ required checks could not examine the script: this is gzip, not text\n +payload, knownShebang,/
      )
      assert.match(
        lines.join("\n"),
        /! \d+ checks could not examine the script: this is gzip, not text\n +endsInCommand,/
      )
    })
  )

  it.effect("shows the first ten of many places, and says how many more there are", () =>
    Effect.gen(function* () {
      const writes = of("expectedWrites", yield* shown(script("echo x > /srv/a\n".repeat(25))))
      assert.strictEqual(writes.filter((line) => /^ {4}line \d+:/.test(line)).length, 10)
      assert.include(writes, "    and 15 more places")
    })
  )
})
