/** System calls that fail: which there are, what each can fail with, and the library that makes one fail. */
import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as os from "node:os"
import * as path from "node:path"

/** A call of a process, at a file or at something else that the system gives. */
export interface Call {
  readonly call: string
  readonly file: string
}

export interface Fault extends Call {
  readonly error: keyof typeof os.constants.errno
  /** How many calls fail: a full disk fails all of them, a signal interrupts one. */
  readonly times: number
}

type ErrorName = keyof typeof os.constants.errno

const paths: ReadonlyArray<ErrorName> = ["EACCES", "EIO", "ELOOP", "ENOTDIR", "ENAMETOOLONG"]

/** What each call can fail with, by its name in `faults.c`. */
const errors: Readonly<Record<string, ReadonlyArray<ErrorName>>> = {
  open: ["EACCES", "EMFILE", "EIO", "ELOOP", "ENFILE", "EINTR"],
  openToWrite: ["EROFS", "EACCES", "EMFILE", "EIO", "EINTR"],
  create: ["ENOSPC", "EROFS", "EACCES", "EMFILE", "EDQUOT", "ELOOP", "EIO", "EINTR"],
  read: ["EIO", "EINTR", "EISDIR"],
  write: ["ENOSPC", "EIO", "EDQUOT", "EFBIG", "EINTR"],
  fsync: ["EIO", "ENOSPC", "EDQUOT", "EINTR"],
  truncate: ["EIO", "ENOSPC", "EINTR"],
  rename: ["EACCES", "ENOSPC", "EROFS", "EIO", "EXDEV"],
  mkdir: ["EACCES", "EROFS", "ENOSPC", "ELOOP", "EMLINK", "EIO"],
  remove: ["EACCES", "EROFS", "EBUSY", "EIO"],
  link: ["EPERM", "EACCES", "EROFS", "ENOSPC", "EIO"],
  chmod: ["EPERM", "EROFS", "EIO"],
  chown: ["EPERM", "EROFS", "EIO"],
  lock: ["EIO", "ENOLCK", "EACCES", "EINTR"],
  stat: paths,
  list: [...paths, "EMFILE"],
  readlink: paths,
  realpath: paths,
  socket: ["EMFILE", "EACCES", "ENOBUFS", "ENFILE"],
  connect: ["EACCES", "ENETUNREACH", "EADDRNOTAVAIL"],
  bind: ["EACCES", "EADDRINUSE", "EADDRNOTAVAIL"],
  listen: ["EADDRINUSE"],
  getcwd: ["ENOENT", "EACCES"],
  getpwuid: ["ENOENT", "EIO"]
}

/** Standard output can be a full disk, or a pipe without a reader. */
const ofOutput: ReadonlyArray<ErrorName> = ["ENOSPC", "EIO", "EPIPE"]

/** The faults at a call, one for each error. */
export const at = (call: Call): ReadonlyArray<Fault> => {
  const names = call.file === "standard output" && call.call === "write" ? ofOutput : (errors[call.call] ?? [])
  return names.map((error) => ({ ...call, error, times: error === "EINTR" ? 1 : 1_000_000 }))
}

/**
 * Some of the faults at the calls of a command: at a call that no command before has made, one error; at every third of the
 * others, one. Which of the errors it is follows from the names of the command and of the call: the order of calls differs
 * from run to run, and the suite tries the same faults each time.
 */
export const some = (command: string, calls: ReadonlyArray<Call>, before: Set<string>): ReadonlyArray<Fault> =>
  calls.flatMap((call) => {
    const key = `${call.call} ${call.file}`
    const turn = createHash("sha256").update(`${command} ${key}`).digest().readUInt32BE()
    if (before.has(key) && turn % 3 !== 0) return []
    before.add(key)
    const faults = at(call)
    return faults.slice(Math.floor(turn / 3) % Math.max(1, faults.length)).slice(0, 1)
  })

/** Builds the library. Installs a compiler with apt-get where there is none. */
export const build = (directory: string): string => {
  if (spawnSync("gcc", ["--version"]).error !== undefined && process.getuid?.() === 0) {
    execFileSync("apt-get", ["install", "--yes", "--no-install-recommends", "gcc", "libc6-dev"], { stdio: "ignore" })
  }
  const library = path.join(directory, "faults.so")
  const source = path.join(import.meta.dirname, "faults.c")
  execFileSync("gcc", ["-std=gnu11", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"])
  return library
}

/** The environment in which a process has the fault, and tells its calls to `log`. */
export const environment = (options: {
  readonly library: string
  readonly under: string
  readonly log?: string
  readonly fault?: Fault
}): Readonly<Record<string, string>> => ({
  LD_PRELOAD: options.library,
  FAULTS_UNDER: options.under,
  ...(options.log === undefined ? undefined : { FAULTS_LOG: options.log }),
  ...(options.fault === undefined
    ? undefined
    : {
        FAULTS_CALL: options.fault.call,
        FAULTS_FILE: options.fault.file,
        FAULTS_ERRNO: String(os.constants.errno[options.fault.error]),
        FAULTS_TIMES: String(options.fault.times)
      })
})
