/** One engine of the suite `workflows` in its own process; executes the given number of workflows. */
import { answering } from "../Child.ts"
import * as counting from "./counting.ts"
import * as subjects from "./subjects.ts"

export interface Question {
  readonly count: number
  readonly inFlight: number
}

export interface Answer {
  readonly perSecond: number
  /** CPU time of the process, all threads, for each workflow. */
  readonly cpuMillis: number
  /** For each workflow; where it is not counted here, the database is asked. */
  readonly statements: number | undefined
  readonly commits: number | undefined
}

const [wanted, directory = "", databaseUrl = "", url = "", token = ""] = process.argv.slice(2)
const name = subjects.names.find((known) => known === wanted)
if (name === undefined) throw new Error(`there is no subject ${wanted}`)
counting.install()
const subject = subjects.make(name, { directory, databaseUrl, url, token })

answering<Question, Answer>(async ({ count, inFlight }) => {
  const { counts, run } = await subject
  const before = counts?.()
  const cpu = process.cpuUsage()
  const started = performance.now()
  let left = count
  const lane = async () => {
    while (left-- > 0) await run()
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  const seconds = (performance.now() - started) / 1000
  const { system, user } = process.cpuUsage(cpu)
  const after = counts?.()
  return {
    perSecond: count / seconds,
    cpuMillis: (system + user) / 1000 / count,
    statements:
      after === undefined || before === undefined ? undefined : (after.statements - before.statements) / count,
    commits: after === undefined || before === undefined ? undefined : (after.commits - before.commits) / count
  }
})
