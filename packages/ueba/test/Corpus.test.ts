import { assert, describe, it } from "@effect/vitest"
import { VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import * as Variants from "../corpus/Variants.ts"

const complaints = (bytes: Uint8Array) =>
  Effect.map(VerifySetupScript.inspectSetupScript(bytes), (report) => ({
    report,
    names: [...VerificationReport.checksThat("failed", report), ...VerificationReport.checksThat("warned", report)].map(
      ({ name }) => name
    )
  }))

describe("the corpus of scripts", () => {
  it("has hostile scripts in every category, and harmless ones, each once", () => {
    const hostile = Variants.hostileCategories.flatMap((category) => Variants.read(category))
    assert.isAtLeast(hostile.length, 300)
    assert.isAtLeast(Variants.read("harmless").length, 100)
    for (const category of Variants.hostileCategories) assert.isAtLeast(Variants.read(category).length, 40, category)
    const texts = hostile.map(({ bytes }) => Buffer.from(bytes).toString("latin1"))
    assert.strictEqual(new Set(texts).size, texts.length)
  })

  it.effect("has a carrier that no check complains of", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* complaints(Variants.carrierOf("sh"))).names, [])
      assert.deepStrictEqual((yield* complaints(Variants.carrierOf("bash"))).names, [])
    })
  )

  it.effect("has harmless scripts, none of which is refused and hardly any warned of", () =>
    Effect.gen(function* () {
      const harmless = Variants.read("harmless")
      const judged = yield* Effect.forEach(harmless, ({ bytes }) => complaints(bytes))
      assert.isTrue(judged.every(({ report }) => report.verified))
      assert.isAtMost(judged.filter(({ names }) => names.length > 0).length, harmless.length * 0.05)
    })
  )

  // Written without reading the rules; docs/verification.md says what was noticed before these scripts were used to
  // improve the rules.
  it.effect.each([
    ["third", 0.9, 0.6],
    ["fourth", 0.8, 0.5]
  ] as const)("has a set that was unseen, the %s", ([name, plain, obfuscated]) =>
    Effect.gen(function* () {
      const directory = path.join(import.meta.dirname, "../corpus/unseen", name)
      for (const category of Variants.hostileCategories) {
        for (const [level, least] of [
          ["plain", plain],
          ["obfuscated", obfuscated]
        ] as const) {
          const members = Variants.read(category, directory).filter((variant) => variant.level === level)
          const judged = yield* Effect.forEach(members, ({ bytes }) => complaints(bytes))
          const noticed = judged.filter(({ names }) => names.length > 0).length
          assert.isAtLeast(noticed / members.length, least, `${category}: ${noticed} of ${members.length} ${level}`)
        }
      }
      const harmless = yield* Effect.forEach(Variants.read("harmless", directory), ({ bytes }) => complaints(bytes))
      assert.isTrue(harmless.every(({ report }) => report.verified))
      assert.isAtMost(harmless.filter(({ names }) => names.length > 0).length, harmless.length * 0.05)
    })
  )

  // The current figures, so that they cannot get worse unnoticed; docs/verification.md has the measurements.
  it.effect.each<[category: string, plain: number, obfuscated: number]>([
    ["fetch-and-run", 0.85, 0.6],
    ["obfuscation", 0.85, 0.6],
    ["removal", 0.85, 0.6],
    ["writes", 0.85, 0.6],
    ["reader", 0.85, 0.6],
    ["tail", 0.85, 0.6],
    ["persistence", 0.85, 0.6],
    ["cut", 0.9, 0.9]
  ])("has hostile scripts that are noticed: %s", ([category, plain, obfuscated]) =>
    Effect.gen(function* () {
      for (const [level, least] of [
        ["plain", plain],
        ["obfuscated", obfuscated]
      ] as const) {
        const members = Variants.read(category).filter((variant) => variant.level === level)
        const judged = yield* Effect.forEach(members, ({ bytes }) => complaints(bytes))
        const noticed = judged.filter(({ names }) => names.length > 0).length
        assert.isAtLeast(noticed / members.length, least, `${noticed} of ${members.length} ${level}`)
      }
    })
  )
})
