import { assert, describe, it } from "@effect/vitest"
import { DetachedSignature, PinFile, Sha256, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"

// Created by `minisign -S` (and `-S -l`) 0.11, and by `openssl dgst -sha256 -sign`, which signs like `cosign sign-blob
// --key`.
const fixture = (name: string) => fs.readFileSync(new URL(`fixtures/${name}`, import.meta.url))
const signed = fixture("signed.sh")
const text = (name: string) => fixture(name).toString()

/** In the format that minisign prints. */
const keyId = /public key ([0-9A-F]{16})/.exec(text("minisign.pub"))?.[1]

const minisign = { signature: text("signed.sh.minisig"), publicKey: text("minisign.pub") }
const legacy = { signature: text("signed.sh.legacy.minisig"), publicKey: text("minisign.pub") }
const cosign = { signature: text("signed.sh.sig"), publicKey: text("cosign.pub") }

describe("DetachedSignature", () => {
  it("verifies what minisign and openssl have signed", () => {
    assert.deepStrictEqual(
      DetachedSignature.verify(signed, minisign),
      Result.succeed(`minisign key ${keyId}, trusted comment: approved for the tests`)
    )
    assert.match(Result.getOrThrow(DetachedSignature.verify(signed, legacy)), /approved for the tests, legacy$/)
    assert.match(
      Result.getOrThrow(DetachedSignature.verify(signed, cosign)),
      /^ECDSA key with the SHA-256 [0-9a-f]{64}$/
    )
    // Only the line, as minisign -P accepts it.
    const publicKey = minisign.publicKey.split("\n")[1]!
    assert.isTrue(Result.isSuccess(DetachedSignature.verify(signed, { ...minisign, publicKey })))
  })

  it.each([minisign, legacy, cosign])("refuses it for any other bytes", (texts) => {
    for (const at of [0, 20, signed.length - 1]) {
      const changed = Buffer.from(signed)
      changed[at]! ^= 1
      assert.match(Result.getOrThrow(Result.flip(DetachedSignature.verify(changed, texts))), /not a signature of this/)
    }
  })

  it("says when another key was given, or the trusted comment was changed", () => {
    const reason = (texts: DetachedSignature.DetachedSignature) =>
      Result.getOrThrow(Result.flip(DetachedSignature.verify(signed, texts)))
    assert.match(reason({ ...minisign, publicKey: text("other-minisign.pub") }), /made with the minisign key C3/)
    assert.match(
      reason({ ...minisign, signature: minisign.signature.replace("for the tests", "for production") }),
      /trusted comment of the signature was changed/
    )
  })

  it.each([
    [{ ...minisign, publicKey: "RWQ" }, /neither a minisign key/],
    [{ ...minisign, signature: "" }, /not a minisign signature/],
    [{ ...minisign, signature: minisign.signature.split("\n").slice(0, 3).join("\n") }, /not a minisign signature/],
    [{ ...minisign, signature: cosign.signature }, /not a minisign signature/],
    [{ ...cosign, signature: minisign.signature }, /not base64/],
    [{ ...cosign, publicKey: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" }, /not a PEM public key/],
    [{ ...cosign, publicKey: cosign.publicKey.replaceAll("PUBLIC", "PRIVATE") }, /not a PEM public key/]
  ])("does not decode what is malformed", (texts, reason) => {
    const exit = Schema.decodeUnknownExit(DetachedSignature.DetachedSignature)(texts)
    assert.isTrue(Exit.isFailure(exit))
    assert.match(Result.getOrThrow(Result.flip(DetachedSignature.verify(signed, texts))), reason)
  })

  it.effect("is a check of the verification, from the options or the policy", () =>
    Effect.gen(function* () {
      yield* VerifySetupScript.verifySetupScript(signed, { signature: cosign })
      yield* VerifySetupScript.verifySetupScript(signed, {
        policy: { signature: minisign, checks: { signature: "demanded" } }
      })
      const failure = yield* Effect.flip(
        VerifySetupScript.verifySetupScript(Buffer.from("#!/bin/sh\necho\n"), { signature: minisign })
      )
      assert.match(failure.message, /1 of \d+ checks failed\. Signature \(signature\): not a signature of this script/)
    })
  )
})

describe("PinFile", () => {
  const digest = Sha256.of(signed)

  it("reads what sha256sum prints, and comments", () => {
    const read = Result.getOrThrow(
      PinFile.parse(`\ufeff# approved\r\n\n${digest}  signed.sh\r\n${digest.toUpperCase()}\n\\${digest} *odd\\nname\n`)
    )
    assert.deepStrictEqual(read, [
      { sha256: digest, comment: "signed.sh" },
      { sha256: digest },
      { sha256: digest, comment: "odd\\nname" }
    ])
    assert.deepStrictEqual(PinFile.parse(""), Result.succeed([]))
  })

  it("reports every malformed line", () => {
    const failure = Result.getOrThrow(
      Result.flip(
        PinFile.parse(`${digest}\n${digest.slice(1)}  a\nd41d8cd98f00b204e9800998ecf8427e  b\nsetup.sh ${digest}\n`)
      )
    )
    assert.strictEqual(failure._tag, "PinFileMalformed")
    assert.strictEqual(
      failure.message,
      "The list of known digests is malformed: line 2 has 63 hexadecimal digits, but a SHA-256 has 64; " +
        "line 3 has 32 hexadecimal digits, but a SHA-256 has 64 (MD5 has that many); " +
        "line 4 does not start with hexadecimal digits."
    )
  })

  it.effect("holds a script to the list", () =>
    Effect.gen(function* () {
      const other = Sha256.of(new Uint8Array())
      const report = yield* VerifySetupScript.verifySetupScript(signed, {
        knownDigests: [{ sha256: other }, { sha256: digest, comment: "signed.sh" }]
      })
      assert.strictEqual(report.checks.find(({ name }) => name === "knownDigest")?.detail, "on the list: signed.sh")
      for (const knownDigests of [[], [{ sha256: other }]]) {
        const failure = yield* Effect.flip(VerifySetupScript.verifySetupScript(signed, { policy: { knownDigests } }))
        assert.match(
          failure.message,
          /Known digest \(knownDigest\): the SHA-256 [0-9a-f]{64} is not among the [01] known/
        )
      }
    })
  )
})
