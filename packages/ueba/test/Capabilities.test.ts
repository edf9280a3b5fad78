import { assert, describe, it } from "@effect/vitest"
import {
  Capabilities,
  CapabilityRules,
  type ScriptFacts,
  VerificationPolicy,
  VerificationReport,
  VerifySetupScript
} from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

const fact = (kind: ScriptFacts.FactKind, subject: string, line = 1, concern?: string): ScriptFacts.ScriptFact => ({
  kind,
  subject,
  by: "x",
  position: { line, column: 1 },
  excerpt: "x",
  ...(concern === undefined ? undefined : { concern })
})

const of = (...facts: ReadonlyArray<readonly [kind: ScriptFacts.FactKind, subject: string]>) =>
  Capabilities.fromFacts(facts.map(([kind, subject]) => fact(kind, subject)))

describe("Capabilities", () => {
  it("are each kind and subject once, where it is done first", () => {
    const facts = [fact("writes", "/etc/a", 2), fact("writes", "/etc/b", 3), fact("writes", "/etc/a", 4, "sensitive")]
    assert.deepStrictEqual(
      Capabilities.fromFacts(facts).map(({ concern, count, position, subject }) => [
        subject,
        count,
        position.line,
        concern
      ]),
      [
        ["/etc/a", 2, 2, "sensitive"],
        ["/etc/b", 1, 3, undefined]
      ]
    )
  })

  it("are listed in one sentence, with what needs root", () => {
    const script = of(
      ["writes", "/etc/ueba"],
      ["downloads", "https://get.example.com/a"],
      ["installsPackage", "curl"],
      ["installsPackage", "jq"],
      ["changesUser", "ueba"],
      ["changesService", "ueba"],
      ["opensPort", "8443/tcp"]
    )
    assert.strictEqual(
      Capabilities.sentence(script),
      "This script downloads from https://get.example.com/a; installs the packages curl and jq; creates or changes the " +
        "user or group ueba; starts, stops or changes the service ueba; opens the port or service 8443/tcp; writes to " +
        "/etc/ueba; needs root."
    )
    assert.deepStrictEqual(Capabilities.describe(of(["writes", "/tmp/x"])), ["writes to /tmp/x"])
    assert.deepStrictEqual(Capabilities.describe(of(["writes", "/etc/x"])), ["writes to /etc/x", "needs root"])
    assert.match(Capabilities.sentence([]), /No command of this script writes, removes, downloads or installs anything/)
    const many = of(...Array.from({ length: 20 }, (_, at) => ["writes", `/tmp/${at}`] as const))
    assert.match(Capabilities.sentence(many), /\/tmp\/7 and 12 more\.$/)
  })

  it("compare two scripts by what they do", () => {
    const before = of(["writes", "/etc/a"], ["downloads", "https://a"])
    const after = of(["writes", "/etc/a"], ["writes", "/etc/sudoers.d/x"])
    const { added, removed } = Capabilities.compare(before, after)
    assert.deepStrictEqual(Capabilities.describeEach(added), ["writes to /etc/sudoers.d/x"])
    assert.deepStrictEqual(Capabilities.describeEach(removed), ["downloads from https://a"])
  })
})

describe("CapabilityRules", () => {
  const decode = Schema.decodeUnknownExit(CapabilityRules.CapabilityRules)

  it("refuse a name that no kind has, and a rule that is none", () => {
    assert.deepStrictEqual<unknown>(decode({ writes: "forbidden" }), Exit.succeed({ writes: "forbidden" }))
    for (const wrong of [
      { write: "forbidden" },
      { writes: "never" },
      { writes: { allowed: "/etc" } },
      { writes: { alowed: ["/etc"] } },
      { writes: [] }
    ]) {
      assert.isTrue(Exit.isFailure(decode(wrong)), JSON.stringify(wrong))
    }
  })

  it.each<[CapabilityRules.CapabilityRules, ScriptFacts.FactKind, string, boolean]>([
    [{}, "writes", "/etc/x", true],
    [{ others: "forbidden" }, "writes", "/etc/x", false],
    [{ others: "forbidden", writes: "allowed" }, "writes", "/etc/x", true],
    [{ writes: { allowed: ["/etc/ueba"] } }, "writes", "/etc/ueba", true],
    [{ writes: { allowed: ["/etc/ueba"] } }, "writes", "/etc/ueba/a/b", true],
    [{ writes: { allowed: ["/etc/ueba/"] } }, "writes", "/etc/ueba/a", true],
    [{ writes: { allowed: ["/etc/ueba"] } }, "writes", "/etc/ueba2", false],
    [{ writes: { allowed: ["/etc/ueba"] } }, "writes", "/etc/ueba/../sudoers", false],
    [{ writes: { allowed: ["/etc/ueba"] } }, "writes", "$…/x", false],
    [{ writes: { allowed: ["/etc/ueba"] } }, "writes", "/etc/ueba/$…", false],
    [{ writes: { allowed: ["*"] } }, "writes", "/etc/ueba/$…", true],
    [{ writes: { allowed: ["/"] } }, "writes", "/etc/x", true],
    [{ writes: { forbidden: ["/etc/sudoers*"] } }, "writes", "/etc/sudoers.d/x", false],
    [{ writes: { allowed: ["/etc"], forbidden: ["/etc/ssh"] } }, "writes", "/etc/ssh/sshd_config", false],
    [{ downloads: { allowed: ["https://*.example.com/*"] } }, "downloads", "https://get.example.com/a", true],
    [{ downloads: { allowed: ["https://*.example.com/*"] } }, "downloads", "http://get.example.com/a", false],
    [
      { downloads: { allowed: ["https://get.example.com"] } },
      "downloads",
      "https://get.example.com.evil.example",
      false
    ],
    [{ installsPackage: { allowed: ["curl"] } }, "installsPackage", "curl", true],
    [{ installsPackage: { allowed: ["a*b*c"] } }, "installsPackage", "a-b-b-c", true],
    [{ installsPackage: { allowed: ["ab*ba"] } }, "installsPackage", "aba", false],
    [{ installsPackage: { allowed: [] } }, "installsPackage", "curl", false]
  ])("of %j judge %s %s: %s", (rules, kind, subject, allowed) => {
    assert.strictEqual(CapabilityRules.violations(rules, of([kind, subject])).length === 0, allowed)
  })
})

describe("a policy", () => {
  const inspect = (text: string, policy: VerificationPolicy.VerificationPolicy) =>
    VerifySetupScript.inspectSetupScript(new TextEncoder().encode(`#!/bin/sh\n${text}`), { policy })

  it.effect("forbids what a script does, and names the place; without rules it has no say", () =>
    Effect.gen(function* () {
      const text = "echo x > /etc/ueba/a\necho x > /etc/sudoers.d/x\n"
      const check = (report: VerificationReport.VerificationReport) =>
        report.checks.find(({ name }) => name === "allowedCapabilities")!
      const none = yield* inspect(text, {})
      assert.strictEqual(check(none).outcome, "notApplicable")
      assert.include(
        (none.capabilities ?? []).map(({ kind, subject }) => `${kind} ${subject}`),
        "writes /etc/sudoers.d/x"
      )
      const refused = yield* inspect(text, { capabilities: { writes: { allowed: ["/etc/ueba"] } } })
      assert.isFalse(refused.verified)
      assert.deepInclude(check(refused), {
        outcome: "failed",
        detail: "not allowed: writes to /etc/sudoers.d/x",
        position: { line: 3, column: 1 }
      })
      const passed = yield* inspect(text, { capabilities: { writes: { allowed: ["/etc"] }, others: "forbidden" } })
      assert.isTrue(passed.verified)
    })
  )

  it.effect("takes the options of openssl for what they are", () =>
    Effect.gen(function* () {
      const writes = (text: string) =>
        Effect.map(inspect(text, {}), ({ capabilities }) =>
          (capabilities ?? []).filter(({ kind }) => kind === "writes").map(({ subject }) => subject)
        )
      assert.deepStrictEqual(yield* writes("openssl x509 -noout -checkend 0 -outform DER < /etc/a.pem\n"), [])
      const made = yield* writes("openssl req -x509 -keyout /etc/ueba/key -out /etc/ueba/crt\n")
      assert.deepStrictEqual(made, ["/etc/ueba/key", "/etc/ueba/crt"])
    })
  )

  it.effect("does not pass a script that could not be parsed, and its report claims nothing of it", () =>
    Effect.gen(function* () {
      const report = yield* VerifySetupScript.inspectSetupScript(Uint8Array.of(0x1f, 0x8b, 0), {
        policy: { capabilities: { writes: "forbidden" } }
      })
      assert.strictEqual(report.capabilities, undefined)
      assert.strictEqual(report.checks.find(({ name }) => name === "allowedCapabilities")?.outcome, "failed")
    })
  )
})
