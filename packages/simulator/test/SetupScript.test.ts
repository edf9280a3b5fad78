import { assert, describe, it } from "@effect/vitest"
import { createHash, X509Certificate } from "node:crypto"
import { parse } from "sh-syntax"
import * as SetupScript from "../src/SetupScript.ts"

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

describe("SetupScript", () => {
  it("parses as shell, in any size", async () => {
    for (const text of [SetupScript.text, SetupScript.ofSize(100_001), SetupScript.ofSize(50)]) {
      await parse(text)
    }
  })

  it("says in its first lines that it is simulated", () => {
    assert.match(SetupScript.text, /^#!\/usr\/bin\/env bash\n#\n# SIMULATED/)
  })

  it("is the same bytes in every process: a pin can be written down", () => {
    assert.strictEqual(SetupScript.sha256, "83c632490fff16a0b441da06324db9816a09f5e255ef7237ede13eb5fc711c9e")
    assert.strictEqual(SetupScript.sha256, sha256(SetupScript.text))
  })

  it("holds a trust anchor that is a certificate of an authority, and valid", () => {
    const [pem = ""] = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(SetupScript.text) ?? []
    const certificate = new X509Certificate(pem)
    assert.isTrue(certificate.ca)
    assert.isAbove(Date.parse(certificate.validTo), Date.now())
    assert.include(certificate.subject, "not for production")
  })

  it("holds the address and the trust anchors that it is made with, quoted for the shell", async () => {
    const text = SetupScript.make({ address: "it's:443", trustAnchors: "-----BEGIN X-----\nAA==\n-----END X-----\n" })
    await parse(text)
    assert.include(text, `readonly PRIVX_UEBA_ADDRESS='it'\\''s:443'`)
    assert.include(text, "\n-----BEGIN X-----\nAA==\n-----END X-----\nPEM\n")
  })

  it("is exactly as large as asked for", () => {
    const whole = SetupScript.text.length
    for (const bytes of [50, 51, 52, 121, 122, 123, 1_000, whole - 1, whole, whole + 1, whole + 72, 1_000_000]) {
      assert.strictEqual(Buffer.byteLength(SetupScript.ofSize(bytes)), bytes)
    }
    assert.throws(() => SetupScript.ofSize(10), RangeError)
    assert.throws(() => SetupScript.ofSize(100.5), RangeError)
  })
})
