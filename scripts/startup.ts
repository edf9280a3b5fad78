/**
 * How fast `privx-kit` starts, as a multiple of `node -e 0` on the same machine in the same minute. Needs `pnpm build`.
 * Each start is compared with the bare one of the same round, so that whatever else the machine does weighs on both alike;
 * and as a busy machine only ever makes the larger program relatively slower, the best of three medians counts.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Checks } from "./checks.ts"

const program = path.join(import.meta.dirname, "../apps/orchestrator/bin/privx-kit.cjs")
const home = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-startup-"))
process.on("exit", () => fs.rmSync(home, { recursive: true, force: true }))

const warmUps = 3
const blocks = 3
const rounds = blocks * 11

const candidates = [
  { name: "privx-kit --version", args: [program, "--version"], limit: 3 },
  { name: "privx-kit --help", args: [program, "--help"], limit: 4 },
  { name: "privx-kit ueba setup --help", args: [program, "ueba", "setup", "--help"], limit: 4 },
  { name: "privx-kit playback --help", args: [program, "playback", "--help"], limit: 4 }
]

const time = (args: ReadonlyArray<string>) => {
  const start = process.hrtime.bigint()
  const { status } = spawnSync(process.execPath, args, {
    stdio: "ignore",
    env: { PATH: process.env.PATH, HOME: home, NO_COLOR: "1" }
  })
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6
  return status === 0 ? milliseconds : Number.NaN
}

const median = (times: ReadonlyArray<number>) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN

const bestMedian = (ratios: ReadonlyArray<number>) => {
  const size = ratios.length / blocks
  return Math.min(
    ...Array.from({ length: blocks }, (_, block) => median(ratios.slice(block * size, (block + 1) * size)))
  )
}

const all = candidates.map((candidate) => ({ ...candidate, times: new Array<number>(), ratios: new Array<number>() }))
const bare: Array<number> = []
for (let round = -warmUps; round < rounds; round++) {
  const unit = time(["-e", "0"])
  const measured = all.map(({ args }) => time(args))
  if (round < 0) continue
  bare.push(unit)
  for (const [index, { ratios, times }] of all.entries()) {
    const milliseconds = measured[index] ?? Number.NaN
    times.push(milliseconds)
    ratios.push(milliseconds / unit)
  }
}

const checks = new Checks()
console.log(`node -e 0: ${median(bare).toFixed(1)} ms (median of ${rounds})`)
for (const { limit, name, ratios, times } of all) {
  const ratio = bestMedian(ratios)
  const line = `${name}: ${median(times).toFixed(1)} ms, ${ratio.toFixed(2)} of at most ${limit} times node -e 0`
  const failed = times.some(Number.isNaN)
  checks.check(line, failed ? ["It did not end with 0."] : ratio <= limit ? [] : ["It starts too slowly."])
}
checks.end()
