import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as DurationText from "../src/DurationText.ts"

const millis = (text: string) => Option.getOrUndefined(Option.map(DurationText.parse(text), Duration.toMillis))

describe("DurationText", () => {
  it("reads what one types", () => {
    assert.strictEqual(millis("500ms"), 500)
    assert.strictEqual(millis("30s"), 30_000)
    assert.strictEqual(millis("1.5 s"), 1500)
    assert.strictEqual(millis("2m"), 120_000)
    assert.strictEqual(millis("2min"), 120_000)
    assert.strictEqual(millis("1h"), 3_600_000)
  })

  it("refuses what has no unit, is not above zero, or is longer than a timer can wait", () => {
    for (const text of ["30", "", "s", "0s", "-1s", "1e3s", "600h", "forever", "1 2s"]) {
      assert.isUndefined(millis(text), text)
    }
  })
})
