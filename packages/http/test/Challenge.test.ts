import { assert, describe, it } from "@effect/vitest"
import * as Challenge from "@privx-kit/http/Challenge"
import * as Schema from "effect/Schema"

const read = (value: string) =>
  Challenge.parse(value).map(({ parameters, scheme }) => [scheme, Object.fromEntries(parameters)])

describe("Challenge", () => {
  it("reads several challenges with quoted and bare parameters", () => {
    assert.deepStrictEqual(
      read('Basic realm="a \\"b\\", c", Bearer error=invalid_token , error_description="it is over"'),
      [
        ["basic", { realm: 'a "b", c' }],
        ["bearer", { error: "invalid_token", error_description: "it is over" }]
      ]
    )
    assert.deepStrictEqual(read("Negotiate"), [["negotiate", {}]])
  })

  it("says what was wrong with a bearer token", () => {
    assert.strictEqual(Challenge.bearerProblem('Bearer realm="x", error="invalid_token"'), "invalid_token")
    assert.isUndefined(Challenge.bearerProblem('Basic realm="x"'))
  })

  it("reads nothing from what is too long, in no time", () => {
    assert.deepStrictEqual(read('Bearer a="'.padEnd(1_000_000, "\\")), [])
    read('Bearer a="'.padEnd(4000, "\\"))
    read("a ".repeat(2000))
  })

  it.prop("never throws", [Schema.String], ([value]) => {
    Challenge.parse(value)
  })
})
