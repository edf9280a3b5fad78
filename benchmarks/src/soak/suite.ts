/** A million requests with faults: what the kit's client holds in memory and sockets must not grow. */
import { Child } from "../Child.ts"
import type { Options } from "../Options.ts"
import { rounded, slope } from "../Statistics.ts"
import type { Measured } from "../Suite.ts"
import * as Table from "../Table.ts"
import type * as Server from "./server.ts"
import type * as Worker from "./worker.ts"

const MiB = 1024 * 1024
const samples = 25
const inFlight = 32

interface Sample extends Omit<Worker.Answer, "outcomes"> {
  /** Requests sent so far. */
  readonly requests: number
  /** What the server counts. */
  readonly open: number
}

export const run = async (options: Options): Promise<Measured> => {
  const server = Child.start<Server.Question, Server.Answer>(new URL("./server.ts", import.meta.url), [
    String(options.seed)
  ])
  const { url } = await server.ask({ _tag: "Listen" })
  const worker = Child.start<Worker.Question, Worker.Answer>(new URL("./worker.ts", import.meta.url), [url, "kit"])
  const share = Math.ceil(options.requests / samples)
  const taken: Array<Sample> = []
  let outcomes: Worker.Answer["outcomes"] = {}
  for (let n = 1; n <= samples; n++) {
    const answer = await worker.ask({ requests: share, inFlight })
    const { open } = await server.ask({ _tag: "Count" })
    const { outcomes: so, ...rest } = answer
    outcomes = so
    taken.push({ requests: n * share, open, ...rest })
  }
  const { connections, faults } = await server.ask({ _tag: "Count" })
  await worker.stop()
  await server.stop()
  const growth = summary(taken)
  return {
    tables: [sampleTable(taken), growthTable(growth), countTable("Outcomes", outcomes), countTable("Faults", faults)],
    data: {
      requests: share * samples,
      seed: options.seed,
      inFlight,
      connections,
      growth,
      outcomes,
      faults,
      samples: taken
    }
  }
}

/** The first half is warming up: pools fill, code is compiled. */
const summary = (taken: ReadonlyArray<Sample>) => {
  const second = taken.slice(taken.length >> 1)
  const perMillion = (of: (sample: Sample) => number) =>
    slope(second.map((sample) => [sample.requests / 1e6, of(sample)] as const))
  return {
    rssMiBPerMillion: rounded(perMillion((sample) => sample.rssBytes) / MiB, 2),
    heapMiBPerMillion: rounded(perMillion((sample) => sample.heapBytes) / MiB, 2),
    socketsPerMillion: rounded(
      perMillion((sample) => sample.sockets),
      2
    ),
    mostSockets: Math.max(...taken.map((sample) => sample.sockets)),
    mostRssMiB: Math.round(Math.max(...taken.map((sample) => sample.rssBytes)) / MiB)
  }
}

const sampleTable = (taken: ReadonlyArray<Sample>): string =>
  Table.render(
    "A client under faults",
    ["requests", "requests/s", "RSS MiB", "heap MiB", "external MiB", "sockets", "at the server", "timers"],
    taken
      .filter((_, index) => index % 4 === 0)
      .map((sample) => [
        sample.requests,
        Math.round((taken[0]?.requests ?? 0) / sample.seconds),
        (sample.rssBytes / MiB).toFixed(1),
        (sample.heapBytes / MiB).toFixed(2),
        (sample.externalBytes / MiB).toFixed(2),
        sample.sockets,
        sample.open,
        sample.timers
      ])
  )

const growthTable = (growth: ReturnType<typeof summary>): string =>
  Table.render(
    "Growth in the second half, for a million requests",
    ["RSS MiB", "heap MiB", "sockets", "most sockets", "most RSS MiB"],
    [
      [
        growth.rssMiBPerMillion,
        growth.heapMiBPerMillion,
        growth.socketsPerMillion,
        growth.mostSockets,
        growth.mostRssMiB
      ]
    ]
  )

const countTable = (title: string, counts: Readonly<Record<string, number>>): string =>
  Table.render(
    title,
    ["what", "how many"],
    Object.entries(counts).sort(([, a], [, b]) => b - a)
  )
