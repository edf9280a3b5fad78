/**
 * Every command, with each system call that it makes failing once: a full disk, a missing right, a broken disk, too many open
 * files. It ends, in time, with a message that says what to do, and never with exit code 1, which is for bugs of privx-kit.
 *
 * `SYSCALLS=all` tries every error at every call, which takes about an hour.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as simulated from "../test/support/simulated.ts"
import * as Scope from "effect/Scope"
import * as Exit from "effect/Exit"
import * as faults from "./faults.ts"

const program = path.join(import.meta.dirname, "..", "bin", "privx-kit.cjs")

const all = process.env["SYSCALLS"] === "all"

/** A process that has not ended by then never will. In milliseconds. */
const patience = 120_000

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** What the commands start from, by the name of the state that they need. */
type State = "empty" | "done" | "waiting" | "failed" | "fleet"

interface Command {
  readonly args: (ids: Ids) => ReadonlyArray<string>
  readonly state: State
  /** Its exit code where nothing fails. */
  readonly code: number
  /** A command without an end of its own gets SIGTERM when it has printed this. */
  readonly until?: string
  readonly stdin?: string
}

/** Of the state that a command starts from. */
interface Ids {
  readonly run: string
  readonly sha256: string
}

const root = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-syscalls-"))
const scope = Scope.makeUnsafe()
let privx: Effect.Success<ReturnType<typeof simulated.start>>
let library = ""
const ids = new Map<State, Ids>()

/** By then a command without an end of its own has started, also where it cannot print that. In milliseconds. */
const started = 15_000

/** Starts the program in a directory: its working directory, home and files are all there. */
const run = (
  directory: string,
  command: Pick<Command, "until" | "stdin">,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
  output: "pipe" | number = "pipe"
) =>
  new Promise<Ended>((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: path.join(directory, "cwd"),
      env: {
        ...privx.env,
        PATH: process.env["PATH"] ?? "",
        LANG: "C.UTF-8",
        HOME: path.join(directory, "home"),
        TMPDIR: path.join(directory, "tmp"),
        PRIVX_API_CA_FILE: path.join(directory, "ca.pem"),
        ...env
      },
      stdio: ["pipe", output, "pipe"]
    })
    let stdout = ""
    let stderr = ""
    // A second signal would end it at once.
    let isStopping = false
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      if (command.until === undefined || isStopping || !stdout.includes(command.until)) return
      isStopping = true
      child.kill("SIGTERM")
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    child.stdin?.on("error", () => {})
    child.stdin?.end(command.stdin ?? "")
    // A server keeps running when the reader of its output has closed the pipe.
    if (command.until !== undefined && env["FAULTS_FILE"] === "standard output") {
      const stop = setTimeout(() => {
        if (!isStopping) child.kill("SIGTERM")
      }, started)
      child.once("close", () => clearTimeout(stop))
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), patience)
    child.once("close", (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, stdout, stderr })
    })
  })

const fresh = (directory: string, state: State) => {
  fs.rmSync(directory, { recursive: true, force: true })
  fs.cpSync(path.join(root, state), directory, { recursive: true, preserveTimestamps: true })
}

const commands: Readonly<Record<string, Command>> = {
  "ueba setup": {
    args: () => ["ueba", "setup", "--output=../out", "--policy=../policy.toml"],
    state: "empty",
    code: 0
  },
  "ueba setup --stdout": { args: () => ["ueba", "setup", "--stdout"], state: "done", code: 0 },
  "ueba setup --execute": { args: () => ["ueba", "setup", "--execute", "--yes"], state: "done", code: 0 },
  "ueba setup --no-wait": {
    args: () => ["ueba", "setup", "--output=../out", "--require-approval=always", "--no-wait"],
    state: "empty",
    code: 18
  },
  "ueba setup --run": { args: ({ run }) => ["ueba", "setup", "--run", run], state: "done", code: 0 },
  "runs list": { args: () => ["runs", "list"], state: "done", code: 0 },
  "runs show": { args: ({ run }) => ["runs", "show", run], state: "done", code: 0 },
  "runs watch": { args: ({ run }) => ["runs", "watch", run], state: "done", code: 0 },
  "runs cancel": { args: ({ run }) => ["runs", "cancel", run], state: "waiting", code: 0 },
  "runs approve": {
    args: ({ run, sha256 }) => ["runs", "approve", run, "--sha256", sha256],
    state: "waiting",
    code: 0
  },
  "runs reject": { args: ({ run }) => ["runs", "reject", run], state: "waiting", code: 0 },
  "runs retry": { args: ({ run }) => ["runs", "retry", run], state: "failed", code: 13 },
  "runs prune": { args: () => ["runs", "prune", "--keep=0"], state: "done", code: 0 },
  "runs reindex": { args: () => ["runs", "reindex"], state: "done", code: 0 },
  "artifacts list": { args: () => ["artifacts", "list"], state: "done", code: 0 },
  "artifacts show": { args: ({ sha256 }) => ["artifacts", "show", sha256], state: "done", code: 0 },
  "artifacts diff": { args: ({ run }) => ["artifacts", "diff", run], state: "waiting", code: 0 },
  "artifacts export": {
    args: ({ sha256 }) => ["artifacts", "export", sha256, "../exported.sh"],
    state: "done",
    code: 0
  },
  "artifacts prune": { args: () => ["artifacts", "prune", "--keep=0"], state: "done", code: 0 },
  "artifacts fsck": { args: () => ["artifacts", "fsck"], state: "done", code: 0 },
  verify: { args: () => ["verify", "../out/privx-ueba-setup.sh"], state: "done", code: 0 },
  doctor: { args: () => ["doctor"], state: "done", code: 0 },
  "fleet apply": { args: () => ["fleet", "apply", "../fleet.yaml"], state: "empty", code: 0 },
  "fleet apply --plan": { args: () => ["fleet", "apply", "../fleet.yaml", "--plan"], state: "fleet", code: 0 },
  "fleet status": { args: () => ["fleet", "status", "../fleet.yaml"], state: "fleet", code: 0 },
  "fleet show": { args: ({ run }) => ["fleet", "show", run], state: "fleet", code: 0 },
  "fleet retry": { args: ({ run }) => ["fleet", "retry", run], state: "fleet", code: 21 },
  "fleet watch": { args: () => ["fleet", "watch", "../fleet.yaml", "--rounds=1"], state: "empty", code: 0 },
  "playback reauthenticate": {
    args: () => ["playback", "reauthenticate", "-"],
    state: "empty",
    code: 9,
    stdin: "none\n"
  },
  serve: {
    args: () => ["serve", "--listen=127.0.0.1:0", "--tokens=../tokens.toml"],
    state: "done",
    code: 0,
    until: "http://127"
  },
  "serve token": { args: () => ["serve", "token", "--name=ci", "--role=operator"], state: "empty", code: 0 },
  worker: {
    args: () => ["worker", "--database-url=postgres://privx@127.0.0.1:1/privx?sslmode=disable"],
    state: "empty",
    code: 26
  },
  "database migrate": {
    args: () => ["database", "migrate", "--database-url=postgres://privx@127.0.0.1:1/privx?sslmode=disable"],
    state: "empty",
    code: 26
  },
  simulate: {
    args: () => ["simulate", "--tls", "--ca-out=../simulated.pem"],
    state: "empty",
    code: 143,
    until: "PRIVX"
  },
  openapi: { args: () => ["openapi", "ueba"], state: "empty", code: 0 },
  "help environment": { args: () => ["help", "environment"], state: "empty", code: 0 }
}

const dataDir = "--data-dir=../data"

beforeAll(async () => {
  privx = await Effect.runPromise(Scope.provide(simulated.start(), scope))
  library = faults.build(root)
  const base = path.join(root, "empty")
  for (const name of ["cwd", "home", "tmp"]) fs.mkdirSync(path.join(base, name), { recursive: true })
  fs.copyFileSync(privx.env.PRIVX_API_CA_FILE, path.join(base, "ca.pem"))
  fs.writeFileSync(path.join(base, "policy.toml"), 'write_places = ["/etc", "/opt"]\n')
  fs.mkdirSync(path.join(base, "home/.config/privx-kit"), { recursive: true })
  fs.writeFileSync(path.join(base, "home/.config/privx-kit/config.toml"), "", { mode: 0o600 })
  fs.writeFileSync(
    path.join(base, "fleet.yaml"),
    `version: 1
name: syscalls
schedule: { cron: "* * * * * *" }
hosts:
  - name: one
    base_url: ${privx.env.PRIVX_API_BASE_URL}
    ca_file: ca.pem
    output: scripts/one
    credentials:
      client_id: ${privx.env.PRIVX_API_CLIENT_ID}
      client_secret_env: PRIVX_API_CLIENT_SECRET
      oauth_client_secret_env: PRIVX_API_OAUTH_CLIENT_SECRET
`
  )
  fs.writeFileSync(path.join(base, "tokens.toml"), "", { mode: 0o600 })
  const prepare = async (state: State, code: number, ...args: ReadonlyArray<string>) => {
    const directory = path.join(root, state)
    fs.cpSync(base, directory, { recursive: true })
    const made = await run(directory, {}, [...args, dataDir], {})
    assert.strictEqual(made.code, code, made.stderr)
    const { stdout } = await run(directory, {}, ["runs", "list", "--json", dataDir], {})
    const [latest] = JSON.parse(stdout).result.runs
    ids.set(state, { run: latest.id, sha256: latest.sha256 ?? latest.script?.sha256 ?? "" })
  }
  await prepare("done", 0, "ueba", "setup", "--output=../out")
  await prepare("waiting", 18, "ueba", "setup", "--require-approval=always", "--no-wait")
  await prepare("failed", 13, "ueba", "setup", `--sha256=${"0".repeat(64)}`)
  await prepare("fleet", 0, "fleet", "apply", "../fleet.yaml")
  const tokens = await run(base, {}, ["serve", "token", "--name=ci", "--role=operator", "--json"], {})
  for (const state of ["empty", "done"]) {
    fs.writeFileSync(path.join(root, state, "tokens.toml"), JSON.parse(tokens.stdout).result.entry, { mode: 0o600 })
  }
})

afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  fs.rmSync(root, { recursive: true, force: true })
})

/** What is wrong with how a process ended; nothing where it is as it must be. */
const complaint = (directory: string, clean: number, { code, signal, stderr, stdout }: Ended): string | undefined => {
  const text = stdout + stderr
  if (signal === "SIGKILL") return "never ends"
  if (code === null) return `is ended by ${signal}`
  if (code === 1 || /please report it|internal error/i.test(text)) return "says that it is a bug"
  if (/^\s+at .*[(:]/m.test(text)) return "prints a stack trace"
  if (code !== 0 && code !== clean) {
    if (text.trim() === "") return "says nothing"
    // What failed and why, and what to do about it; doctor has arrows before what to do.
    const sentences = text.match(/\.(?:\s|$)/g) ?? []
    if (sentences.length < 2 && !text.includes("→ ")) return "does not say what to do"
  }
  const script = path.join(directory, "out/privx-ueba-setup.sh")
  if (
    code === 0 &&
    fs.existsSync(script) &&
    createHash("sha256").update(fs.readFileSync(script)).digest("hex") !== expected()
  )
    return "delivers another script"
  return undefined
}

const expected = (): string => idsOf("done").sha256

const idsOf = (state: State): Ids => ids.get(state) ?? { run: "", sha256: "" }

/** The calls of a clean run, each once. */
const callsOf = async (name: string, directory: string, command: Command): Promise<ReadonlyArray<faults.Call>> => {
  fresh(directory, command.state)
  const log = `${directory}.log`
  fs.rmSync(log, { force: true })
  const args = [...command.args(idsOf(command.state)), dataDir]
  const clean = await run(directory, command, args, faults.environment({ library, under: directory, log }))
  assert.strictEqual(clean.code, command.code, `${name}: ${clean.stderr}${clean.stdout}`)
  return [...new Set(fs.readFileSync(log, "utf8").trim().split("\n"))].map((line) => {
    const [call = "", file = ""] = line.split("\t")
    return { call, file }
  })
}

/** What was tried at commands before. */
const before = new Set<string>()

describe("a command while a system call fails", () => {
  it.each(Object.keys(commands))("%s", async (name) => {
    const command = commands[name]
    assert(command !== undefined)
    const calls = await callsOf(name, path.join(root, "at", "0"), command)
    const queue = [...(all ? calls.flatMap(faults.at) : faults.some(name, calls, before))]
    const wrong: Array<string> = []
    const worker = async (_: unknown, slot: number) => {
      const directory = path.join(root, "at", String(slot))
      for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
        fresh(directory, command.state)
        const args = [...command.args(idsOf(command.state)), dataDir]
        const ended = await run(directory, command, args, faults.environment({ library, under: directory, fault }))
        const what = complaint(directory, command.code, ended)
        const title = `${fault.error} at ${fault.call} ${fault.file}`
        note(name, title, ended, what)
        if (what !== undefined) wrong.push(`${title}: ${what} (${ended.code})\n    ${ended.stderr.trim().slice(-600)}`)
      }
    }
    await Promise.all(Array.from({ length: os.availableParallelism() }, worker))
    assert.deepStrictEqual(wrong, [])
  })
})

describe("a command whose standard output is full", () => {
  it.each(Object.keys(commands).filter((name) => commands[name]?.code === 0 && commands[name].until === undefined))(
    "%s",
    async (name) => {
      const command = commands[name]
      assert(command !== undefined)
      const directory = path.join(root, "at", "0")
      fresh(directory, command.state)
      const full = fs.openSync("/dev/full", "w")
      const ended = await run(directory, command, [...command.args(idsOf(command.state)), dataDir], {}, full)
      fs.closeSync(full)
      assert.strictEqual(ended.code, 14, ended.stderr)
      assert.strictEqual(ended.stderr.split("Standard output could not be used: ENOSPC").length, 2, ended.stderr)
      // The signed manifest does not claim a delivery that did not happen.
      const manifests = path.join(directory, "data/manifests")
      if (name !== "ueba setup --stdout") return
      for (const file of fs.readdirSync(manifests).filter((file) => file.endsWith(".json"))) {
        const { handedOver } = JSON.parse(fs.readFileSync(path.join(manifests, file), "utf8"))
        assert.notInclude(JSON.stringify(handedOver), '"stdout"')
      }
    }
  )
})

describe("artifacts fsck", () => {
  it("leaves what it cannot read where it is", async () => {
    const directory = path.join(root, "at", "0")
    for (const error of ["EACCES", "EMFILE", "EIO"] as const) {
      fresh(directory, "done")
      const unread = `/data/artifacts/sh#/${expected().slice(0, 2)}/#`
      const fault = { call: "open", file: unread, error, times: 1_000_000 }
      const env = faults.environment({ library, under: directory, fault })
      const { code, stdout } = await run(directory, {}, ["artifacts", "fsck", "--json", dataDir], env)
      assert.strictEqual(code, 14, stdout)
      assert.strictEqual(JSON.parse(stdout).result.unreadable.length, 1)
      const file = path.join(directory, "data/artifacts/sha256", expected().slice(0, 2), expected())
      assert.isTrue(fs.existsSync(file), error)
    }
  })
})

/** For a person who looks at all messages: one line for each process, in the file that `SYSCALLS_LOG` names. */
const note = (name: string, title: string, { code, stderr }: Ended, what = "") => {
  const file = process.env["SYSCALLS_LOG"]
  const last = stderr.trim().split("\n").slice(-2).join(" | ").slice(0, 500)
  if (file !== undefined) fs.appendFileSync(file, `${[name, title, code, what, last].join("\t")}\n`)
}
