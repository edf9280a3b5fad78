/** One download in a process of its own. */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { answering } from "../Child.ts"
import { clientNames, clients } from "./clients.ts"
import { type Answer, peakOf, type Question } from "./measure.ts"

const name = process.argv[2]

answering<Question, Answer>(async ({ file, url }) => {
  const download = await clients[clientNames.find((known) => known === name) ?? "undici pipeline"]()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = process.cpuUsage()
  const started = performance.now()
  const sha256 = await download(url, file)
  const seconds = (performance.now() - started) / 1000
  const { system, user } = process.cpuUsage(before)
  delay.disable()
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    sha256,
    peakBytes: peakOf("self"),
    blockedMillis: delay.max / 1e6
  }
})
