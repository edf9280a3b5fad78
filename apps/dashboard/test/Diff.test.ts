import { assert, describe, it } from "vitest"
import * as Diff from "../src/review/Diff.ts"

const lines = (text: string) => text.split("\n")

const rows = (before: string, after: string) =>
  (Diff.compare(lines(before), lines(after)) ?? []).map(({ change, left, right }) => [change, left, right])

describe("compare", () => {
  it("puts equal lines side by side", () => {
    assert.deepStrictEqual(rows("a\nb", "a\nb"), [
      ["same", 1, 1],
      ["same", 2, 2]
    ])
  })

  it("puts a changed line beside the line that it replaces", () => {
    assert.deepStrictEqual(rows("a\nold\nz", "a\nnew\nz"), [
      ["same", 1, 1],
      ["changed", 2, 2],
      ["same", 3, 3]
    ])
  })

  it("numbers each side by itself where lines were added or removed", () => {
    assert.deepStrictEqual(rows("a\nz", "a\nx\ny\nz"), [
      ["same", 1, 1],
      ["added", undefined, 2],
      ["added", undefined, 3],
      ["same", 2, 4]
    ])
    assert.deepStrictEqual(rows("a\nx\nz", "a\nz"), [
      ["same", 1, 1],
      ["removed", 2, undefined],
      ["same", 3, 2]
    ])
  })

  it("shows what is left of a longer side below the changed lines", () => {
    assert.deepStrictEqual(rows("x\ny\nz", "1"), [
      ["changed", 1, 1],
      ["removed", 2, undefined],
      ["removed", 3, undefined]
    ])
  })

  it("of one script alone, every line is unchanged", () => {
    assert.deepStrictEqual(Diff.alone(["a", "b"]), [
      { change: "same", left: undefined, right: 1 },
      { change: "same", left: undefined, right: 2 }
    ])
  })
})

describe("stretches", () => {
  const script = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`)

  it("folds what is more than three lines away from a change", () => {
    const changed = script.with(9, "another line 10")
    const compared = Diff.compare(script, changed) ?? []
    assert.deepStrictEqual(Diff.stretches(compared, new Set()), [
      { from: 0, to: 6, folded: true },
      { from: 6, to: 13, folded: false },
      { from: 13, to: 20, folded: true }
    ])
  })

  it("shows the lines around a finding, and does not fold a few lines", () => {
    const compared = Diff.compare(script, script) ?? []
    assert.deepStrictEqual(Diff.stretches(compared, new Set([5, 20])), [
      { from: 0, to: 1, folded: false },
      { from: 1, to: 8, folded: false },
      { from: 8, to: 16, folded: true },
      { from: 16, to: 20, folded: false }
    ])
  })
})
