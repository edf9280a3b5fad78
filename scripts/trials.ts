/**
 * What is tried with the packed command on one Node: real processes and sockets, each trial in a home of its own. A trial
 * throws where something is not as a user would expect.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

type Environment = Readonly<Record<string, string>>

export interface Trial {
  readonly name: string
  readonly run: (command: Command) => Promise<void>
}

/** Longer than any trial takes on a busy machine, in milliseconds. */
const patience = 120_000

export interface Process {
  readonly child: ChildProcess
  /** What it has written so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<number | null>
}

/** The packed command, executed by one Node. Its `close` ends what it has started. */
export class Command {
  readonly directory: string
  private readonly node: string
  private readonly program: string
  private readonly started = new Set<Process>()

  constructor(options: { readonly node: string; readonly program: string; readonly directory: string }) {
    this.node = options.node
    this.program = options.program
    this.directory = options.directory
    fs.mkdirSync(this.directory, { recursive: true })
  }

  start(args: ReadonlyArray<string>, environment: Environment = {}): Process {
    const { directory } = this
    const child = spawn(this.node, [this.program, ...args], {
      cwd: directory,
      env: {
        PATH: `${path.dirname(this.node)}:${process.env["PATH"] ?? ""}`,
        HOME: directory,
        TMPDIR: directory,
        NO_COLOR: "1",
        ...environment
      },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const written = { stdout: "", stderr: "" }
    child.stdout.setEncoding("utf8").on("data", (text: string) => (written.stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (written.stderr += text))
    const ended = once(child, "close").then(([code]: Array<unknown>) => (typeof code === "number" ? code : null))
    const running = { child, stdout: () => written.stdout, stderr: () => written.stderr, ended }
    this.started.add(running)
    void ended.then(() => this.started.delete(running))
    return running
  }

  /** Executes it to its end, which has to be a success, with nothing of Node's own on standard error. */
  async run(args: ReadonlyArray<string>, environment: Environment = {}): Promise<string> {
    const running = this.start(args, environment)
    const code = await Promise.race([running.ended, sleep(patience, "no end", { ref: false })])
    const { stderr, stdout } = running
    if (code !== 0) {
      running.child.kill("SIGKILL")
      throw new Error(
        `privx-kit ${args.join(" ")}: ${code === "no end" ? code : `exit code ${code}`}\n${stdout()}${stderr()}`
      )
    }
    if (/warning/i.test(stderr())) throw new Error(`privx-kit ${args.join(" ")} warns:\n${stderr()}`)
    return stdout()
  }

  /** A simulated PrivX that stays until the end: the environment with its address and credentials. */
  async simulate(args: ReadonlyArray<string> = []): Promise<Environment> {
    const simulator = this.start(["simulate", "--json", ...args])
    await until(simulator, () => simulator.stdout().endsWith("}\n"))
    return JSON.parse(simulator.stdout()).result.environment
  }

  async close(): Promise<void> {
    const all = [...this.started]
    for (const { child } of all) child.kill("SIGKILL")
    await Promise.all(all.map(({ ended }) => ended))
  }
}

/** Waits while the process lives. */
const until = async (running: Process, condition: () => boolean | Promise<boolean>): Promise<void> => {
  const end = Date.now() + patience
  while (!(await condition())) {
    if (running.child.exitCode !== null || running.child.signalCode !== null || Date.now() > end) {
      throw new Error(`it did not come so far:\n${running.stdout()}${running.stderr()}`)
    }
    await sleep(20)
  }
}

const expect = (what: string, found: unknown, expected: unknown): void => {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)
  }
}

const runsOf = async (command: Command, args: ReadonlyArray<string>, environment: Environment) => {
  const { result } = JSON.parse(await command.run(["runs", "list", "--json", ...args], environment))
  const runs: ReadonlyArray<{ readonly id: string; readonly kind: string; readonly status: string }> = Array.isArray(
    result
  )
    ? result
    : result.runs
  return runs
}

export const trials: ReadonlyArray<Trial> = [
  {
    name: "demo",
    run: async (command) => {
      await command.run(["demo"])
    }
  },
  {
    name: "a setup killed by SIGKILL and resumed",
    run: async (command) => {
      const environment = await command.simulate([
        "--script-bytes",
        "200000",
        "--fault",
        "downloadSetupScript:stall@100000*1"
      ])
      const data = path.join(command.directory, "data")
      const output = path.join(command.directory, "out")
      const setup = ["ueba", "setup", "--data-dir", data, "--output", output]
      const killed = command.start(setup, environment)
      const partial = path.join(data, "artifacts", "partial")
      await until(killed, () => fs.existsSync(partial) && fs.readdirSync(partial, { recursive: true }).length > 0)
      killed.child.kill("SIGKILL")
      await killed.ended
      const before = await runsOf(command, ["--data-dir", data], environment)
      expect(
        "runs after the kill",
        before.map(({ status }) => status),
        ["interrupted"]
      )
      await command.run(setup, environment)
      const after = await runsOf(command, ["--data-dir", data], environment)
      expect(
        "runs at the end",
        after.map(({ id, status }) => [id, status]),
        [[before[0]?.id, "succeeded"]]
      )
      if (!fs.readFileSync(path.join(output, "privx-ueba-setup.sh"), "utf8").startsWith("#!")) {
        throw new Error("the output is not a script")
      }
    }
  },
  {
    name: "a fleet of three hosts",
    run: async (command) => {
      const simulators = await Promise.all([command.simulate(), command.simulate(), command.simulate()])
      const secrets = Object.fromEntries(
        simulators.flatMap((simulator, index) => [
          [`SECRET_${index}`, simulator["PRIVX_API_CLIENT_SECRET"] ?? ""],
          [`OAUTH_${index}`, simulator["PRIVX_API_OAUTH_CLIENT_SECRET"] ?? ""]
        ])
      )
      const hosts = simulators.map((simulator, index) => ({
        name: `host-${index}`,
        base_url: simulator["PRIVX_API_BASE_URL"],
        credentials: {
          client_id: simulator["PRIVX_API_CLIENT_ID"],
          client_secret_env: `SECRET_${index}`,
          oauth_client_id: simulator["PRIVX_API_OAUTH_CLIENT_ID"],
          oauth_client_secret_env: `OAUTH_${index}`
        }
      }))
      const file = path.join(command.directory, "fleet.json")
      fs.writeFileSync(
        file,
        JSON.stringify({ version: 1, name: "three", defaults: { output: "scripts/{name}" }, hosts })
      )
      const data = ["--data-dir", path.join(command.directory, "data")]
      await command.run(["fleet", "apply", file, ...data], secrets)
      const runs = await runsOf(command, ["--parts", ...data], secrets)
      expect("runs", runs.map(({ kind, status }) => `${kind} ${status}`).sort(), [
        "fleet succeeded",
        ...hosts.map(() => "ueba-setup succeeded")
      ])
      for (const { name } of hosts) {
        if (!fs.existsSync(path.join(command.directory, "scripts", name, "privx-ueba-setup.sh"))) {
          throw new Error(`${name} got no script`)
        }
      }
    }
  },
  {
    name: "serve: /healthz, and a setup through it",
    run: async (command) => {
      const environment = await command.simulate()
      const data = path.join(command.directory, "data")
      const options = ["--insecure-no-auth", "--listen", "127.0.0.1:0", "--data-dir", data]
      const server = command.start(["serve", ...options], environment)
      const address = /http:\/\/127\.0\.0\.1:[1-9]\d*/g
      const url = () =>
        `${server.stdout()}${server.stderr()}`.match(address)?.find((url) => url !== environment["PRIVX_API_BASE_URL"])
      await until(server, () => url() !== undefined)
      const { status } = await fetch(`${url()}/healthz`)
      expect("status of /healthz", status, 200)
      const client = ["--server", url() ?? ""]
      await command.run(["ueba", "setup", ...client, "--output", path.join(command.directory, "out")], environment)
      const runs = await runsOf(command, client, environment)
      expect(
        "runs",
        runs.map((run) => run.status),
        ["succeeded"]
      )
      server.child.kill("SIGTERM")
      expect("exit code of serve after SIGTERM", await server.ended, 0)
    }
  }
]

/** The variables that a client of a simulator needs, once it runs: it was started with `simulate --json`. */
export const simulatorEnvironment = async (simulator: Process): Promise<Record<string, string>> => {
  for (;;) {
    if (/^\}$/m.test(simulator.stdout())) return JSON.parse(simulator.stdout()).result.environment
    if (simulator.child.exitCode !== null) throw new Error(`the simulator ended: ${simulator.stderr()}`)
    await sleep(50)
  }
}
