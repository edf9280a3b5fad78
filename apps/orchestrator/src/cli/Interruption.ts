/**
 * Handles the signals that end the process. The first signal stops it gracefully, so that the run can be resumed. A
 * second signal exits immediately; the run survives that as it survives a power failure.
 *
 * A closed terminal (SIGHUP) counts as SIGTERM, unless the process was started with `nohup`, or another part of it
 * handles SIGHUP: `serve` then reads its tokens again.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as ExitCode from "./ExitCode.ts"

const signals = { SIGINT: "interrupted", SIGTERM: "terminated", SIGHUP: "hangup" } as const satisfies Partial<
  Record<NodeJS.Signals, ExitCode.Name>
>

let received: keyof typeof signals | undefined

/** Listens until the process ends. */
export const listen = (): void => {
  // By default, Node opens a debugger on SIGUSR1, in which any account of the machine can run code as this user.
  process.on("SIGUSR1", () => {})
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => receive(signal))
  const ignored = isNohup()
  process.on("SIGHUP", () => {
    if (ignored) return
    if (process.listenerCount("SIGHUP") > 1) return
    // A closed terminal sends it to the whole process group, and the shell sends it again.
    if (received === "SIGHUP") return
    receive("SIGHUP")
    // The runtime stops its fibers on this signal.
    process.emit("SIGTERM", "SIGTERM")
  })
}

const receive = (signal: keyof typeof signals): void => {
  if (received === "SIGHUP" && signal === "SIGTERM" && !passedOn) {
    passedOn = true
    return
  }
  // oxlint-disable-next-line unicorn/no-process-exit -- the second signal ends it at once
  if (received !== undefined) process.exit(ExitCode.table[signals[signal]].code)
  received = signal
}

/** Whether the SIGTERM that follows a SIGHUP has arrived. */
let passedOn = false

/**
 * Whether the process was started with `nohup`. Node resets the ignored SIGHUP when it starts, so only other traces are
 * left: the shell names `nohup` as the started command, the shell script around this process ignores SIGHUP, or `nohup`
 * has replaced a terminal by an unreadable standard input and by `nohup.out`.
 */
const isNohup = (): boolean =>
  path.basename(process.env["_"] ?? "") === "nohup" ||
  inProc(() => {
    const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(fs.readFileSync(`/proc/${process.ppid}/status`, "utf8"))?.[1]
    return (BigInt(`0x${ignored ?? "0"}`) & 1n) === 1n
  }) ||
  inProc(() => {
    const flags = /^flags:\s*0*([0-7]+)$/m.exec(fs.readFileSync("/proc/self/fdinfo/0", "utf8"))?.[1] ?? "0"
    const isUnreadable = (Number.parseInt(flags, 8) & 3) === fs.constants.O_WRONLY
    return (isUnreadable && target(0) === "/dev/null") || [1, 2].some((fd) => path.basename(target(fd)) === "nohup.out")
  })

/** Without `/proc`, the result is `false`. */
const inProc = (look: () => boolean): boolean => {
  try {
    return look()
  } catch {
    return false
  }
}

const target = (descriptor: number): string => fs.readlinkSync(`/proc/self/fd/${descriptor}`)

let isExpected = false

/** From now on, a signal is the expected end of the process and not a failure. */
export const expectSignal = (): void => {
  isExpected = true
}

/** The exit code of an interrupted process. */
export const exitName = (): (typeof signals)[keyof typeof signals] | "ok" =>
  isExpected ? "ok" : signals[received ?? "SIGINT"]
