/** A large body into a file, hashed on the way: speed, peak of memory, and how long the event loop stands still. */
import assert from "node:assert/strict"
import * as fs from "node:fs"
import * as path from "node:path"
import { bundle } from "../Bundle.ts"
import { Child } from "../Child.ts"
import type { Options } from "../Options.ts"
import { median, medianRatio, rounded } from "../Statistics.ts"
import { chosen, type Measured } from "../Suite.ts"
import * as Table from "../Table.ts"
import { type Name, names, reference } from "./clients.ts"
import { sha256 } from "./content.ts"
import { type Answer, measure } from "./measure.ts"

const MiB = 1024 * 1024

interface Result {
  readonly client: string
  readonly directory: string
  readonly bytes: number
  readonly megabytesPerSecond: number
  readonly ofReference: number
  readonly cpuSeconds: number
  readonly peakMiB: number
  readonly blockedMillis: number
}

export const run = async (options: Options): Promise<Measured> => {
  const server = Child.start<"listen", string>(new URL("./server.ts", import.meta.url))
  const base = await server.ask("listen")
  const worker = await bundle(new URL("./worker.ts", import.meta.url))
  const subjects = chosen(names, options, reference)
  const results: Array<Result> = []
  const places = options.directories.map((directory, index) => ({
    directory,
    label: labelOf(directory, index, options.directories)
  }))
  for (const { directory, label } of places) {
    results.push(
      ...(await measureAll({ base, worker, directory, label, subjects, bytes: options.bytes, rounds: options.rounds }))
    )
  }
  const flatness = options.flatness ? await measureFlatness(base, worker, options, subjects) : []
  await server.stop()
  return {
    tables: [...places.map(({ label }) => speedTable(label, results)), ...flat(flatness)],
    data: { rounds: options.rounds, bytes: options.bytes, results, flatness }
  }
}

/** Results name no path of the machine. */
const labelOf = (directory: string, index: number, directories: ReadonlyArray<string>): string => {
  const kind = kindOf(directory)
  const before = directories.slice(0, index).filter((other) => kindOf(other) === kind).length
  return before === 0 ? kind : `${kind} ${before + 1}`
}

const kindOf = (directory: string): string => (directory.startsWith("/dev/shm") ? "memory" : "disk")

interface Task {
  readonly base: string
  readonly worker: URL
  readonly directory: string
  readonly label: string
  readonly subjects: ReadonlyArray<Name>
  readonly bytes: number
  readonly rounds: number
}

const measureAll = async (task: Task): Promise<ReadonlyArray<Result>> => {
  const { base, bytes, directory, label, rounds, subjects, worker } = task
  const expected = sha256(bytes)
  const scratch = fs.mkdtempSync(path.join(directory, "privx-kit-bench-"))
  const answers = new Map<Name, Array<Answer>>(subjects.map((name) => [name, []]))
  try {
    for (let round = 0; round < rounds; round++) {
      for (const name of subjects) {
        const file = path.join(scratch, "body")
        const answer = await measure(name, { url: `${base}/${bytes}`, file }, worker)
        assert.equal(answer.sha256, expected, `${name} has another hash`)
        assert.equal(fs.statSync(file).size, bytes, `${name} wrote another length`)
        fs.rmSync(file)
        answers.get(name)?.push(answer)
      }
    }
  } finally {
    fs.rmSync(scratch, { recursive: true })
  }
  const speeds = (name: Name) => (answers.get(name) ?? []).map(({ seconds }) => bytes / seconds / 1e6)
  return [...answers].map(([client, measured]) => ({
    client,
    directory: label,
    bytes,
    megabytesPerSecond: Math.round(median(speeds(client))),
    ofReference: rounded(medianRatio(speeds(client), speeds(reference)), 3),
    cpuSeconds: rounded(median(measured.map(({ cpuSeconds }) => cpuSeconds)), 2),
    peakMiB: Math.round(Math.max(...measured.map(({ peakBytes }) => peakBytes)) / MiB),
    blockedMillis: Math.round(median(measured.map(({ blockedMillis }) => blockedMillis)))
  }))
}

const speedTable = (directory: string, results: ReadonlyArray<Result>): string => {
  const rows = results.filter((result) => result.directory === directory)
  return Table.render(
    `Download of ${(rows[0]?.bytes ?? 0) / MiB} MiB with SHA-256, written to ${directory}`,
    ["client", "MB/s", `of ${reference}`, "CPU s", "peak MiB", "longest block ms"],
    rows.map((result) => [
      result.client,
      result.megabytesPerSecond,
      result.ofReference.toFixed(2),
      result.cpuSeconds.toFixed(2),
      result.peakMiB,
      result.blockedMillis
    ])
  )
}

/** Once each: what is asked for is the peak of memory. */
const measureFlatness = async (base: string, worker: URL, options: Options, subjects: ReadonlyArray<Name>) => {
  const directory = options.directories[0] ?? "/dev/shm"
  const sizes = options.quick ? [10, 100] : [100, 1024, 4096]
  const results: Array<Result> = []
  for (const size of sizes) {
    results.push(
      ...(await measureAll({ base, worker, directory, label: "flatness", subjects, bytes: size * MiB, rounds: 1 }))
    )
  }
  return results
}

const flat = (results: ReadonlyArray<Result>): ReadonlyArray<string> => {
  if (results.length === 0) return []
  const sizes = [...new Set(results.map((result) => result.bytes))]
  const clients = [...new Set(results.map((result) => result.client))]
  const peak = (client: string, bytes: number) =>
    results.find((result) => result.client === client && result.bytes === bytes)?.peakMiB ?? "-"
  return [
    Table.render(
      "Peak of memory in MiB, by size of the body",
      ["client", ...sizes.map((bytes) => `${bytes / MiB} MiB`)],
      clients.map((client) => [client, ...sizes.map((bytes) => peak(client, bytes))])
    )
  ]
}
