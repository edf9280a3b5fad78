/** Ten thousand playback sessions kept alive in one process: memory stays bounded, and calls come evenly. */
import { Child } from "../Child.ts"
import type { Options } from "../Options.ts"
import { rounded } from "../Statistics.ts"
import type { Measured } from "../Suite.ts"
import * as Table from "../Table.ts"
import type * as Privx from "./privx.ts"
import type * as Worker from "./worker.ts"

const MiB = 1024 * 1024

export const run = async (options: Options): Promise<Measured> => {
  const sessions = options.quick ? 500 : 10_000
  // The interval of a keep-alive is a third of this.
  const lifeSeconds = options.quick ? 9 : 90
  const intervals = options.quick ? 3 : 5
  const privx = Child.start<Privx.Question, Privx.Answer>(new URL("./privx.ts", import.meta.url))
  const worker = Child.start<Worker.Question, Worker.Answer>(new URL("./worker.ts", import.meta.url), ["kit"])
  const before = await worker.ask({ _tag: "Measure" })
  await worker.ask({ _tag: "Start", sessions, privx: await privx.ask({ _tag: "Start", sessions, lifeSeconds }) })
  const taken: Array<Worker.Answer> = []
  for (let interval = 0; interval < intervals; interval++) {
    await new Promise((resolve) => setTimeout(resolve, (lifeSeconds / 3) * 1_000))
    taken.push(await worker.ask({ _tag: "Measure" }))
  }
  const { logins, seconds: arrivals } = await privx.ask({ _tag: "Count" })
  const seconds = taken.at(-1)?.seconds ?? []
  await worker.stop()
  await privx.stop()
  const summary = summarize(sessions, before, taken, seconds, arrivals)
  return {
    tables: [
      Table.render(
        `${sessions} playback sessions in one process, tokens of ${lifeSeconds} s, ${intervals} intervals`,
        ["", "figure"],
        [
          ...Object.entries(summary).map(([name, value]) => [names[name as keyof typeof names], value] as const),
          ["logins and refreshes", logins]
        ]
      )
    ],
    data: {
      sessions,
      lifeSeconds,
      intervals,
      ...summary,
      logins,
      seconds,
      arrivals,
      samples: taken.map(({ seconds: _, ...sample }) => sample)
    }
  }
}

const names = {
  calls: "calls",
  meanPerSecond: "calls a second, mean",
  mostPerSecond: "largest second",
  mostToMean: "largest second to mean",
  arrivalsMostToMean: "the same, as the calls arrive",
  heapMiB: "heap after the last interval, MiB",
  heapGrowthMiB: "heap growth since the first interval, MiB",
  heapPerSessionBytes: "heap for each session, bytes",
  mostRssMiB: "most RSS, MiB",
  failures: "sessions that ended"
}

const summarize = (
  sessions: number,
  before: Worker.Answer,
  taken: ReadonlyArray<Worker.Answer>,
  seconds: ReadonlyArray<number>,
  arrivals: ReadonlyArray<number>
): Record<keyof typeof names, number> => {
  // The first and the last second are not whole.
  const whole = seconds.slice(1, -1)
  const calls = whole.reduce((sum, count) => sum + count, 0)
  const mean = calls / whole.length
  const arrived = arrivals.slice(1, -1)
  const first = taken[0]?.heapBytes ?? 0
  const last = taken.at(-1)?.heapBytes ?? 0
  return {
    calls,
    meanPerSecond: rounded(mean, 1),
    mostPerSecond: Math.max(...whole),
    mostToMean: rounded(Math.max(...whole) / mean, 2),
    arrivalsMostToMean: rounded(Math.max(...arrived) / mean, 2),
    heapMiB: rounded(last / MiB, 1),
    heapGrowthMiB: rounded((last - first) / MiB, 1),
    heapPerSessionBytes: Math.round((last - before.heapBytes) / sessions),
    mostRssMiB: Math.round(Math.max(...taken.map(({ rssBytes }) => rssBytes)) / MiB),
    failures: taken.at(-1)?.failures ?? 0
  }
}
