/**
 * The analysis of a script is linear. The test counts the interpreted commands for growing scripts; `corpus/Growth.ts`
 * measures the time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as parser from "unbash"
import { ScriptInterpreter } from "../src/internal/interpreter/interpreter.ts"
import { locator } from "../src/internal/syntax/locator.ts"

/** The number of interpreted commands, including repetitions. */
const work = (text: string): number => {
  const script = parser.parse(text)
  const interpreter = new ScriptInterpreter(parser, { node: script, text, anchor: undefined })
  interpreter.runAll(script, text)
  return interpreter.machine.work
}

const calls = (depth: number) =>
  Array.from({ length: depth }, (_, at) => `f${at}() { f${at + 1}; f${at + 1}; }\n`).join("")

describe("the work of the analysis", () => {
  it.each<[string, (size: number) => string]>([
    ["commands", (size) => "echo a\n".repeat(size)],
    ["functions that call each other twice", (size) => `${calls(25)}${"f0\n".repeat(size)}`],
    [
      "loops in functions",
      (size) => `f() { for a in 1 2 3; do for b in 4 5 6; do rm $a$b; done; done; }\n${"f\n".repeat(size)}`
    ],
    ["code within code", (size) => `sh -c "sh -c 'sh -c ls'"\n`.repeat(size)],
    ["eval of a long variable", (size) => `a='${"ls;".repeat(3000)}'\n${'eval "$a"\n'.repeat(size)}`],
    ["a variable that doubles", (size) => "a=$a$a; eval $a\n".repeat(size)],
    ["alternatives", (size) => "if x; then a=$a$b; else b=c$a; fi; rm $a $b\n".repeat(size)]
  ])("is bounded for %s", (_, script) => {
    for (const size of [1000, 4000, 16_000]) {
      const text = script(size)
      // Each command is interpreted once, and again only within the step budget of the machine.
      assert.isAtMost(work(text), text.length + 2 * (20_000 + text.length / 16))
    }
  })

  it("follows what is called a few times to its end", () => {
    assert.isAtLeast(work(`f() { ls; }\n${"f\n".repeat(100)}`), 200)
  })
})

describe("locator", () => {
  it("counts characters, not halves of them, and goes back", () => {
    const at = locator("a😀b\nc\n\nd")
    assert.deepStrictEqual(
      [0, 3, 5, 7, 8, 1].map((offset) => at(offset)),
      [
        { line: 1, column: 1 },
        { line: 1, column: 3 },
        { line: 2, column: 1 },
        { line: 3, column: 1 },
        { line: 4, column: 1 },
        { line: 1, column: 2 }
      ]
    )
  })
})
