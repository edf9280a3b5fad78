/** One client of the suite `requests` in its own process; measures itself for the given time. */
import assert from "node:assert/strict"
import { answering } from "../Child.ts"
import * as clients from "./clients.ts"
import { thing } from "./thing.ts"

export interface Question {
  readonly inFlight: number
  readonly millis: number
}

export interface Answer {
  readonly perSecond: number
  /** CPU time of the process, all threads, for each request. */
  readonly cpuMicros: number
}

const [name, base = ""] = process.argv.slice(2)
const client = clients.make(clients.names.find((known) => known === name) ?? clients.reference, base)

answering<Question, Answer>(async ({ inFlight, millis }) => {
  const { lane, once } = await client
  assert.deepEqual(await once("42"), thing)
  let count = 0
  let done = false
  const isDone = () => done
  const onAnswer = () => {
    count++
  }
  const cpu = process.cpuUsage()
  const started = performance.now()
  setTimeout(() => {
    done = true
  }, millis)
  await Promise.all(Array.from({ length: inFlight }, () => lane(isDone, onAnswer)))
  const seconds = (performance.now() - started) / 1000
  const { system, user } = process.cpuUsage(cpu)
  return { perSecond: count / seconds, cpuMicros: (system + user) / count }
})
