import { assert, describe, it } from "@effect/vitest"
import * as OutputStream from "../../src/terminal/OutputStream.ts"

describe("an output that is a file", () => {
  it("gets every byte, also where the system takes fewer at a time", async () => {
    const taken: Array<number> = []
    const output = OutputStream.ofFile(1, "Standard output", (_, bytes, offset) => {
      taken.push(...bytes.subarray(offset, offset + 3))
      return Math.min(3, bytes.length - offset)
    })
    output.write("hällo ")
    output.write(Buffer.from([0, 255]))
    assert.isUndefined(await output.flush())
    assert.deepStrictEqual(Buffer.from(taken), Buffer.concat([Buffer.from("hällo "), Buffer.from([0, 255])]))
  })

  it("fails where the disk takes a part and is full then, and writes nothing afterwards", async () => {
    let calls = 0
    const output = OutputStream.ofFile(1, "Standard output", () => {
      if (++calls === 2) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" })
      return 1
    })
    output.write("result")
    output.write("more")
    const failure = await output.flush()
    assert.deepInclude(failure, { reason: "full", path: "Standard output" })
    assert.strictEqual(calls, 2)
  })
})
