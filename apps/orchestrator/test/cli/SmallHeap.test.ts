import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import * as path from "node:path"

const module = path.join(import.meta.dirname, "..", "..", "src", "cli", "SmallHeap.ts")

/**
 * Allocates much memory that lives for a while, idles until the memory is released, and allocates much again. Without a
 * limit it allocates more, so that the heap certainly grows.
 */
const program = `
  import { setImmediate } from "node:timers/promises"
  import { getHeapSpaceStatistics } from "node:v8"
  import { keep } from ${JSON.stringify(module)}
  const megabyte = 2 ** 20
  const bounded = process.argv.includes("--keep")
  const count = bounded ? 300_000 : 900_000
  const enough = bounded ? 4 : 32
  const young = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size / megabyte
  const busy = async () => {
    let lives = []
    let most = 0
    // V8 determines when the heap grows: the loop ends once it has grown, after ten times as long at the latest.
    for (let n = 0; n < count || (most <= enough && n < 10 * count); n++) {
      lives.push(new Array(20).fill(n))
      if (n % count === 0) lives = []
      if (n % 2000 !== 0) continue
      await setImmediate()
      most = Math.max(most, young())
    }
    return most
  }
  if (bounded) keep(8 * megabyte)
  const first = await busy()
  global.gc({ type: "major", flavor: "last-resort" })
  console.log(JSON.stringify({ first, idle: young(), second: await busy() }))
`

const ran = (...args: ReadonlyArray<string>) =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ["--expose-gc", "--max-semi-space-size=64", "--input-type=module", "--eval", program, "--", ...args],
      { encoding: "utf8" }
    )
  ) as { readonly first: number; readonly idle: number; readonly second: number }

describe("SmallHeap", () => {
  it("bounds the part of the heap for what is new, which grows again after it has shrunk", () => {
    const { first, idle, second } = ran("--keep")
    assert.isBelow(idle, 4)
    for (const most of [first, second]) {
      // It may double once more before the last collection is evaluated.
      assert.isBelow(most, 32)
      assert.isAbove(most, 4)
    }
    const unbounded = ran()
    assert.isAbove(Math.max(unbounded.first, unbounded.second), 32)
  })
})
