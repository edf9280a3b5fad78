import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as Readme from "../scripts/readme.ts"

describe("the README", () => {
  it("has the tables that the program has: pnpm --filter privx-kit readme", () => {
    const text = fs.readFileSync(Readme.file, "utf8")
    assert.strictEqual(text, Readme.refresh(text))
  })
})
