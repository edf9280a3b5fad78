/** The way of a failure: from the bytes of an error body to its class; and whether ten times as much costs ten times. */
import { Child } from "../Child.ts"
import type { Options } from "../Options.ts"
import { median, medianRatio, rounded } from "../Statistics.ts"
import { chosen, type Measured } from "../Suite.ts"
import * as Table from "../Table.ts"
import * as body from "./body.ts"
import { type Name, names, reference } from "./decoders.ts"
import type { Answer, Question } from "./worker.ts"

/** Two refused parts with two errors each: a little less than a kilobyte. */
const branches = 2

const start = (name: Name) => Child.start<Question, Answer>(new URL("./worker.ts", import.meta.url), [name])

export const run = async (options: Options): Promise<Measured> => {
  const speed = await measureSpeed(options)
  const growth = await measureGrowth(options)
  return { tables: [speedTable(speed), growthTable(growth)], data: { rounds: options.rounds, speed, growth } }
}

const measureSpeed = async (options: Options) => {
  const workers = chosen(names, options, reference).map((name) => ({
    name,
    process: start(name),
    answers: new Array<Answer>()
  }))
  const question: Question = { _tag: "Speed", millis: options.millis, branches }
  for (const worker of workers) await worker.process.ask(question)
  for (let round = 0; round < options.rounds; round++) {
    for (const worker of workers) worker.answers.push(await worker.process.ask(question))
  }
  for (const worker of workers) await worker.process.stop()
  const cpu = (answers: ReadonlyArray<Answer>) => answers.map((answer) => answer.cpuMicros)
  const references = cpu(workers.find((worker) => worker.name === reference)?.answers ?? [])
  return workers.map(({ answers, name }) => ({
    decoder: name,
    micros: rounded(median(answers.map((answer) => answer.micros)), 2),
    cpuMicros: rounded(median(cpu(answers)), 2),
    ofReference: rounded(medianRatio(cpu(answers), references), 2)
  }))
}

const speedTable = (results: Awaited<ReturnType<typeof measureSpeed>>): string =>
  Table.render(
    `A nested error body of ${body.withBranches(branches).byteLength} bytes, from bytes to a typed value`,
    ["decoder", "µs", "CPU µs", `of ${reference}`],
    results.map((result) => [
      result.decoder,
      result.micros.toFixed(1),
      result.cpuMicros.toFixed(1),
      result.ofReference.toFixed(2)
    ])
  )

interface Growth {
  readonly what: string
  readonly times: number
  readonly time: number
  readonly memory: number
}

/** Each step is ten times the one before: `time` and `memory` should be 10 or less. */
const measureGrowth = async (options: Options): Promise<ReadonlyArray<Growth>> => {
  const scale = options.quick ? 1 : 10
  const ask = async (failures: number, branches: number): Promise<Answer> => {
    const worker = start("kit")
    await worker.ask({ _tag: "Growth", failures: 1000, branches })
    const answers: Array<Answer> = []
    for (let round = 0; round < options.rounds; round++) {
      answers.push(await worker.ask({ _tag: "Growth", failures, branches }))
    }
    await worker.stop()
    return {
      micros: median(answers.map((answer) => answer.micros)),
      cpuMicros: median(answers.map((answer) => answer.cpuMicros)),
      heapBytes: median(answers.map((answer) => answer.heapBytes))
    }
  }
  // So many that both outlive the young generation: where it ends, the collector's cost has a step of its own.
  const few = await ask(2000 * scale, branches)
  const many = await ask(20_000 * scale, branches)
  const small = await ask(100 * scale, 8)
  const large = await ask(100 * scale, 80)
  const growth = (what: string, factor: number, from: Answer, to: Answer): Growth => ({
    what,
    times: 10,
    time: rounded((factor * to.cpuMicros) / from.cpuMicros, 2),
    memory: rounded((factor * to.heapBytes) / from.heapBytes, 2)
  })
  return [
    growth(`${20_000 * scale} failures kept instead of ${2000 * scale}`, 10, few, many),
    growth("240 nested errors in a body instead of 24", 1, small, large)
  ]
}

const growthTable = (results: ReadonlyArray<Growth>): string =>
  Table.render(
    "Ten times as much (10 is linear)",
    ["what", "× CPU time", "× memory"],
    results.map((result) => [result.what, result.time, result.memory])
  )
