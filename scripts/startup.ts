/**
 * How fast `privx-kit` starts, as a multiple of `node -e 0` on the same machine in the same minute. Needs `pnpm build`.
 * The rounds are interleaved and the medians compared, so that whatever else the machine does weighs on all alike.
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
const rounds = 25

const baseline = { name: "node -e 0", args: ["-e", "0"], limit: 1 }
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

const all = [baseline, ...candidates].map((candidate) => ({ ...candidate, times: new Array<number>() }))
for (let round = -warmUps; round < rounds; round++) {
  for (const { args, times } of all) {
    const milliseconds = time(args)
    if (round >= 0) times.push(milliseconds)
  }
}

const checks = new Checks()
const unit = median(all[0]?.times ?? [])
console.log(`node -e 0: ${unit.toFixed(1)} ms (median of ${rounds})`)
for (const { limit, name, times } of all.slice(1)) {
  const ratio = median(times) / unit
  const line = `${name}: ${median(times).toFixed(1)} ms, ${ratio.toFixed(2)} of at most ${limit} times node -e 0`
  const failed = times.some(Number.isNaN)
  checks.check(line, failed ? ["It did not end with 0."] : ratio <= limit ? [] : ["It starts too slowly."])
}
checks.end()
