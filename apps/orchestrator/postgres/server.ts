/** A Postgres server of its own, in a temporary directory, that can be killed and started again. */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { install } from "./install.ts"

export interface Server {
  /** Makes an empty database, and answers with its URL. */
  readonly database: () => Promise<string>
  readonly start: () => Promise<void>
  /** `fast` ends all sessions and writes everything, `immediate` leaves that to recovery. */
  readonly stop: (mode: "fast" | "immediate") => Promise<void>
  /** Stops it and removes everything. */
  readonly remove: () => Promise<void>
}

/** Postgres refuses to run as root. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

export const freePort = async (): Promise<number> => {
  const server = net.createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

export const create = async (settings: Readonly<Record<string, string>> = {}): Promise<Server> => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-postgres-"))
  const data = path.join(directory, "data")
  fs.mkdirSync(data, { mode: 0o700 })
  let programs = install()
  if (user.uid !== undefined) {
    // The repository may lie where only root can read.
    fs.chmodSync(directory, 0o755)
    fs.cpSync(programs, path.join(directory, "native"), { recursive: true, verbatimSymlinks: true })
    programs = path.join(directory, "native")
    fs.chownSync(data, user.uid, user.gid)
  }
  const bin = (name: string) => path.join(programs, "bin", name)
  const environment = { PATH: process.env["PATH"] ?? "", LC_ALL: "C", LD_LIBRARY_PATH: path.join(programs, "lib") }
  execFileSync(bin("initdb"), ["-D", data, "-U", "privx", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"], {
    ...user,
    cwd: data,
    env: environment,
    stdio: "ignore"
  })
  const port = await freePort()
  const log = fs.openSync(path.join(directory, "log"), "a")
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: data, max_connections: "200", ...settings }
  const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])

  let running: ReturnType<typeof spawn> | undefined
  const start = async () => {
    const child = spawn(bin("postgres"), ["-D", data, "-p", String(port), ...options], {
      ...user,
      cwd: data,
      env: environment,
      stdio: ["ignore", log, log]
    })
    running = child
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(fs.readFileSync(path.join(directory, "log"), "utf8"))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const stop = async (mode: "fast" | "immediate") => {
    const child = running
    if (child === undefined || child.exitCode !== null) return
    const closed = once(child, "close")
    child.kill(mode === "fast" ? "SIGINT" : "SIGQUIT")
    await closed
  }

  await start()
  let count = 0
  return {
    start,
    stop,
    database: async () => {
      const name = `kit_${++count}`
      await execute(`postgres://privx@127.0.0.1:${port}/postgres`, `CREATE DATABASE ${name}`)
      return `postgres://privx@127.0.0.1:${port}/${name}`
    },
    remove: async () => {
      await stop("immediate")
      fs.closeSync(log)
      fs.rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** Whether it accepts logins: while it recovers, it already listens. */
const answers = (port: number): Promise<boolean> =>
  execute(`postgres://privx@127.0.0.1:${port}/postgres`, "SELECT 1").then(
    () => true,
    () => false
  )

const execute = (url: string, statement: string): Promise<unknown> =>
  Effect.runPromise(
    SqlClient.SqlClient.pipe(
      Effect.flatMap((sql) => sql.unsafe(statement)),
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1, connectTimeout: "2 seconds" }))
    )
  )
