import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Text from "../../src/terminal/Text.ts"

describe("Text", () => {
  it("writes durations no more exactly than they are read", () => {
    assert.strictEqual(Text.duration(0.4), "0 ms")
    assert.strictEqual(Text.duration(340), "340 ms")
    assert.strictEqual(Text.duration(1234), "1.2 s")
    assert.strictEqual(Text.duration(59_949), "59.9 s")
    assert.strictEqual(Text.duration(59_950), "1 min 00 s")
    assert.strictEqual(Text.duration(125_400), "2 min 05 s")
  })

  it("writes sizes in decimal units and never as 1000 of one", () => {
    assert.strictEqual(Text.bytes(999), "999 B")
    assert.strictEqual(Text.bytes(1000), "1.0 kB")
    assert.strictEqual(Text.bytes(999_949), "999.9 kB")
    assert.strictEqual(Text.bytes(999_950), "1.0 MB")
    assert.strictEqual(Text.bytes(1_073_741_824), "1.1 GB")
  })

  it("groups digits by three", () => {
    assert.strictEqual(Text.grouped(0), "0")
    assert.strictEqual(Text.grouped(1234), "1 234")
    assert.strictEqual(Text.grouped(123_456_789), "123 456 789")
  })

  it("measures text without its colours", () => {
    assert.strictEqual(Text.width("\u001b[32m✓\u001b[39m ok"), 4)
  })

  it("wraps so that only a single word can be longer than the line, and loses no word", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { maxLength: 30 }),
        fc.integer({ min: 4, max: 40 }),
        (words, columns) => {
          const lines = Text.wrap(words.join(" "), columns)
          assert.strictEqual(lines.join(" "), words.join(" "))
          for (const line of lines) assert.isTrue(line.length <= columns || !line.includes(" "), line)
        }
      )
    )
  })

  it("aligns the second column, and puts a long first column on its own line", () => {
    assert.deepStrictEqual(
      Text.columns(
        [
          ["a", "one two three four five six"],
          ["a-very-long-name", "seven"]
        ],
        { indent: 2, columns: 32, maxLeft: 4 }
      ),
      ["  a     one two three four five", "        six", "  a-very-long-name", "        seven"]
    )
  })
})
