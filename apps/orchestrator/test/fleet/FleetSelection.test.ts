import { assert, describe, it } from "@effect/vitest"
import { globOf, selecting } from "../../src/fleet/FleetSelection.ts"

describe("a pattern", () => {
  it("has * for anything, also for nothing, and nothing else that is special", () => {
    const fits: ReadonlyArray<readonly [pattern: string, text: string, fits: boolean]> = [
      ["hel-1", "hel-1", true],
      ["hel-1", "hel-11", false],
      ["hel-*", "hel-", true],
      ["*-1", "hel-1", true],
      ["*-1", "hel-12", false],
      ["*", "", true],
      ["a*a", "a", false],
      ["a*a", "aa", true],
      ["a*b*c", "aXbYc", true],
      ["a*b*c", "acb", false],
      ["a*bc*c", "abc", false],
      ["**", "a", true],
      ["*.example.com", "privx.example.com", true],
      ["*.example.com", "privx-example.com", false],
      ["*.example.com", "privx.example.com.evil.org", false],
      ["h?l", "hel", false],
      ["[a]", "a", false]
    ]
    for (const [pattern, text, expected] of fits) assert.strictEqual(globOf(pattern).test(text), expected, pattern)
  })

  it("with many stars says no at once", { timeout: 5000 }, () => {
    const host = { name: "a".repeat(63), labels: {} }
    assert.isFalse(selecting({ only: [`${"*a".repeat(60)}*b`], label: [] })(host))
  })
})
