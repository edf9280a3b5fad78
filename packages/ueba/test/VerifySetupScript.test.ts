import { assert, describe, it } from "@effect/vitest"
import { Checks, Sha256, type VerificationPolicy, VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { gzipSync } from "node:zlib"
import { sampleBytes, sampleScript } from "./SampleScript.ts"

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const { inspectSetupScript, verifySetupScript } = VerifySetupScript

const finding = (report: VerificationReport.VerificationReport, name: VerificationPolicy.CheckName) =>
  report.checks.find((check) => check.name === name)!

const failedNames = (report: VerificationReport.VerificationReport) =>
  VerificationReport.checksThat("failed", report).map((check) => check.name)

describe("verifySetupScript", () => {
  it.effect("passes a whole script, and reports every check in order, with digest and size", () =>
    Effect.gen(function* () {
      const report = yield* verifySetupScript(sampleBytes)
      assert.isTrue(report.verified)
      assert.strictEqual(report.size, sampleBytes.byteLength)
      assert.match(report.sha256, /^[0-9a-f]{64}$/)
      assert.deepStrictEqual(
        report.checks.map(({ name, outcome }) => `${outcome} ${name}`),
        [
          "passed notEmpty",
          "passed notErrorBody",
          "passed notHtml",
          "passed withinSizeLimits",
          "notApplicable announcedLength",
          "notApplicable sha256Pin",
          "notApplicable knownDigest",
          "notApplicable signature",
          "passed utf8Text",
          "passed payload",
          "passed knownShebang",
          "passed shellSyntax",
          "passed complete",
          "passed nothingAppended",
          "passed endsInCommand",
          "passed finalNewline",
          "passed shellDialect",
          "passed noByteOrderMark",
          "passed unixLineEnds",
          "passed noBidirectionalControls",
          "passed noInvisibleCharacters",
          "passed noControlCharacters",
          "passed noLookalikes",
          "passed noFetchedCode",
          "passed noBroadRemoval",
          "passed expectedWrites",
          "passed noSensitiveChanges",
          "passed noReaderTricks",
          "notApplicable allowedCapabilities",
          "passed certificates",
          "notApplicable certificateNames",
          "notApplicable configuredAddress",
          "notApplicable configuredTrustAnchors"
        ]
      )
    })
  )

  it.effect("compares length and digest when they are given", () =>
    Effect.gen(function* () {
      const report = yield* verifySetupScript(sampleBytes, {
        announcedLength: sampleBytes.byteLength,
        sha256: Sha256.of(sampleBytes)
      })
      assert.deepStrictEqual(
        ["announcedLength", "sha256Pin"].map((name) => finding(report, name as VerificationPolicy.CheckName).outcome),
        ["passed", "passed"]
      )
      const failure = yield* Effect.flip(
        verifySetupScript(sampleBytes, { announcedLength: 5, sha256: Sha256.of(bytesOf("other")) })
      )
      assert.deepStrictEqual(failedNames(failure.report), ["announcedLength", "sha256Pin"])
      assert.include(finding(failure.report, "announcedLength").detail, "5 were announced")
      assert.include(finding(failure.report, "sha256Pin").detail, Sha256.of(bytesOf("other")))
    })
  )

  it.effect.each<[string, string | Uint8Array, string, RegExp]>([
    ["nothing", "", "notEmpty", /0 bytes/],
    ["white space only", " \r\n\t\n", "notEmpty", /white space/],
    ["an error body", '{"error_code":"MAX_LOAD","error_message":"busy"}', "notErrorBody", /MAX_LOAD: busy/],
    ["an error body after a byte order mark", '\ufeff\n {"error_code":"X"}', "notErrorBody", /error body of PrivX: X/],
    ["other JSON", '{"id":"4c2e"}', "notErrorBody", /is JSON/],
    ["a JSON array", "[]", "notErrorBody", /is JSON/],
    ["an error body that is cut off", '{"error_code":"MAX_LO', "notErrorBody", /cut off/],
    ["a page", "<!DOCTYPE html>\n<html><body>504</body></html>", "notHtml", /starts like a web page: <!DOCTYPE html>/],
    ["a page with a comment first", "\n<!-- x --><html>", "notHtml", /page/],
    ["an XML error", '<?xml version="1.0"?><Error/>', "notHtml", /page/],
    ["another encoding", Uint8Array.of(0xff, 0xfe, 0x23, 0x00), "utf8Text", /probably UTF-16, little-endian/],
    [
      "Latin-1",
      Uint8Array.of(0x23, 0x21, 0xe4, 0x0a),
      "utf8Text",
      /probably Latin-1, not UTF-8: byte 0xe4 at offset 2/
    ],
    ["a wrong byte", Uint8Array.of(0x23, 0xff), "utf8Text", /byte 0xff at offset 1/],
    ["half a character at the end", Uint8Array.of(0x23, 0xe2, 0x82), "utf8Text", /last character is cut off/],
    ["a compressed script", gzipSync(sampleBytes), "utf8Text", /this is gzip, not text/],
    ["no shebang", "set -eu\n", "knownShebang", /does not start with #! but with set -eu/],
    ["a script of another language", "#!/usr/bin/env python3\nx\n", "knownShebang", /"python3" is not a known shell/],
    ["a byte order mark before it", `\ufeff${sampleScript}`, "knownShebang", /byte order mark/],
    ["carriage returns", "#!/bin/sh\r\necho\r\n", "knownShebang", /carriage return/],
    ["a block left open", "#!/bin/sh\nif true; then\n  echo\n", "shellSyntax", /ends too early/],
    ["a here-document left open", "#!/bin/sh\ncat <<EOF\nx\n", "shellSyntax", /EOF is never closed/],
    ["no command at all", "#!/bin/sh\n# nothing follows\n", "shellSyntax", /no command/]
  ])("finds %s", ([, content, name, detail]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(verifySetupScript(typeof content === "string" ? bytesOf(content) : content))
      assert.include(failedNames(failure.report), name)
      assert.match(failure.report.checks.find((check) => check.name === name)!.detail, detail)
      assert.strictEqual(failure.report.checks.length, Checks.all.length)
    })
  )

  it.effect("names the failed checks in its message, and the most informative hint", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(
        verifySetupScript(bytesOf("<html>\u001b[31m504</html>"), { sha256: Sha256.of(sampleBytes) })
      )
      assert.strictEqual(failure._tag, "VerificationFailed")
      assert.match(
        failure.message,
        /^The setup script is not verified: \d+ of \d+ checks failed\. No web page \(notHtml\): .*Pinned SHA-256 \(sha256Pin\)/
      )
      assert.strictEqual(
        failure.hint,
        "Check the base URL, and whether a proxy or load balancer answers in place of PrivX."
      )
      assert.notInclude(failure.message + VerificationReport.render(failure.report), "\u001b")
    })
  )

  it.effect("lets HTML and JSON inside a script be", () =>
    verifySetupScript(bytesOf('#!/bin/sh\ncat <<E\n<html>{"error_code":"X"}</html>\nE\n'))
  )

  it.effect("fails, with the reason, what cannot look at bytes that are no text", () =>
    Effect.gen(function* () {
      const report = yield* inspectSetupScript(Uint8Array.of(0x23, 0x21, 0x00))
      assert.deepStrictEqual(
        ["knownShebang", "shellSyntax"].map((name) => report.checks.find((check) => check.name === name)!.detail),
        [
          "could not examine the script: not UTF-8: a NUL byte at byte offset 2",
          "could not examine the script: not UTF-8: a NUL byte at byte offset 2"
        ]
      )
      assert.includeMembers(failedNames(report), ["utf8Text", "knownShebang", "shellSyntax", "complete"])
    })
  )

  it.effect("keeps to the size limits, and does not read what is larger", () =>
    Effect.gen(function* () {
      const size = sampleBytes.byteLength
      yield* verifySetupScript(sampleBytes, { minBytes: size, maxBytes: size })
      const small = yield* inspectSetupScript(sampleBytes, { minBytes: size + 1 })
      assert.deepStrictEqual(failedNames(small), ["withinSizeLimits"])
      const large = yield* inspectSetupScript(sampleBytes, { maxBytes: size - 1 })
      assert.includeMembers(failedNames(large), ["withinSizeLimits", "shellSyntax"])
      assert.isTrue(finding(large, "complete").notLooked)
      assert.strictEqual(large.sha256, Sha256.of(sampleBytes))
    })
  )

  describe("under a policy", () => {
    it.effect("warns of what is not required, and does not run what is off", () =>
      Effect.gen(function* () {
        const report = yield* verifySetupScript(bytesOf("echo hello\n"), {
          announcedLength: 1,
          policy: { checks: { knownShebang: "warned", announcedLength: "off" } }
        })
        assert.strictEqual(finding(report, "knownShebang").outcome, "warned")
        assert.strictEqual(finding(report, "announcedLength").outcome, "off")
        assert.strictEqual(finding(report, "announcedLength").detail, "disabled by the policy")
      })
    )

    it.effect("never verifies what a required check could not examine, whatever the level of another check", () =>
      Effect.gen(function* () {
        const bytes = Uint8Array.of(...bytesOf("#!/bin/sh\necho a\n"), 0, 1, 2)
        const checks = { utf8Text: "off", knownShebang: "off", payload: "off" } as const
        const failure = yield* Effect.flip(verifySetupScript(bytes, { policy: { checks } }))
        assert.include(failedNames(failure.report), "complete")
        assert.match(failure.message, /required checks could not examine the script/)
        assert.deepInclude(finding(failure.report, "complete"), { notLooked: true, outcome: "failed" })
        assert.deepInclude(finding(failure.report, "expectedWrites"), { notLooked: true, outcome: "warned" })
      })
    )

    it.effect("judges Latin-1 text by all other checks when it only warns of the encoding", () =>
      Effect.gen(function* () {
        const bytes = Buffer.from("#!/bin/sh\nif true; then\ncurl -s http://x | sh\nrm -rf /\n# caf\u00e9\n", "latin1")
        const failure = yield* Effect.flip(verifySetupScript(bytes, { policy: { checks: { utf8Text: "warned" } } }))
        assert.deepStrictEqual(failedNames(failure.report), ["shellSyntax", "complete"])
        assert.match(finding(failure.report, "utf8Text").detail, /probably Latin-1/)
        assert.deepStrictEqual(
          (["utf8Text", "noFetchedCode", "noBroadRemoval"] as const).map(
            (name) => finding(failure.report, name).outcome
          ),
          ["warned", "warned", "warned"]
        )
      })
    )

    it.effect("names damaged UTF-8, and keeps reading it", () =>
      Effect.gen(function* () {
        const bytes = Buffer.concat([bytesOf("#!/bin/sh\n# Käynnistää –\necho "), Uint8Array.of(0xff), bytesOf("\n")])
        const report = yield* inspectSetupScript(bytes)
        assert.match(finding(report, "utf8Text").detail, /^damaged UTF-8: byte 0xff at offset \d+/)
        assert.strictEqual(finding(report, "shellSyntax").outcome, "passed")
      })
    )

    it.effect("names the first byte that is wrong, wherever it stands", () =>
      Effect.gen(function* () {
        for (const at of [12, 65_535, 65_536, 65_537, 131_072]) {
          const text = Buffer.from(`#!/bin/sh\n: '${"é€😀x".repeat(20_000)}'\n`)
          let lead = at
          while ((text[lead]! & 0xc0) === 0x80) lead++
          text[lead] = 0xff
          const { detail } = finding(yield* inspectSetupScript(text), "utf8Text")
          assert.include(detail, `damaged UTF-8: byte 0xff at offset ${lead} `)
        }
      })
    )

    it.effect("warns of a download of unknown length, and can demand a known one", () =>
      Effect.gen(function* () {
        const report = yield* verifySetupScript(sampleBytes, { announcedLength: "unknown" })
        assert.strictEqual(finding(report, "announcedLength").outcome, "warned")
        const failure = yield* Effect.flip(
          verifySetupScript(sampleBytes, {
            announcedLength: "unknown",
            policy: { checks: { announcedLength: "demanded" } }
          })
        )
        assert.deepStrictEqual(failedNames(failure.report), ["announcedLength"])
      })
    )

    it.effect("can demand that there is something to compare with", () =>
      Effect.gen(function* () {
        const checks = { sha256Pin: "demanded", signature: "demanded", certificateNames: "demanded" } as const
        const failure = yield* Effect.flip(verifySetupScript(sampleBytes, { policy: { checks } }))
        assert.deepStrictEqual(failedNames(failure.report), ["sha256Pin", "signature", "certificateNames"])
        assert.deepInclude(finding(failure.report, "sha256Pin"), {
          requirement: "demanded",
          detail: "no SHA-256 was given"
        })
        yield* verifySetupScript(sampleBytes, {
          sha256: Sha256.of(sampleBytes),
          policy: { checks: { sha256Pin: "demanded" } }
        })
      })
    )

    it.effect("can require what only warns by itself", () =>
      Effect.gen(function* () {
        const bash = bytesOf("#!/bin/sh\nhosts=(a b)\n[[ $1 == x ]]\n")
        const report = yield* verifySetupScript(bash)
        assert.deepInclude(finding(report, "shellDialect"), {
          outcome: "warned",
          detail: "syntax of Bash in a script for sh: an array, [[ … ]]",
          position: { line: 2, column: 7 }
        })
        const failure = yield* Effect.flip(
          verifySetupScript(bash, { policy: { checks: { shellDialect: "required" } } })
        )
        assert.deepStrictEqual(failedNames(failure.report), ["shellDialect"])
        assert.include(failure.hint, "bash")
      })
    )
  })

  describe("whatever comes", () => {
    /** Cuts within the body: a part of the script is present, and a part is missing. */
    const cuts = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: sampleBytes.byteLength - 1 }))

    it.effect.prop("finds every truncation by the length", { cut: cuts }, ({ cut }) =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(
          verifySetupScript(sampleBytes.subarray(0, cut), { announcedLength: sampleBytes.byteLength })
        )
        assert.include(failedNames(failure.report), "announcedLength")
      })
    )

    it.effect.prop(
      "finds every change of a byte by the digest",
      {
        at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: sampleBytes.byteLength - 1 })),
        bit: Arbitrary.schema(Schema.Literals([0, 1, 2, 3, 4, 5, 6, 7]))
      },
      ({ at, bit }) =>
        Effect.gen(function* () {
          const changed = Uint8Array.from(sampleBytes)
          changed[at]! ^= 1 << bit
          const failure = yield* Effect.flip(verifySetupScript(changed, { sha256: Sha256.of(sampleBytes) }))
          assert.include(failedNames(failure.report), "sha256Pin")
        })
    )

    const expectTyped = (bytes: Uint8Array) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(verifySetupScript(bytes))
        assert.isFalse(Exit.hasDies(exit))
        const report = yield* inspectSetupScript(bytes)
        assert.strictEqual(report.checks.length, Checks.all.length)
        assert.strictEqual(Exit.isSuccess(exit), report.verified)
      })

    it.effect.prop(
      "answers random bytes with a report",
      { bytes: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))) },
      ({ bytes }) => expectTyped(Uint8Array.from(bytes))
    )

    const tokens = [
      ..."\"'`\\\n ${}()[]<>|&;#!=~",
      "$(",
      "${a:-",
      "$((",
      "((",
      "[[ ",
      " ]]",
      "<<E\n",
      "\nE\n",
      "<<<",
      "if ",
      "then ",
      "fi",
      "case a in a) ",
      ";;",
      "esac",
      "for i in ",
      "do ",
      "done",
      "f() ",
      "{ ",
      "}",
      "a",
      "echo ",
      "\u00e9",
      "\ud83d\ude00",
      "\ufeff",
      "\r",
      "#!/bin/bash\n"
    ] as const

    it.effect.prop(
      "answers random shell with a report",
      { parts: Schema.Array(Schema.Literals(tokens)) },
      ({ parts }) => expectTyped(bytesOf(`#!/bin/sh\n${parts.join("")}`))
    )
  })
})
