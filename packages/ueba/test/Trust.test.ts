import { assert, describe, it } from "@effect/vitest"
import { VerificationPolicy, VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { anchor, leaf, otherAnchor } from "./SampleCertificates.ts"

const script = (pem: string, address = "ueba.example.com:8443") =>
  `#!/bin/sh\nADDRESS='${address}'\ncat > /etc/ueba.pem <<'PEM'\n${pem}PEM\n`

const finding = Effect.fnUntraced(function* (
  text: string,
  name: VerificationPolicy.CheckName,
  configuration?: VerificationPolicy.ExpectedConfiguration
) {
  const report = yield* VerifySetupScript.inspectSetupScript(new TextEncoder().encode(text), { configuration })
  const check = report.checks.find((check) => check.name === name)!
  return `${check.outcome}: ${VerificationReport.renderFinding(check)}`
})

describe("certificates", () => {
  const indented = anchor.replace(/^/gm, "    ").trimEnd() + "\n"

  it.effect.each([
    script(anchor),
    script(indented),
    script(anchor).replaceAll("\n", "\r\n"),
    `#!/bin/sh\nprintf '${anchor.replaceAll("\n", "\\n")}'\n`
  ])("reads them however they are written", (text) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* finding(text, "certificates"), "passed: 1 read, valid now")
    })
  )

  it.effect("does not apply where there is none, or only its marks", () =>
    Effect.gen(function* () {
      const marks = "#!/bin/sh\nsed -n '/-----BEGIN CERTIFICATE-----/,/-----END CERTIFICATE-----/p' a\n"
      for (const text of ["#!/bin/sh\necho\n", marks]) {
        assert.strictEqual(yield* finding(text, "certificates"), "notApplicable: there is no PEM certificate in it")
      }
    })
  )

  it.effect("reports what is damaged, and where", () =>
    Effect.gen(function* () {
      const changed = (at: number, character: string) =>
        script(otherAnchor + anchor.slice(0, at) + character + anchor.slice(at + 1))
      const line = otherAnchor.trimEnd().split("\n").length + 4
      assert.strictEqual(
        yield* finding(changed(200, "!"), "certificates"),
        `failed: the certificate is not base64 throughout (line ${line}, column 1)`
      )
      // A position within the key.
      assert.match(
        yield* finding(changed(400, anchor.charAt(400) === "A" ? "B" : "A"), "certificates"),
        /failed: .*damaged|failed: .*no certificate/
      )
      assert.match(
        yield* finding(script(anchor.slice(0, 200) + "\n"), "certificates"),
        /failed: the certificate has no end/
      )
    })
  )

  it.effect("goes by the clock", () =>
    Effect.gen(function* () {
      assert.match(
        yield* finding(script(leaf), "certificates"),
        /failed: ueba.example.com is valid only from 2000-01-01/
      )
      yield* TestClock.setTime(Date.UTC(2010, 0, 1))
      assert.strictEqual(yield* finding(script(leaf + anchor), "certificates"), "passed: 2 read, valid now")
      yield* TestClock.setTime(Date.UTC(2020, 11, 20))
      assert.match(yield* finding(script(leaf), "certificates"), /warned: ueba.example.com expires on 2020-12-31/)
      yield* TestClock.setTime(Date.UTC(2021, 5, 1))
      assert.match(yield* finding(script(leaf), "certificates"), /failed: ueba.example.com expired on 2020-12-31/)
    })
  )
})

describe("the UEBA configuration", () => {
  const configuration = { address: "ueba.example.com:8443", trust_anchors: anchor }

  it.effect("passes a script with the same address and trust anchors, and applies only where it is given", () =>
    Effect.gen(function* () {
      const text = script(anchor)
      assert.strictEqual(yield* finding(text, "configuredAddress", configuration), "passed: ueba.example.com:8443")
      assert.strictEqual(yield* finding(text, "configuredTrustAnchors", configuration), "passed: 1 as configured")
      assert.match(yield* finding(text, "certificateNames", configuration), /notApplicable: .*CA certificates/)
      for (const name of ["configuredAddress", "configuredTrustAnchors", "certificateNames"] as const) {
        assert.strictEqual(yield* finding(text, name), "notApplicable: no UEBA configuration was given")
      }
    })
  )

  it.effect.each<[string, string]>([
    ["ueba.example.org:8443", "warned: ueba.example.com:8443 is not in the script"],
    ["ueba.example.com:84430", "warned: ueba.example.com:8443 is not in the script, but ueba.example.com is"],
    ["my-ueba.example.com:8443", "warned: ueba.example.com:8443 is not in the script"],
    ["https://ueba.example.com:8443/", "passed: ueba.example.com:8443"]
  ])("looks for the address as a whole: %s", ([address, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* finding(script(anchor, address), "configuredAddress", configuration), expected)
    })
  )

  it.effect("names the trust anchor that is missing, and the one that should not be there", () =>
    Effect.gen(function* () {
      const anchors = (pem: string, trust_anchors: string) =>
        finding(script(pem), "configuredTrustAnchors", { ...configuration, trust_anchors })
      assert.strictEqual(
        yield* anchors(otherAnchor, anchor),
        "warned: Example UEBA trust anchor is missing; Another trust anchor is not configured (line 4, column 1)"
      )
      assert.strictEqual(yield* anchors("", anchor), "warned: Example UEBA trust anchor is missing")
      assert.match(yield* anchors(anchor + otherAnchor, anchor), /warned: Another trust anchor is not configured/)
      assert.strictEqual(yield* anchors(otherAnchor + anchor, `${anchor}\n${otherAnchor}`), "passed: 2 as configured")
      assert.strictEqual(
        yield* anchors(anchor, "not PEM"),
        "warned: the trust anchors of the configuration cannot be read"
      )
    })
  )

  it.effect("holds a certificate of a host to the configured address", () =>
    Effect.gen(function* () {
      const names = (address: string) => finding(script(leaf), "certificateNames", { address, trust_anchors: leaf })
      assert.strictEqual(yield* names("https://ueba.example.com:8443"), "passed: for ueba.example.com")
      assert.match(yield* names("ueba.example.org"), /warned: ueba.example.com is not for ueba.example.org/)
    })
  )

  it.effect(
    "could not examine the script where PrivX gave no configuration, and does not apply where nothing is configured",
    () =>
      Effect.gen(function* () {
        const bytes = new TextEncoder().encode(script(anchor))
        const details = (options: VerifySetupScript.Options) =>
          Effect.map(VerifySetupScript.inspectSetupScript(bytes, options), ({ checks }) =>
            checks
              .filter(({ name }) => name.startsWith("configured"))
              .map(({ detail, outcome }) => `${outcome}: ${detail}`)
          )
        const unknown = { configurationUnknown: "PrivX answered 403 PERMISSION_DENIED" }
        const why =
          "could not examine the script: the UEBA configuration is unknown: PrivX answered 403 PERMISSION_DENIED"
        assert.deepStrictEqual(yield* details(unknown), [`warned: ${why}`, `warned: ${why}`])
        const demanded = { checks: { configuredAddress: "demanded", configuredTrustAnchors: "warned" } } as const
        assert.deepStrictEqual(yield* details({ ...unknown, policy: demanded }), [`failed: ${why}`, `warned: ${why}`])
        assert.match((yield* details({ ...unknown, configuration }))[0] ?? "", /^passed/)

        const empty = { address: " ", trust_anchors: "" }
        assert.match(
          (yield* details({ configuration: empty })).join(),
          /^notApplicable: .* empty.*,notApplicable: .* empty/
        )
        const half = { address: "", trust_anchors: anchor }
        assert.strictEqual((yield* details({ configuration: half }))[0], "warned: the configuration has no address")
      })
  )

  it("is kept without what people paste beside it", () => {
    const { configurationOf } = VerificationPolicy
    const pasted = `Secret ${anchor} -----BEGIN PRIVATE KEY-----\nU2VjcmV0\n-----END PRIVATE KEY-----\n${otherAnchor}`
    assert.deepStrictEqual(configurationOf({ address: " https://me:Secret@ueba:1/x ", trust_anchors: pasted }), {
      address: "ueba:1/x",
      trust_anchors: anchor + otherAnchor
    })
    for (const address of ["ueba.example.com:8443", "https://ueba.example.com/a@b", "[2001:db8::1]:8443"]) {
      assert.strictEqual(configurationOf({ address, trust_anchors: "" }).address, address)
    }
  })

  it.effect.each(["Secret", "-----BEGIN CERTIFICATE-----\nU2VjcmV0IG9mIG91cnM=\n-----END CERTIFICATE-----\n"])(
    "that cannot be read is said to be so, without its text: %s",
    (trust_anchors) =>
      Effect.gen(function* () {
        const kept = VerificationPolicy.configurationOf({ ...configuration, trust_anchors })
        assert.notMatch(kept.trust_anchors, /Secret|U2Vj/)
        assert.strictEqual(
          yield* finding(script(anchor), "configuredTrustAnchors", kept),
          "warned: the trust anchors of the configuration cannot be read"
        )
      })
  )
})
