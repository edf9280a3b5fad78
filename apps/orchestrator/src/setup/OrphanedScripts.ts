/**
 * Scripts that still run after privx-kit was killed (`kill -9`) while it executed them: they are unwatched, and no time limit
 * ends them. On any other exit, privx-kit ends the script first.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { fromSystem } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
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
    if (record === undefined || record.endedAt !== null || record.group === undefined) continue
    const { group, log, pid, startedAt } = record
    if (!isAlive(pid) && isGroupOf(group, startedAt)) found.push({ runId, group, startedAt, log })
  }
  return found
})

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
    // The name of the program, in parentheses, can have spaces.
    const fields = fs
      .readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
    const started = boot + Number(fields[19]) / ticks
    return Number.isNaN(started) ? undefined : started
  } catch {
    return undefined
  }
}
