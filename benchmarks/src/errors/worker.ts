/** One decoder of the suite `errors` in a process of its own. */
import assert from "node:assert/strict"
import * as ResponseFailure from "@privx-kit/http/ResponseFailure"
import { answering } from "../Child.ts"
import * as body from "./body.ts"
import { decoders, names, reference } from "./decoders.ts"

export type Question =
  | { readonly _tag: "Speed"; readonly millis: number; readonly branches: number }
  | { readonly _tag: "Growth"; readonly failures: number; readonly branches: number }

export interface Answer {
  /** For each decode. */
  readonly micros: number
  readonly cpuMicros: number
  /** What one failure keeps on the heap; 0 where failures are not kept. */
  readonly heapBytes: number
}

const name = process.argv[2]
const decoding = decoders[names.find((known) => known === name) ?? reference]()

const speed = async (millis: number, branches: number): Promise<Answer> => {
  const decode = await decoding
  const bytes = body.withBranches(branches)
  assert.equal(decode(bytes), branches + 1)
  return timed(() => {
    const end = performance.now() + millis
    let count = 0
    for (; performance.now() < end; count += 100) for (let n = 0; n < 100; n++) decode(bytes)
    return count
  })
}

/** Failures that are all kept, as a long list of findings would be. */
const growth = (failures: number, branches: number): Answer => {
  const bytes = body.withBranches(branches)
  const kept: Array<unknown> = Array.from({ length: failures })
  const before = heap()
  const measured = timed(() => {
    for (let n = 0; n < failures; n++) {
      kept[n] = ResponseFailure.make({ operation: "Things.create", status: 400, headers: {}, body: bytes, now: 0 })
    }
    return failures
  })
  const heapBytes = Math.round((heap() - before) / failures)
  assert.equal(kept.length, failures)
  return { ...measured, heapBytes }
}

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const timed = (work: () => number): Answer => {
  const cpu = process.cpuUsage()
  const started = performance.now()
  const count = work()
  const micros = ((performance.now() - started) * 1000) / count
  const { system, user } = process.cpuUsage(cpu)
  return { micros, cpuMicros: (system + user) / count, heapBytes: 0 }
}

answering<Question, Answer>(async (question) =>
  question._tag === "Speed" ? speed(question.millis, question.branches) : growth(question.failures, question.branches)
)
