/**
 * Which signal ends the process. The first signal stops it gracefully, so that the run can be resumed; a second one exits at
 * once: a run survives that too, as it survives a power cut.
 *
 * A closed terminal (SIGHUP) counts as SIGTERM, unless the process was started with `nohup`, or something else in it
 * listens: `serve` reads its tokens again.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as ExitCode from "./ExitCode.ts"

const signals = { SIGINT: "interrupted", SIGTERM: "terminated", SIGHUP: "hangup" } as const satisfies Partial<
  Record<NodeJS.Signals, ExitCode.Name>
>

let received: keyof typeof signals | undefined

/** Listens for the whole life of the process. */
export const listen = (): void => {
  // By itself Node opens a debugger on SIGUSR1, in which any account of the machine can run code as this user.
  process.on("SIGUSR1", () => {})
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => receive(signal))
  const ignored = isNohup()
  process.on("SIGHUP", () => {
    if (ignored) return
    if (process.listenerCount("SIGHUP") > 1) return
    // A terminal that is closed sends it to the whole group, and a shell once more.
    if (received === "SIGHUP") return
    receive("SIGHUP")
    // The runtime stops its fibers on this one.
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

/** Whether the SIGTERM that follows from a SIGHUP was seen. */
let passedOn = false

/**
 * Whether the process was started with `nohup`. Node itself undoes the ignored SIGHUP at its start, so that only other traces
 * are left: the shell names `nohup` as what it started, the shell script around this process ignores SIGHUP, or `nohup` has
 * replaced a terminal by a standard input that cannot be read and by `nohup.out`.
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

/** Where there is no `/proc`, the answer is no. */
const inProc = (look: () => boolean): boolean => {
  try {
    return look()
  } catch {
    return false
  }
}

const target = (descriptor: number): string => fs.readlinkSync(`/proc/self/fd/${descriptor}`)

let isExpected = false

/** From now on a signal is how the process is meant to end, and no failure. */
export const expectSignal = (): void => {
  isExpected = true
}

/** The exit code of an interrupted process. */
export const exitName = (): (typeof signals)[keyof typeof signals] | "ok" =>
  isExpected ? "ok" : signals[received ?? "SIGINT"]
