/**
 * Applies fleets of many simulated hosts, and prints the time and the memory that the command line needs:
 * `node --conditions=@privx-kit/source test/programs/fleet-load.ts [--concurrency N] [--source] [--yaml] [1000 10000]`.
 *
 * Runs the result of `pnpm build`, or the sources with `--source`, in a separate process next to that of the simulator.
 * Needs Linux, because of the many loopback addresses and because of the source of the memory figures.
 */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { stringify } from "yaml"
import * as fleets from "../support/fleets.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: "string", default: "32" },
    source: { type: "boolean", default: false },
    yaml: { type: "boolean", default: false }
  }
})

const app = path.join(import.meta.dirname, "..", "..")
const program = values.source
  ? ["--conditions=@privx-kit/source", path.join(app, "src", "main.ts")]
  : [path.join(app, "bin", "privx-kit.cjs")]

/** The counters of the system for a process. A process that has just ended no longer has memory counters. */
const used = (pid: number) => {
  const peak = /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  if (peak === undefined) return undefined
  const [user, system] = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11, 13) ?? []
  return { megabytes: Math.round((Number(peak) * 1024) / 1e6), millis: (Number(user) + Number(system)) * 10 }
}

const applied = async (privx: fleets.FleetPrivX, count: number) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-fleet-"))
  const file = path.join(directory, "fleet.yaml")
  const text = fleets.text(privx, count, { concurrency: Number(values.concurrency) })
  fs.writeFileSync(file, values.yaml ? stringify(JSON.parse(text)) : text)
  const from = performance.now()
  const child = spawn(
    process.execPath,
    [...program, "fleet", "apply", file, "--data-dir", path.join(directory, "data"), "--json"],
    { env: { ...process.env, ...fleets.environment(privx) }, stdio: ["ignore", "pipe", "inherit"] }
  )
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (data: string) => (output += data))
  let last = { megabytes: 0, millis: 0 }
  const timer = setInterval(() => {
    if (child.pid !== undefined && child.exitCode === null) last = used(child.pid) ?? last
  }, 200)
  await once(child, "close")
  clearInterval(timer)
  const seconds = (performance.now() - from) / 1000
  const { result } = JSON.parse(output) as { result: { counts: { succeeded: number } } }
  const size = fs.statSync(path.join(directory, "data", "privx-kit.sqlite")).size
  fs.rmSync(directory, { recursive: true })
  process.stdout.write(
    `${[
      `${count} hosts`,
      `${result.counts.succeeded} succeeded`,
      `${seconds.toFixed(1)} s`,
      `${(count / seconds).toFixed(1)} hosts/s`,
      `${(last.millis / count).toFixed(1)} ms of processor a host`,
      `peak RSS ${last.megabytes} MB`,
      `database ${Math.round(size / 1e6)} MB`
    ].join(", ")}\n`
  )
}

await Effect.runPromise(
  Effect.gen(function* () {
    const privx = yield* fleets.start({ recordLimit: 1 })
    for (const count of positionals.length === 0 ? ["1000", "10000"] : positionals) {
      yield* Effect.promise(() => applied(privx, Number(count)))
    }
  }).pipe(Effect.scoped)
)
