/** One download, measured: in a fresh process each time, because the peak of its memory is asked for. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { Child } from "../Child.ts"
import { type ClientName, clientNames, type Name, type ShellName, shells } from "./clients.ts"

export interface Question {
  readonly url: string
  readonly file: string
}

export interface Answer {
  readonly seconds: number
  /** Processor time of all threads; of a shell pipeline, the sum over its processes. */
  readonly cpuSeconds: number
  readonly sha256: string
  /** The most memory that the process held at any time; of a shell pipeline, the sum over its processes. */
  readonly peakBytes: number
  /** The longest that the event loop did not turn; 0 for a shell. */
  readonly blockedMillis: number
}

/** @param module the bundled `worker.ts` */
export const measure = (name: Name, question: Question, module: URL): Promise<Answer> => {
  const client = clientNames.find((known) => known === name)
  return client === undefined ? measureShell(name as ShellName, question) : measureClient(client, question, module)
}

const measureClient = async (name: ClientName, question: Question, module: URL): Promise<Answer> => {
  const worker = Child.start<Question, Answer>(module, [name])
  try {
    return await worker.ask(question)
  } finally {
    await worker.stop()
  }
}

const measureShell = (name: ShellName, { file, url }: Question): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn("bash", ["-c", `set -o pipefail; ${shells[name]}`, url, file], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const needs = new Map<number, Need>()
    const watch = setInterval(() => watchNeeds(child.pid ?? 0, needs), 20)
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.on("error", reject)
    child.on("close", (code) => {
      clearInterval(watch)
      const seconds = (performance.now() - started) / 1000
      if (code !== 0) return reject(new Error(`${name} ended with ${code}`))
      const total = (of: (need: Need) => number) => [...needs.values()].reduce((sum, need) => sum + of(need), 0)
      const cpuSeconds = total((need) => need.cpuSeconds)
      const peakBytes = total((need) => need.peakBytes)
      resolve({ seconds, cpuSeconds, sha256: output.split(" ")[0] ?? "", peakBytes, blockedMillis: 0 })
    })
  })

interface Need {
  readonly peakBytes: number
  readonly cpuSeconds: number
}

/** What each process below `pid` needed so far, `pid` itself (the shell) left out. */
const watchNeeds = (pid: number, needs: Map<number, Need>): void => {
  for (const child of readOr(`/proc/${pid}/task/${pid}/children`, "").split(" ").filter(Boolean).map(Number)) {
    const before = needs.get(child) ?? { peakBytes: 0, cpuSeconds: 0 }
    needs.set(child, {
      peakBytes: Math.max(before.peakBytes, peakOf(child)),
      cpuSeconds: Math.max(before.cpuSeconds, cpuOf(child))
    })
    watchNeeds(child, needs)
  }
}

/** User and system time, in the hundredths of a second that the kernel counts. */
const cpuOf = (pid: number): number => {
  const fields = readOr(`/proc/${pid}/stat`, "")
    .replace(/^.*\) /s, "")
    .split(" ")
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100
}

/** The kernel's own mark of the most memory that a process has held. */
export const peakOf = (pid: number | "self"): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readOr(`/proc/${pid}/status`, ""))?.[1] ?? 0) * 1024

/** A process can be gone before it is read. */
const readOr = (file: string, otherwise: string): string => {
  try {
    return fs.readFileSync(file, "utf8")
  } catch {
    return otherwise
  }
}
