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
      const failure = new VerificationFailed.VerificationFailed({ report })
      const again = throughJson(VerificationFailed.VerificationFailed, failure)
      assert.instanceOf(again, VerificationFailed.VerificationFailed)
      assert.deepStrictEqual(again.report, failure.report)
      assert.strictEqual(again.message, failure.message)
      assert.strictEqual(again.hint, failure.hint)
    }
  )

  it.effect("reads back a report with checks that this version does not have", () =>
    Effect.gen(function* () {
      const { checks, ...rest } = yield* VerifySetupScript.verifySetupScript(sampleBytes)
      const newer = { ...rest, verified: false, checks: [{ ...checks[0]!, name: "newer", outcome: "failed" as const }] }
      const failure = new VerificationFailed.VerificationFailed({ report: newer })
      assert.strictEqual(throughJson(VerificationFailed.VerificationFailed, failure).report.checks[0]?.name, "newer")
      assert.include(failure.hint, "Do not run the script")
    })
  )

  it.effect("renders to one line, and to a line for each check", () =>
    Effect.gen(function* () {
      const report = yield* VerifySetupScript.inspectSetupScript(new TextEncoder().encode("#!/bin/sh\nif a\n"))
      assert.strictEqual(
        VerificationReport.renderLine(report),
        "not verified: 18 of 28 checks passed, failed shellSyntax, complete, skipped announcedLength, sha256Pin, " +
          "knownDigest, signature, certificates, certificateNames, configuredAddress, configuredTrustAnchors " +
          `(15 bytes, SHA-256 ${report.sha256})`
      )
      const lines = VerificationReport.render(report).split("\n")
      assert.strictEqual(lines[0], `not verified, 15 bytes, SHA-256 ${report.sha256}`)
      // One more, for the block that is not closed.
      assert.strictEqual(lines.length, 1 + Checks.all.length + 1)
      assert.include(lines, "  passed   knownShebang             #!/bin/sh")
      assert.include(lines, `${" ".repeat(38)}line 2: if is never closed`)
      assert.match(lines.find((line) => line.includes("shellSyntax")) ?? "", /^ {2}failed .*\(line 3, column 1\)$/)
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
    }
  })
})
