import { assert, describe, it } from "@effect/vitest"
import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { anchor, issued, leaf, otherAnchor, root } from "./SampleCertificates.ts"

const problems = (pem: string, address = "ueba.example.com:8443") =>
  TrustAnchors.check(pem, address).pipe(
    Effect.flip,
    Effect.map(({ problems }) => problems)
  )

describe("TrustAnchors.check", () => {
  it.effect("takes an authority, and a chain in any order", () =>
    Effect.gen(function* () {
      const [one] = yield* TrustAnchors.check(anchor, "ueba.example.com")
      assert.strictEqual(one?.name, "Example UEBA trust anchor")
      assert.isTrue(one?.ca)
      const chain = yield* TrustAnchors.check(issued + root, "ueba.example.com")
      assert.deepStrictEqual(
        chain.map(({ ca, name }) => [name, ca]),
        [
          ["ueba.example.com", false],
          ["Example UEBA root", true]
        ]
      )
    })
  )

  it.effect("refuses what is no certificate, and one that is damaged", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problems(""), ["there is no PEM certificate"])
      assert.deepStrictEqual(yield* problems(anchor.replace("MIIBuz", "MIIBuy")), [
        "certificate 1 is base64, and no certificate"
      ])
    })
  )

  it.effect("refuses a chain that has no end, and names what is missing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problems(issued + otherAnchor), [
        "the certificate that signed ueba.example.com is missing"
      ])
    })
  )

  it.effect("refuses a certificate of another host, by name and by address", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problems(root + issued, "other.example.com:8443"), [
        "ueba.example.com is not for other.example.com"
      ])
      assert.deepStrictEqual(yield* problems(root + issued, "https://[2001:db8::1]:8443/"), [
        "ueba.example.com is not for 2001:db8::1"
      ])
    })
  )

  it.effect("refuses what is not valid now", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problems(leaf), ["ueba.example.com is valid only from 2000-01-01 on"])
      yield* TestClock.setTime(Date.UTC(2021, 0, 1))
      const failure = yield* Effect.flip(TrustAnchors.check(leaf, "ueba.example.com"))
      assert.strictEqual(
        failure.message,
        "The trust anchors cannot be used for ueba.example.com: ueba.example.com expired on 2020-12-31."
      )
    })
  )
})

describe("TrustAnchors.isSame", () => {
  it("compares certificates, not texts", () => {
    assert.isTrue(TrustAnchors.isSame(root + issued, `${issued.replaceAll("\n", "\r\n")}${root}`))
    assert.isFalse(TrustAnchors.isSame(root, root + issued))
    assert.isFalse(TrustAnchors.isSame("", root))
    assert.isFalse(TrustAnchors.isSame("nothing", "else"))
  })
})
