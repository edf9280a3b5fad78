/**
 * A pgbouncer in front of a server. The program is the one of this machine, or the package of Debian, unpacked under the package
 * manager's own directory: that takes apt-get and dpkg-deb, and no rights.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { freePort } from "./server.ts"

const directory = path.join(import.meta.dirname, "..", "node_modules", ".cache", "pgbouncer")

/** The libraries of the package that a machine need not have. */
const packages = ["pgbouncer", "libc-ares2", "libevent-2.1-7"]

interface Program {
  readonly file: string
  readonly libraries: string
}

const unpacked = (): Program => ({
  file: path.join(directory, "usr/sbin/pgbouncer"),
  libraries: (fs.existsSync(path.join(directory, "usr/lib")) ? fs.readdirSync(path.join(directory, "usr/lib")) : [])
    .map((name) => path.join(directory, "usr/lib", name))
    .join(":")
})

const starts = ({ file, libraries }: Program): boolean =>
  spawnSync(file, ["--version"], { env: { LD_LIBRARY_PATH: libraries } }).status === 0

const find = (): Program | string => {
  const installed = { file: "/usr/sbin/pgbouncer", libraries: "" }
  if (starts(installed)) return installed
  if (!starts(unpacked())) {
    fs.mkdirSync(directory, { recursive: true })
    for (const name of packages) {
      const { status } = spawnSync("apt-get", ["download", name], { cwd: directory, stdio: "ignore" })
      if (status !== 0) return "pgbouncer is not installed, and apt-get cannot bring it"
    }
    for (const file of fs.readdirSync(directory).filter((name) => name.endsWith(".deb"))) {
      execFileSync("dpkg-deb", ["-x", file, "."], { cwd: directory })
      fs.rmSync(path.join(directory, file))
    }
  }
  return starts(unpacked()) ? unpacked() : "the package of pgbouncer does not run on this machine"
}

const found = find()

/** Why there is no pgbouncer; nothing where there is one. */
export const missing: string | undefined = typeof found === "string" ? found : undefined

export interface Pooler {
  /** The same database, by way of the pooler. */
  readonly url: (direct: string) => string
  readonly stop: () => Promise<void>
}

/** It refuses to be root, as the server does. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })

export const start = async (options: {
  /** Of any database of the server. */
  readonly server: string
  /** A directory that every user may enter. */
  readonly directory: string
  readonly mode: "session" | "transaction" | "statement"
  readonly settings?: Readonly<Record<string, string>>
}): Promise<Pooler> => {
  if (typeof found === "string") throw new Error(found)
  const { hostname, port } = new URL(options.server)
  const listenPort = await freePort()
  const file = path.join(options.directory, `${listenPort}.ini`)
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: String(listenPort),
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: options.mode,
    default_pool_size: "40",
    ...options.settings
  }
  fs.writeFileSync(
    file,
    `[databases]\n* = host=${hostname} port=${port} user=privx\n[pgbouncer]\n` +
      Object.entries(settings)
        .map(([name, value]) => `${name} = ${value}\n`)
        .join("")
  )
  const child = spawn(found.file, ["-q", file], {
    ...user,
    cwd: "/",
    env: { LD_LIBRARY_PATH: found.libraries },
    stdio: ["ignore", "ignore", "pipe"]
  })
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text))
  while (!(await answers(listenPort))) {
    if (child.exitCode !== null) throw new Error(said)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    url: (direct) => {
      const url = new URL(direct)
      url.port = String(listenPort)
      return url.href
    },
    stop: async () => {
      if (child.exitCode !== null) return
      const closed = once(child, "close")
      child.kill("SIGKILL")
      await closed
    }
  }
}
