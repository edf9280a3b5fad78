/** What a rehearsal of a release plays upon: a copy of the repository, and a registry on loopback. */
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import { createServer } from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Checks, run } from "./checks.ts"
import { type Manifest, manifestOf, packages, root } from "./packed.ts"

const verdaccio = "6.10.4"

export const checks = new Checks()
export const temporary = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-rehearsal-")))
export const copy = path.join(temporary, "repository")
const home = path.join(temporary, "home")
const children: Array<ChildProcess> = []
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
  fs.rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
})

/** Users have no configuration of this machine; what they install is as fresh as it can be. */
export const environment = (registry: string): NodeJS.ProcessEnv => ({
  HOME: home,
  XDG_CACHE_HOME: path.join(home, ".cache"),
  XDG_DATA_HOME: path.join(home, ".local/share"),
  npm_config_registry: registry,
  pnpm_config_registry: registry,
  npm_config_minimum_release_age: "0",
  pnpm_config_minimum_release_age: "0",
  pnpm_config_verify_deps_before_run: "false",
  YARN_NPM_REGISTRY_SERVER: registry,
  YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
  YARN_NODE_LINKER: "node-modules",
  YARN_NPM_MINIMAL_AGE_GATE: "0",
  YARN_ENABLE_TELEMETRY: "0",
  YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
  NO_COLOR: "1",
  CI: "true",
  TURBO_TELEMETRY_DISABLED: "1"
})

export const seconds = (started: number): string => ((performance.now() - started) / 1000).toFixed(0)

/** A check with the time that it took. */
export const timed = (
  name: string,
  command: string,
  args: ReadonlyArray<string>,
  options: Parameters<typeof run>[2] = {}
) => {
  const started = performance.now()
  const ran = run(command, args, { seconds: 600, ...options })
  checks.ran(`${name} (${seconds(started)} s)`, ran)
  return ran
}

/** The files of the repository as they are, with links to what is installed. */
export const copyRepository = (): void => {
  const listed = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
  for (const file of listed.stdout.split("\0")) {
    if (file === "" || !fs.existsSync(path.join(root, file))) continue
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true })
    fs.copyFileSync(path.join(root, file), path.join(copy, file))
  }
  fs.symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"))
  const installed = ["packages/*", "apps/*", "*"].flatMap((directory) =>
    fs.globSync(`${directory}/node_modules`, { cwd: root })
  )
  for (const directory of installed) {
    // Links to the packages of the repository are relative: they lead to those of the copy.
    fs.cpSync(path.join(root, directory), path.join(copy, directory), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !/node_modules\/\.(?!bin)/.test(path.relative(root, file))
    })
  }
  const git = (...args: ReadonlyArray<string>) =>
    run("git", ["-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost", ...args], { cwd: copy })
  git("init", "--quiet", "--initial-branch=main")
  git("add", "--all")
  git("commit", "--quiet", "--message=rehearsal")
}

export const inCopy = (directory: string): string => path.join(copy, path.relative(root, directory))
export const manifests = (): ReadonlyArray<Manifest> => packages.map((directory) => manifestOf(inCopy(directory)))

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** Starts the registry and answers with its address. */
export const startRegistry = async (): Promise<string> => {
  const cache = path.join(root, "node_modules/.cache/verdaccio", verdaccio)
  const program = path.join(cache, "node_modules/verdaccio/bin/verdaccio")
  if (!fs.existsSync(program)) {
    fs.mkdirSync(cache, { recursive: true })
    // Verdaccio asks for a tag of node-fetch that mirrors of the registry do not have.
    const overrides = { "node-fetch": "2.7.0" }
    fs.writeFileSync(path.join(cache, "package.json"), JSON.stringify({ private: true, overrides }))
    timed(
      `verdaccio ${verdaccio} is installed`,
      "npm",
      ["install", "--no-audit", "--no-fund", `verdaccio@${verdaccio}`],
      {
        cwd: cache
      }
    )
  }
  const upstream = run("npm", ["config", "get", "registry"], { cwd: temporary }).stdout.trim()
  const ours = { access: "$all", publish: "$all", unpublish: "$all" }
  const config = {
    storage: path.join(temporary, "registry"),
    uplinks: { upstream: { url: upstream, timeout: "60s", maxage: "1h" } },
    packages: {
      "@privx-kit/*": ours,
      "privx-kit": ours,
      "**": { access: "$all", proxy: "upstream" }
    },
    auth: { htpasswd: { file: path.join(temporary, "htpasswd"), max_users: 10 } },
    max_body_size: "100mb",
    log: { type: "stdout", format: "pretty", level: "warn" }
  }
  const file = path.join(temporary, "verdaccio.json")
  fs.writeFileSync(file, JSON.stringify(config))
  const port = await freePort()
  const child = spawn(process.execPath, [program, "--config", file, "--listen", `127.0.0.1:${port}`], {
    cwd: temporary,
    stdio: ["ignore", "pipe", "pipe"]
  })
  children.push(child)
  let log = ""
  child.stdout.on("data", (text) => (log += String(text)))
  child.stderr.on("data", (text) => (log += String(text)))
  const registry = `http://127.0.0.1:${port}/`
  for (let attempt = 0; attempt < 300; attempt++) {
    const answer = await fetch(`${registry}-/ping`).catch(() => undefined)
    if (answer?.ok === true) break
    if (child.exitCode !== null || attempt === 299) throw new Error(`the registry does not start:\n${log}`)
    await sleep(200)
  }
  const npmrc = `registry=${registry}\n//127.0.0.1:${port}/:_authToken=rehearsal\n`
  fs.mkdirSync(home, { recursive: true })
  fs.writeFileSync(path.join(home, ".npmrc"), npmrc)
  fs.writeFileSync(path.join(copy, ".npmrc"), npmrc)
  return registry
}
