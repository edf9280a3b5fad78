/**
 * A durable workflow of three steps on a database: the kit's setup, with all that it does, beside engines whose steps do
 * nothing.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Child } from "../Child.ts"
import type { Options } from "../Options.ts"
import { median, medianRatio, rounded } from "../Statistics.ts"
import type { Measured } from "../Suite.ts"
import * as Table from "../Table.ts"
import * as postgres from "./postgres.ts"
import type * as Privx from "./privx.ts"
import * as subjects from "./subjects.ts"
import type { Answer, Question } from "./worker.ts"

const inFlight = 64

interface Running {
  readonly name: subjects.Name
  readonly directory: string
  readonly process: Child<Question, Answer>
  readonly database: postgres.Database | undefined
}

interface Result {
  readonly subject: subjects.Name
  readonly perSecond: number
  readonly ofReference: number
  readonly cpuMillis: number
  readonly statements: number
  readonly commits: number
  readonly rounds: ReadonlyArray<Answer>
}

export const run = async (options: Options): Promise<Measured> => {
  const privx = Child.start<"listen", Privx.Answer>(new URL("./privx.ts", import.meta.url))
  const { token, url } = await privx.ask("listen")
  const server = await postgres.server()
  const running: Array<Running> = []
  const rounds = new Map<subjects.Name, Array<Answer>>()
  try {
    for (const name of chosen(options)) {
      const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-bench-"))
      const database = name.includes("Postgres") ? await server.make(`bench_${running.length}`) : undefined
      const process = Child.start<Question, Answer>(new URL("./worker.ts", import.meta.url), [
        name,
        directory,
        database?.url ?? "",
        url,
        token
      ])
      running.push({ name, directory, process, database })
    }
    // Warm-up, so that no subject is measured with cold code.
    for (const one of running) await one.process.ask({ count: options.workflows, inFlight })
    for (let round = 0; round < options.rounds; round++) {
      for (const one of running) {
        rounds.set(one.name, [...(rounds.get(one.name) ?? []), await measure(one, options.workflows)])
      }
    }
  } finally {
    for (const { database, directory, process } of running) {
      await process.stop()
      fs.rmSync(directory, { recursive: true, force: true })
      await database?.drop()
    }
    await privx.stop()
    await server.stop()
  }
  const results = summary(rounds)
  return {
    tables: [table(results)],
    data: { rounds: options.rounds, workflows: options.workflows, inFlight, results }
  }
}

const measure = async ({ database, process }: Running, count: number): Promise<Answer> => {
  const before = await database?.counts()
  const answer = await process.ask({ count, inFlight })
  const after = await database?.counts()
  return before === undefined || after === undefined
    ? answer
    : {
        ...answer,
        statements: (after.statements - before.statements) / count,
        commits: (after.commits - before.commits) / count
      }
}

/** References are always there, where their database is. */
const chosen = (options: Options): ReadonlyArray<subjects.Name> =>
  subjects.names.filter((name) => {
    const isReference = Object.values(subjects.references).some((reference) => reference === name)
    return options.only.length === 0 || isReference || options.only.some((part) => name.includes(part))
  })

const summary = (rounds: ReadonlyMap<subjects.Name, ReadonlyArray<Answer>>): ReadonlyArray<Result> =>
  [...rounds].map(([subject, answers]) => {
    const reference = subjects.references[subject.includes("Postgres") ? "postgres" : "sqlite"]
    const of = (value: (answer: Answer) => number) => median(answers.map(value))
    return {
      subject,
      perSecond: rounded(
        of((answer) => answer.perSecond),
        1
      ),
      ofReference: rounded(
        medianRatio(
          answers.map((answer) => answer.perSecond),
          (rounds.get(reference) ?? []).map((answer) => answer.perSecond)
        ),
        3
      ),
      cpuMillis: rounded(
        of((answer) => answer.cpuMillis),
        2
      ),
      statements: rounded(
        of((answer) => answer.statements ?? Number.NaN),
        1
      ),
      commits: rounded(
        of((answer) => answer.commits ?? Number.NaN),
        2
      ),
      rounds: answers
    }
  })

const table = (results: ReadonlyArray<Result>): string =>
  Table.render(
    `A durable workflow of three steps, ${inFlight} in flight`,
    ["engine", "workflows/s", "of the reference", "CPU ms each", "statements each", "commits each"],
    results.map((result) => [
      result.subject,
      result.perSecond,
      result.ofReference.toFixed(2),
      result.cpuMillis,
      result.statements,
      result.commits
    ])
  )
