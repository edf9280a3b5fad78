import { assert, describe, it } from "@effect/vitest"
import { RunId } from "@privx-kit/core"
import * as Schema from "effect/Schema"

const isRunId = Schema.is(RunId.RunId)

describe("RunId", () => {
  it("is a UUID, or a name of letters, digits, - and _", () => {
    for (const id of ["0c9f4e0e-5c3b-4c4e-9f0a-6c6f5f1d2a10", "one", "A_1", "0".repeat(64)])
      assert.isTrue(isRunId(id), id)
  })

  it("is no path, no option, no pattern and no empty text", () => {
    const others = [
      "",
      ".",
      "..",
      "../x",
      "a/b",
      "a\\b",
      "/etc",
      "-rf",
      "_x",
      ".hidden",
      "a.part",
      "a b",
      "a\n",
      "a\0",
      "é",
      "*",
      "0".repeat(65)
    ]
    for (const id of others) assert.isFalse(isRunId(id), JSON.stringify(id))
  })
})
