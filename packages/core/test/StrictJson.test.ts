import { assert, describe, it } from "@effect/vitest"
import { StrictJson } from "@privx-kit/core"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const problem = (source: string | Uint8Array) => Result.getOrThrow(Result.flip(StrictJson.parse(source)))

const value = (source: string | Uint8Array) => Result.getOrThrow(StrictJson.parse(source))

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`

describe("StrictJson.parse", () => {
  it.prop("reads everything that JSON.stringify writes, with any white space", [Schema.Json], ([json]) => {
    for (const space of [0, 2, "\t"]) {
      const text = JSON.stringify(json, null, space)
      assert.deepStrictEqual(value(text), JSON.parse(text))
      assert.deepStrictEqual(value(Buffer.from(text)), JSON.parse(text))
    }
  })

  it("refuses two equal keys in one object, however they are written and wherever they are", () => {
    assert.strictEqual(problem('{"a":1,"a":1}'), 'has the key "a" twice')
    assert.strictEqual(problem('[{"x":[]},{"a":{"b":1,"c":{},"b":2}}]'), 'has the key "b" twice')
    assert.strictEqual(problem('{"a":1,"\\u0061":2}'), 'has the key "a" twice')
    assert.strictEqual(problem('{"a\\"b":1,"x":"}{","a\\"b":2}'), 'has the key "a\\"b" twice')
    assert.strictEqual(problem('{"__proto__":1,"__proto__":2}'), 'has the key "__proto__" twice')
  })

  it("takes equal keys of different objects, and values that equal a key", () => {
    const text = '{"a":{"a":{"a":"a"}},"b":["a","a",{"a":1},{"a":1}],"c":"\\"a\\":1,\\"a\\""}'
    assert.deepStrictEqual(value(text), JSON.parse(text))
  })

  it("refuses numbers that another reader could read differently", () => {
    for (const number of ["5625.0", "5625.00000000000000001", "12345678901234567891", "1e400", "-0", "1E3", "0.10"]) {
      assert.strictEqual(problem(`{"bytes":${number}}`), `has the number ${number} in an unusual form`)
    }
    assert.deepStrictEqual(value("[0,-1,5625,1.5,1e+21,1e-7]"), [0, -1, 5625, 1.5, 1e21, 1e-7])
  })

  it("refuses what is not JSON in UTF-8", () => {
    assert.strictEqual(problem("{'a':1}"), "is not JSON")
    assert.strictEqual(problem(""), "is not JSON")
    assert.strictEqual(problem('{"a":1}{"a":1}'), "is not JSON")
    assert.strictEqual(problem(Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d])), "is not JSON")
    assert.strictEqual(problem(Buffer.from([0x22, 0xff, 0x22])), "is not UTF-8 text")
  })

  it("refuses nesting beyond 64 levels", () => {
    assert.deepStrictEqual(value(nested(64)), JSON.parse(nested(64)))
    assert.strictEqual(problem(nested(65)), "is nested deeper than 64 levels")
    assert.strictEqual(problem(nested(100_000)), "is nested deeper than 64 levels")
  })

  it("reads long strings", () => {
    const long = '\\"x'.repeat(1_000_000)
    assert.deepStrictEqual(value(`{"a":"${long}"}`), JSON.parse(`{"a":"${long}"}`))
  })
})
