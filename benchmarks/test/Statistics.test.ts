import { describe, expect, it } from "vitest"
import * as Options from "../src/Options.ts"
import * as Statistics from "../src/Statistics.ts"

describe("Statistics", () => {
  it("takes the middle value, or the mean of the two in the middle", () => {
    expect(Statistics.median([9, 1, 5])).toBe(5)
    expect(Statistics.median([4, 1, 3, 2])).toBe(2.5)
  })

  it("compares within each round, so that a drift of the machine falls out", () => {
    expect(Statistics.medianRatio([50, 5, 500], [100, 10, 1000])).toBe(0.5)
  })

  it("finds how much grows with each step, and nothing where nothing varies", () => {
    expect(
      Statistics.slope([
        [0, 1],
        [1, 3],
        [2, 5]
      ])
    ).toBe(2)
    expect(Statistics.slope([[1, 5]])).toBe(0)
  })
})

describe("Options", () => {
  it("measures every suite but the long one, in five rounds, by default", () => {
    const options = Options.parse([], "/tmp")
    expect(options.suites).toEqual(["requests", "errors", "download"])
    expect(options.rounds).toBe(5)
    expect(Options.parse(["--suite", "soak", "--rounds", "7"], "/tmp")).toMatchObject({ suites: ["soak"], rounds: 7 })
  })

  it("refuses what it does not know", () => {
    expect(() => Options.parse(["--suite", "sleep"], "/tmp")).toThrow(Options.UsageError)
    expect(() => Options.parse(["--fast"], "/tmp")).toThrow(Options.UsageError)
  })
})
