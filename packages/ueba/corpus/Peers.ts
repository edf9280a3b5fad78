/**
 * The tools that people use for the same purpose: `bash -n`, shfmt and shellcheck. The last two come from Debian packages,
 * which are downloaded and unpacked into a directory; nothing is installed, and no script is run.
 */
import { execFile, execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

export interface Peer {
  readonly name: string
  /** What the tool complains of, as codes or one word; empty where it accepts the script. */
  readonly complaints: (file: string, shell: "sh" | "bash") => Promise<ReadonlySet<string>>
}

const isRefused = async (command: string, args: ReadonlyArray<string>): Promise<boolean> => {
  try {
    await run(command, args, { maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" } })
    return false
  } catch {
    return true
  }
}

const refusal = new Set(["refused"])
const nothing: ReadonlySet<string> = new Set()

/** @param directory where the packages are kept for the next time */
export const available = async (directory: string): Promise<ReadonlyArray<Peer>> => {
  const peers: Array<Peer> = [
    { name: "bash -n", complaints: async (file) => ((await isRefused("bash", ["-n", file])) ? refusal : nothing) }
  ]
  const shfmt = await unpacked(directory, "shfmt")
  if (shfmt !== undefined) {
    peers.push({
      name: "shfmt",
      complaints: async (file, shell) =>
        (await isRefused(shfmt, ["-ln", shell === "sh" ? "posix" : "bash", file])) ? refusal : nothing
    })
  }
  const shellcheck = await unpacked(directory, "shellcheck")
  if (shellcheck !== undefined) {
    for (const severity of ["error", "warning"]) {
      peers.push({
        name: `shellcheck -S ${severity}`,
        complaints: (file, shell) => codes(shellcheck, ["-S", severity, "-s", shell, "-f", "gcc", file])
      })
    }
  }
  return peers
}

/** The codes that shellcheck reports. */
const codes = async (command: string, args: ReadonlyArray<string>): Promise<ReadonlySet<string>> => {
  try {
    await run(command, args, { maxBuffer: 64 * 1024 * 1024, env: { LC_ALL: "C.UTF-8" } })
    return nothing
  } catch (error) {
    const output = error instanceof Error && "stdout" in error ? String(error.stdout) : ""
    const found = [...output.matchAll(/\[(SC\d+)\]/g)].map(([, code = ""]) => code)
    return found.length === 0 ? refusal : new Set(found)
  }
}

/** The program of a package of the same name, or `undefined` where the package is not available or does not start here. */
const unpacked = async (directory: string, name: string): Promise<string | undefined> => {
  const root = path.join(directory, name)
  const program = path.join(root, "usr/bin", name)
  try {
    if (!fs.existsSync(program)) {
      fs.mkdirSync(root, { recursive: true })
      // apt downloads as its own user where it can, who may not write here.
      await run("apt-get", ["-o", "APT::Sandbox::User=root", "download", name], { cwd: root })
      const archive = fs.readdirSync(root).find((file) => file.endsWith(".deb"))
      if (archive === undefined) return undefined
      execFileSync("dpkg-deb", ["-x", path.join(root, archive), root])
    }
    execFileSync(program, ["--version"], { stdio: "ignore" })
    return program
  } catch {
    return undefined
  }
}
