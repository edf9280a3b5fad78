/** One request with a small JSON answer: what each client makes of it, alone and with many in flight. */
import { Child } from "../Child.ts"
import type { Options } from "../Options.ts"
import { median, medianRatio, rounded } from "../Statistics.ts"
import { chosen, type Measured } from "../Suite.ts"
import * as Table from "../Table.ts"
import * as clients from "./clients.ts"
import type { Answer, Question } from "./worker.ts"

interface Result {
  readonly client: string
  readonly inFlight: number
  readonly perSecond: number
  readonly ofReference: number
  readonly cpuMicros: number
  readonly rounds: ReadonlyArray<Answer>
}

export const run = async (options: Options): Promise<Measured> => {
  const server = Child.start<"listen", string>(new URL("./server.ts", import.meta.url))
  const base = await server.ask("listen")
  const workers = chosen(clients.names, options, clients.reference).map((name) => ({
    name,
    process: Child.start<Question, Answer>(new URL("./worker.ts", import.meta.url), [name, base])
  }))
  const results: Array<Result> = []
  for (const inFlight of options.inFlight) {
    // Warm-up, so that no subject is measured with cold code.
    for (const worker of workers) await worker.process.ask({ inFlight, millis: options.millis })
    const rounds = new Map<string, Array<Answer>>(workers.map(({ name }) => [name, []]))
    for (let round = 0; round < options.rounds; round++) {
      for (const worker of workers) {
        rounds.get(worker.name)?.push(await worker.process.ask({ inFlight, millis: options.millis }))
      }
    }
    results.push(...summary(inFlight, rounds))
  }
  for (const worker of workers) await worker.process.stop()
  await server.stop()
  return {
    tables: options.inFlight.map((inFlight) => table(inFlight, results)),
    data: { rounds: options.rounds, results }
  }
}

const summary = (inFlight: number, rounds: ReadonlyMap<string, ReadonlyArray<Answer>>): ReadonlyArray<Result> => {
  const references = (rounds.get(clients.reference) ?? []).map((answer) => answer.perSecond)
  return [...rounds].map(([client, answers]) => ({
    client,
    inFlight,
    perSecond: Math.round(median(answers.map((answer) => answer.perSecond))),
    ofReference: rounded(
      medianRatio(
        answers.map((answer) => answer.perSecond),
        references
      ),
      3
    ),
    cpuMicros: rounded(median(answers.map((answer) => answer.cpuMicros)), 1),
    rounds: answers.map(({ cpuMicros, perSecond }) => ({
      perSecond: Math.round(perSecond),
      cpuMicros: rounded(cpuMicros, 1)
    }))
  }))
}

const table = (inFlight: number, results: ReadonlyArray<Result>): string =>
  Table.render(
    `One request with a small JSON answer, ${inFlight} in flight`,
    ["client", "requests/s", `of ${clients.reference}`, "CPU µs/request"],
    results
      .filter((result) => result.inFlight === inFlight)
      .map((result) => [result.client, result.perSecond, result.ofReference.toFixed(2), result.cpuMicros.toFixed(0)])
  )
