/**
 * The cost of a verification grows at most in proportion to the script: in every check, for every alphabet at every kind
 * of place, for every kind of command, and for random ones. The largest script that is read is verified in ten seconds of
 * CPU time, whatever its content. Part of the fuzz suite (`pnpm test:fuzz`); `corpus/Growth.ts` prints the same.
 *
 * `FUZZ_SHAPES` sets the number of random inputs, `FUZZ_SEED` the seed. `FUZZ_DENSE=all` measures every construct of the
 * grammar, which takes another ten minutes.
 */
import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { growths, steepest } from "../corpus/Cost.ts"
import { random } from "../corpus/Damage.ts"
import { densest, denseShapes } from "../corpus/DenseShapes.ts"
import { randomShape, type Shape, shapes } from "../corpus/Shapes.ts"

const assertLinear = (shape: Shape) => {
  for (const growth of growths(shape)) assert.isAtMost(growth.ratio, steepest, JSON.stringify(growth))
}

const timeout = 120_000

describe("a script that is four times as long costs at most 1.3 times four times as much in every check", () => {
  it.each(shapes)("%s", { timeout }, (_, shape) => assertLinear(shape))

  const next = random(Number(process.env.FUZZ_SEED ?? 1))
  const made = Array.from({ length: Number(process.env.FUZZ_SHAPES ?? 25) }, () => randomShape(next))
  it.each(made)("%s", { timeout }, (_, shape) => assertLinear(shape))
})

/** The most expensive of the inputs above, each for a different part of the analysis or of the character checks. */
const worst: ReadonlyArray<string> = [
  "commands",
  "alternatives that multiply",
  "here-documents for shells",
  "functions of many names",
  "findings",
  "case items",
  "the last line of JSON",
  "a word of Cyrillic and Latin",
  // Constructs of the grammar, as often as is not refused before parsing.
  ...(process.env.FUZZ_DENSE === "all" ? denseShapes.map(([name]) => name) : densest)
]

describe("the largest script that is read is verified within 10 s of processor time", () => {
  // In a separate process, without the settings of this one.
  it.each([...worst])("%s", { timeout }, async (name) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=@privx-kit/source",
      fileURLToPath(new URL("../corpus/Growth.ts", import.meta.url)),
      "--largest",
      "--only",
      name
    ])
    assert.match(stdout, /^1 inputs, 0 over the limit$/m)
  })
})
