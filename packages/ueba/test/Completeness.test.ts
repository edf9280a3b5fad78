import { assert, describe, it } from "@effect/vitest"
import { VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import { anchor } from "./SampleCertificates.ts"
import { sampleScript } from "./SampleScript.ts"

const findings = (text: string) =>
  Effect.map(VerifySetupScript.inspectSetupScript(new TextEncoder().encode(text)), ({ checks }) => {
    const rendered = (name: string) => {
      const check = checks.find((check) => check.name === name)!
      return `${check.outcome}: ${VerificationReport.renderFinding(check)}`
    }
    return {
      complete: rendered("complete"),
      finalNewline: rendered("finalNewline"),
      endsInCommand: rendered("endsInCommand")
    }
  })

describe("complete", () => {
  it.effect("passes a whole script", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* findings(sampleScript), {
        complete: "passed: nothing is left open",
        finalNewline: "passed: yes",
        endsInCommand: "passed: yes"
      })
    })
  )

  it.effect.each<[string, string]>([
    ["#!/bin/sh\nif true; then\n  echo\n", "failed: never closed: if (line 2, column 1)"],
    ["#!/bin/sh\nfor i in 1; do\n  (echo\n", "failed: never closed: for, and 1 more (line 2, column 1)"],
    ["#!/bin/sh\ncat <<EOF\ntext\n", "failed: never closed: here-document EOF (line 2, column 5)"],
    ["#!/bin/sh\necho 'a\nb\n", "failed: never closed: single quote (line 2, column 6)"],
    ["#!/bin/sh\napt-get install \\\n", "failed: the last line says that it goes on (line 2, column 17)"],
    ["#!/bin/sh\napt-get install \\", "failed: the last line says that it goes on (line 2, column 17)"],
    [`#!/bin/sh\ncat > a <<E\n${anchor.slice(0, 300)}\nE\n`, "failed: a PEM block is never closed (line 3, column 1)"]
  ])("says of %j what is open and where", ([text, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* findings(text)).complete, expected)
    })
  )

  it.effect("takes a backslash for one only where it is one", () =>
    Effect.gen(function* () {
      for (const text of ["#!/bin/sh\necho a\\\\\n", "#!/bin/sh\necho\n# a \\\n"]) {
        assert.strictEqual((yield* findings(text)).complete, "passed: nothing is left open")
      }
    })
  )

  it.effect("warns of a script that ends with a function", () =>
    Effect.gen(function* () {
      const { endsInCommand } = yield* findings("#!/bin/sh\nf() {\n  :\n}\nmain() {\n  f\n}\n")
      assert.strictEqual(endsInCommand, "warned: ends with the function main, which nothing calls (line 5, column 1)")
    })
  )

  it.effect("warns of a last line without an end, and requires nothing of it", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* findings("#!/bin/sh\necho")).finalNewline, "warned: the last line has no end")
      assert.strictEqual((yield* findings("")).finalNewline, "skipped: there is no last line")
    })
  )
})
