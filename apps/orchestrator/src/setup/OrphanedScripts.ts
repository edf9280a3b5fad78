/**
 * Scripts that still run after privx-kit was killed (`kill -9`) while it executed them: they are unwatched, and no time limit
 * ends them. On any other exit, privx-kit ends the script first.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { fromSystem } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as ScriptExecution from "./ScriptExecution.ts"

export interface OrphanedScript {
  readonly runId: string
  /** Of its processes. */
  readonly group: number
  readonly startedAt: DateTime.Utc
  readonly log: string
}

export const find = Effect.fn("OrphanedScripts.find")(function* (
  dataDir: string
): Effect.fn.Return<ReadonlyArray<OrphanedScript>, StorageFailed> {
  const directory = path.join(dataDir, "executions")
  const runIds = yield* Effect.try({ try: () => fs.readdirSync(directory), catch: fromSystem(directory) }).pipe(
    Effect.catchIf(
      // A data directory that is a file is refused where it is opened.
      ({ reason }) => reason === "missing" || reason === "notADirectory",
      () => Effect.succeed([])
    )
  )
  const found: Array<OrphanedScript> = []
  for (const runId of runIds) {
    // What cannot be read is reported where the run is executed again.
    const record = yield* Effect.orElseSucceed(ScriptExecution.latest(dataDir, runId), () => undefined)
    if (record === undefined || record.endedAt !== null || isAlive(record.pid)) continue
    const group = groupOf(record, path.join(directory, runId))
    if (group !== undefined) found.push({ runId, group, startedAt: record.startedAt, log: record.log })
  }
  return found
})

/** A privx-kit that was killed at once has not recorded the group: then the path of the copy that is executed tells it. */
const groupOf = (record: ScriptExecution.Record, directory: string): number | undefined => {
  const group = record.group ?? groupExecuting(path.resolve(directory, `${record.number}.sh`))
  return group !== undefined && isGroupOf(group, record.startedAt) ? group : undefined
}

const groupExecuting = (script: string): number | undefined => {
  const processes = process.platform === "linux" ? processesOfLinux() : processesOfPs()
  return processes.find((one) => one.isOf(script))?.group
}

interface Process {
  readonly group: number
  /** Whether the file is the program, or an argument of it. */
  readonly isOf: (file: string) => boolean
}

const processesOfLinux = (): ReadonlyArray<Process> =>
  fs.readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
      return [{ group: Number(statOf(Number(pid))[2]), isOf: (file: string) => words.includes(file) }]
    } catch {
      // It has ended meanwhile.
      return []
    }
  })

const processesOfPs = (): ReadonlyArray<Process> => {
  try {
    const lines = execFileSync("ps", ["-A", "-o", "pgid=,args="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
    return lines.split("\n").map((line) => {
      const [, group, args = ""] = /^\s*(\d+) (.*)$/.exec(line) ?? []
      return { group: Number(group), isOf: (file) => `${args} `.includes(`${file} `) }
    })
  } catch {
    return []
  }
}

/** The privx-kit that started the script may be at work on it. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Seconds that may lie between the record and the start of the process. */
const tolerance = 60

/** Whether the group exists, and is that of the script: numbers of processes are used again. */
const isGroupOf = (group: number, startedAt: DateTime.Utc): boolean => {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  const started = startOf(group)
  return started === undefined || Math.abs(started - DateTime.toEpochMillis(startedAt) / 1000) < tolerance
}

/** Clock ticks in a second, on every Linux that Node supports. */
const ticks = 100

/** When a process started, in seconds since 1970; known on Linux only. */
const startOf = (pid: number): number | undefined => {
  try {
    const boot = Number(/^btime (\d+)$/m.exec(fs.readFileSync("/proc/stat", "utf8"))?.[1])
    const started = boot + Number(statOf(pid)[19]) / ticks
    return Number.isNaN(started) ? undefined : started
  } catch {
    return undefined
  }
}

/** What Linux tells about a process, from its state on: the name before it, in parentheses, can have spaces. */
const statOf = (pid: number): ReadonlyArray<string> =>
  fs
    .readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
