/**
 * Measures how the cost of a verification grows with its input: no alphabet and no kind of script may cost more than linear
 * time, in no check. The fuzz suite asserts it. From the root of the repository:
 *
 * ```sh
 * node --max-semi-space-size=128 --conditions=@privx-kit/source packages/ueba/corpus/Growth.ts [--only TEXT] [--verbose]
 * ```
 *
 * For each input it compares the processor time of each part of the verification for one size and for four times that size,
 * and ends with 1 where a growth is more than 1.3 times linear. `--largest` measures whole verifications of 4 MiB instead,
 * which must take at most 10 s of processor time, of the inputs of `DenseShapes.ts` as well; more on a slower machine. `--random N` takes N random inputs instead, others with another `--seed N`.
 */
import { parseArgs } from "node:util"
import { growths, largestCost, slowness, steepest } from "./Cost.ts"
import { random } from "./Damage.ts"
import { denseShapes } from "./DenseShapes.ts"
import { randomShape, shapes as grammar } from "./Shapes.ts"

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    largest: { type: "boolean", default: false },
    random: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    verbose: { type: "boolean", default: false }
  }
})
const shapes = values.largest ? [...grammar, ...denseShapes] : grammar
const print = (line: string) => process.stdout.write(`${line}\n`)

const next = random(Number(values.seed))
const made = Array.from({ length: Number(values.random) }, () => randomShape(next))
const exact = shapes.some(([name]) => name === values.only)
const chosen =
  made.length > 0
    ? made
    : shapes.filter(([name]) => name === values.only || (!exact && name.includes(values.only ?? "")))
const most = values.largest ? 10_000 * slowness() : 0
let failures = 0
for (const [name, shape] of chosen) {
  if (values.largest) {
    let { detail, time } = await largestCost(shape)
    // On a busy machine the least of two counts.
    if (time > most) ({ detail, time } = await largestCost(shape))
    const over = time > most
    if (over) failures += 1
    print(`${over ? "TOO LONG " : ""}${name}: ${(time / 1000).toFixed(1)} s: ${detail}`)
    continue
  }
  for (const { four, length, one, part, ratio } of growths(shape)) {
    const over = ratio > steepest
    if (over) failures += 1
    if (!over && !values.verbose) continue
    const cost = `${one.toFixed(1)} ms for ${length / 1024} Ki characters, ${four.toFixed(1)} ms for four times as much`
    print(`${over ? "TOO STEEP " : ""}${name}: ${part}: ${ratio.toFixed(2)} times linear: ${cost}`)
  }
}
if (values.largest && most > 10_000) print(`This machine gets ${(most / 1000).toFixed(1)} s.`)
print(`${chosen.length} inputs, ${failures} over the limit`)
process.exitCode = failures === 0 ? 0 : 1
