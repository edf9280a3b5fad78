/** One download in a process of its own. */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { answering } from "../Child.ts"
import { clientNames, clients } from "./clients.ts"
import { type Answer, peakOf } from "./measure.ts"

export interface Question {
  readonly url: string
  readonly file: string
}

const name = process.argv[2]

answering<Question, Answer>(async ({ file, url }) => {
  const download = await clients[clientNames.find((known) => known === name) ?? "undici pipeline"]()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const begun = performance.now()
  const sha256 = await download(url, file)
  const seconds = (performance.now() - begun) / 1000
  delay.disable()
  return { seconds, sha256, peakBytes: peakOf("self"), blockedMillis: delay.max / 1e6 }
})
