/**
 * Detects scripts that still run after privx-kit was killed (`kill -9`) while it executed them. They are unsupervised,
 * and no time limit ends them. On any other exit, privx-kit ends the script first.
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
  /** The id of its process group. */
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
    // Unreadable records are reported when the run is executed again.
    const record = yield* Effect.orElseSucceed(ScriptExecution.latest(dataDir, runId), () => undefined)
    if (record === undefined || record.endedAt !== null || isAlive(record.pid)) continue
    const group = groupOf(record, path.join(directory, runId))
    if (group !== undefined) found.push({ runId, group, startedAt: record.startedAt, log: record.log })
  }
  return found
})

/**
 * A privx-kit process that was killed early has not recorded the process group. The path of the executed copy then
 * identifies it.
 */
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
  /** Whether the file is the program or one of its arguments. */
  readonly isOf: (file: string) => boolean
}

const processesOfLinux = (): ReadonlyArray<Process> =>
  fs.readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
      return [{ group: Number(statOf(Number(pid))[2]), isOf: (file: string) => words.includes(file) }]
    } catch {
      // The process has ended in the meantime.
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

/** The privx-kit process that started the script may still supervise it. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Maximum number of seconds between the record and the start of the process. */
const tolerance = 60

/** Whether the process group exists and is that of the script, because process ids are reused. */
const isGroupOf = (group: number, startedAt: DateTime.Utc): boolean => {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  const started = startOf(group)
  return started === undefined || Math.abs(started - DateTime.toEpochMillis(startedAt) / 1000) < tolerance
}

/** Clock ticks per second, on every Linux that Node supports. */
const ticks = 100

/** The start time of a process, in seconds since 1970; only known on Linux. */
const startOf = (pid: number): number | undefined => {
  try {
    const boot = Number(/^btime (\d+)$/m.exec(fs.readFileSync("/proc/stat", "utf8"))?.[1])
    const started = boot + Number(statOf(pid)[19]) / ticks
    return Number.isNaN(started) ? undefined : started
  } catch {
    return undefined
  }
}

/** The fields of `/proc/PID/stat` from the state on. The name before it, in parentheses, can contain spaces. */
const statOf = (pid: number): ReadonlyArray<string> =>
  fs
    .readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
