/**
 * Executes a script in a separate process group, so that its child processes can be ended with it. Its output goes
 * directly to its log and is read from there. Services that the script leaves running can therefore keep writing, and do
 * not delay its end.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, fstatSync, fsyncSync, openSync, readSync } from "node:fs"
import * as path from "node:path"
import * as ScriptEnvironment from "./ScriptEnvironment.ts"

export type Outcome =
  | { readonly exitCode: number | null; readonly signal: string | null }
  /** Why nothing was executed, in a few words. */
  | { readonly notStarted: string }

export interface Running {
  /** The id of the process group; `undefined` if nothing was started. */
  readonly group: number | undefined
  /** Never rejects. If this process ended the script, its whole group has ended. */
  readonly outcome: Promise<Outcome>
  /** Sends SIGTERM to the group, and SIGKILL after {@link grace}. */
  readonly end: () => void
}

/** Milliseconds. */
export const grace = 5000

/** How often the log and a process group that is being stopped are polled, in milliseconds. */
const interval = 50

/**
 * Starts the script with its first line, without standard input and with the environment of `ScriptEnvironment`.
 *
 * @param logFile created here; throws if that fails
 * @param onOutput called with its output as it arrives
 */
export const start = (script: string, logFile: string, onOutput: (text: string) => void): Running => {
  const log = openSync(logFile, "ax+", 0o600)
  const child = begin(script, log)
  if (child instanceof Error) {
    closeSync(log)
    return { group: undefined, outcome: Promise.resolve({ notStarted: reasonOf(child) }), end: () => undefined }
  }
  const follow = follower(log, onOutput)
  const following = setInterval(follow, interval)
  const group = groupOf(child)
  // However this process exits, the script does not continue without supervision.
  const kill = () => group.signal("SIGKILL")
  process.once("exit", kill)
  let ending: Promise<void> | undefined
  const outcome = exitOf(child).then(async (outcome) => {
    process.off("exit", kill)
    await ending
    clearInterval(following)
    follow()
    fsyncSync(log)
    closeSync(log)
    return outcome
  })
  return {
    group: child.pid,
    outcome,
    end: () => {
      if (child.exitCode === null && child.signalCode === null) ending ??= endGroup(group)
    }
  }
}

/** The error, if the script cannot be started. */
const begin = (script: string, log: number): ChildProcess | Error => {
  try {
    return spawn(script, [], {
      cwd: path.dirname(script),
      env: ScriptEnvironment.of(process.env),
      stdio: ["ignore", log, log],
      detached: true
    })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const exitOf = (child: ChildProcess): Promise<Outcome> =>
  new Promise((resolve) => {
    child.once("error", (error) => resolve({ notStarted: reasonOf(error) }))
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }))
  })

const reasonOf = (error: Error): string => {
  const code = "code" in error ? String(error.code) : error.message
  switch (code) {
    case "ENOENT":
      return "the shell that its first line names does not exist (ENOENT)"
    case "EACCES":
      return "this user may not run files in the data directory, or its file system is mounted noexec (EACCES)"
    default:
      return `the system refuses to run it (${code})`
  }
}

/** Reads the new part of the log with each call. */
const follower = (log: number, onOutput: (text: string) => void) => {
  const decoder = new TextDecoder()
  const buffer = Buffer.alloc(65_536)
  let position = 0
  return (): void => {
    const { size } = fstatSync(log)
    while (position < size) {
      const length = readSync(log, buffer, 0, Math.min(buffer.length, size - position), position)
      if (length === 0) return
      position += length
      onOutput(decoder.decode(buffer.subarray(0, length), { stream: true }))
    }
  }
}

interface Group {
  readonly signal: (name: NodeJS.Signals) => void
  readonly isThere: () => boolean
}

const groupOf = ({ pid }: ChildProcess): Group => {
  const kill = (signal: NodeJS.Signals | 0): boolean => {
    try {
      return pid !== undefined && process.kill(-pid, signal)
    } catch {
      return false
    }
  }
  return { signal: kill, isThere: () => kill(0) }
}

const endGroup = (group: Group): Promise<void> =>
  new Promise((resolve) => {
    // Processes that the script has started may outlive it; this process does not wait for them.
    const kill = () => group.signal("SIGKILL")
    process.once("exit", kill)
    group.signal("SIGTERM")
    let waited = 0
    const looking = setInterval(() => {
      waited += interval
      if (waited === grace) group.signal("SIGKILL")
      // After SIGKILL only zombies are left, which wait to be reaped.
      if (group.isThere() && waited <= grace) return
      clearInterval(looking)
      process.off("exit", kill)
      resolve()
    }, interval)
  })
