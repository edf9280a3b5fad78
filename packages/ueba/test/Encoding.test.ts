import { assert, describe, it } from "@effect/vitest"
import { type VerificationPolicy, VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import { sampleScript } from "./SampleScript.ts"

const names = [
  "noByteOrderMark",
  "unixLineEnds",
  "noBidirectionalControls",
  "noInvisibleCharacters",
  "noControlCharacters",
  "noLookalikes"
] as const

const inspect = (text: string) => VerifySetupScript.inspectSetupScript(new TextEncoder().encode(text))

const found = (report: VerificationReport.VerificationReport, name: VerificationPolicy.CheckName) =>
  report.checks.find((check) => check.name === name)!

describe("the checks of characters", () => {
  it.effect.each([
    sampleScript,
    "#!/bin/sh\necho 'größer – „fertig“ … ✓ 日本語 テスト русский текст עברית العربية'\n",
    "#!/bin/sh\necho '👩‍💻 ❤️ 🏳️‍🌈'\n",
    "#!/bin/sh\nprintf '\\033[1mbold\\033[0m\\n'\n\techo x\n"
  ])("let be what is only another language: %j", (text) =>
    Effect.gen(function* () {
      const report = yield* inspect(text)
      for (const name of names) {
        assert.strictEqual(found(report, name).outcome, "passed", `${name}: ${found(report, name).detail}`)
      }
    })
  )

  it.effect.each<[string, (typeof names)[number], string, RegExp]>([
    ["\ufeff#!/bin/sh\n", "noByteOrderMark", "failed", /starts with a byte order mark.*line 1, column 1/],
    ["#!/bin/sh\r\necho\r\n", "unixLineEnds", "warned", /2 carriage returns, and 2 lines/],
    ["#!/bin/sh\nrm x # \recho\n", "unixLineEnds", "warned", /a carriage return.*line 2, column 8/],
    ["#!/bin/sh\n# a\u202eb\n", "noBidirectionalControls", "failed", /reorders text \(line 2, column 4\)/],
    ["#!/bin/sh\n# \u2066a\u2069\n", "noBidirectionalControls", "failed", /2 controls/],
    ["#!/bin/sh\n# a\u200f\n", "noBidirectionalControls", "warned", /a direction mark/],
    ["#!/bin/sh\nrm\u00a0-rf\n", "noInvisibleCharacters", "warned", /an invisible character \(line 2, column 3\)/],
    ["#!/bin/sh\necho a\u200bb\ufeff\n", "noInvisibleCharacters", "warned", /2 invisible characters/],
    ["#!/bin/sh\n# \u{e0041}\u3164\n", "noInvisibleCharacters", "warned", /2 invisible characters/],
    ["#!/bin/sh\n# \u001b[2K\u001b[1A\n", "noControlCharacters", "warned", /2 control characters/],
    ["#!/bin/sh\n# \u0008\n", "noControlCharacters", "warned", /a control character \(line 2, column 3\)/],
    ["#!/bin/sh\nс\u0075rl x\n", "noLookalikes", "warned", /looks like another \(line 2, column 1\)/],
    ["#!/bin/sh\ncurl https://privх.example.com\n", "noLookalikes", "warned", /line 2, column 14/],
    ["#!/bin/sh\n# ｓudo\n", "noLookalikes", "warned", /line 2, column 3/],
    ["#!/bin/sh\nпуть=/opt\n", "noLookalikes", "warned", /line 2, column 1/]
  ])("find in %j with %s: %s", ([text, name, outcome, rendered]) =>
    Effect.gen(function* () {
      const check = found(yield* inspect(text), name)
      assert.strictEqual(check.outcome, outcome)
      assert.match(VerificationReport.renderFinding(check), rendered)
    })
  )

  it.effect("list what they found, each with its line, and never hand on what is dangerous to print", () =>
    Effect.gen(function* () {
      const report = yield* inspect("#!/bin/sh\n# \u001b[2K\n# \u001b[31m\n")
      const { places = [] } = found(report, "noControlCharacters")
      assert.deepStrictEqual(
        places.map(({ message, position }) => `${position.line} ${message}`),
        ["2 escape sequence ESC[2K", "3 escape sequence ESC[31m"]
      )
      // eslint-disable-next-line no-control-regex -- what must not be there
      assert.notMatch(VerificationReport.render(report), /[\u0000-\u0009\u000b-\u001f]/)
    })
  )
})
