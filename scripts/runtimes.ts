/**
 * The packed packages on Bun and Deno: a program with promises sets up over TLS against a simulator that runs on Node, downloads,
 * re-authenticates, and sees refused by name what the runtime cannot do. Needs `pnpm build`, and a registry: each runtime is its
 * package for this platform, cached in `node_modules/.cache`.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Checks, run } from "./checks.ts"
import { install, pack, packages, root } from "./packed.ts"

interface Runtime {
  readonly name: string
  readonly version: string
  /** The package with the program, and where the program is in it. */
  readonly platform: string
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** What it refuses, as `code: message`, where it does not do it. */
  readonly refuses: boolean
}

const runtimes: ReadonlyArray<Runtime> = [
  {
    name: "Bun",
    version: "1.4.5",
    platform: `@oven/bun-${process.platform}-${process.arch}`,
    program: "bin/bun",
    args: [],
    refuses: true
  },
  {
    name: "Deno",
    version: "2.9.6",
    platform: `@deno/${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`,
    program: "deno",
    args: ["run", "--allow-all", "--no-prompt", "--node-modules-dir=manual"],
    refuses: false
  }
]

const client = `import { Privx } from "@privx-kit/client"
import * as fs from "node:fs"

const { apiClient, baseUrl, ca, session } = JSON.parse(fs.readFileSync("simulator.json", "utf8"))
const privx = new Privx({ baseUrl, ca, apiClient })
const { delivered, report } = await privx.ueba.setup({ output: process.argv.at(-1) })
console.log("delivered", fs.statSync(delivered).size, report.verified)
const { id } = await privx.ueba.createSession()
let bytes = 0
for await (const chunk of privx.ueba.downloadSetupScript(id)) bytes += chunk.byteLength
console.log("downloaded", bytes)
await privx.playback.reauthenticate(session)
console.log("re-authenticated")
await privx.close()
const failure = async (options) => {
  const other = new Privx({ baseUrl, ca, apiClient, attempts: 1, ...options })
  const error = await other.ueba.status().then(() => ({}), (error) => error)
  await other.close()
  return error.name + " " + error.code + ": " + error.message
}
console.log("distrusted", await failure({ ca: [] }))
console.log("pinned", await failure({ pins: ["other"] }))
console.log("proxied", await failure({ proxy: "http://127.0.0.1:9" }))
console.log("unreachable", await failure({ baseUrl: "https://127.0.0.1:9" }))
`

const simulator = `import { startSimulator } from "@privx-kit/simulator"
import * as fs from "node:fs"

const started = await startSimulator({ tls: true })
const { apiClient, baseUrl, ca } = started
fs.writeFileSync("simulator.json", JSON.stringify({ apiClient, baseUrl, ca, session: await started.addPlaybackSession() }))
console.log("ready")
`

const expected = ({ refuses }: Runtime): ReadonlyArray<RegExp> => [
  /^delivered [1-9]\d{3} true$/m,
  /^downloaded [1-9]\d{3}$/m,
  /^re-authenticated$/m,
  /^distrusted ConnectionError UNABLE_TO_VERIFY_LEAF_SIGNATURE: .*unknown CA/m,
  refuses
    ? /^pinned ConnectionError INVALID_REQUEST: .*cannot check pinned keys/m
    : /^pinned ConnectionError ERR_TLS_PIN_MISMATCH: /m,
  refuses
    ? /^proxied ConnectionError INVALID_REQUEST: .*cannot use a given proxy/m
    : /^proxied ConnectionError ECONNREFUSED: .*at the proxy http:\/\/127\.0\.0\.1:9/m,
  /^unreachable ConnectionError ECONNREFUSED: /m
]

const checks = new Checks()
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-runtimes-"))
const project = path.join(temporary, "project")

/** The program of a runtime, from the cache or the registry. */
const fetchRuntime = ({ name, platform, program, version }: Runtime): string | undefined => {
  const directory = path.join(root, "node_modules/.cache/runtimes", `${name}-${version}`)
  const file = path.join(directory, program)
  if (fs.existsSync(file)) return file
  const packed = run("npm", ["pack", "--silent", "--pack-destination", temporary, `${platform}@${version}`])
  const unpacked = path.join(temporary, name)
  fs.mkdirSync(unpacked)
  const tarball = path.join(temporary, packed.stdout.trim())
  const extracted =
    packed.status === 0
      ? run("tar", ["-xzf", tarball, "-C", unpacked, "--strip-components=1", `package/${program}`])
      : packed
  if (!checks.ran(`${name} ${version}: fetched as ${platform}@${version}`, extracted)) return undefined
  fs.chmodSync(path.join(unpacked, program), 0o755)
  fs.cpSync(unpacked, directory, { recursive: true })
  return file
}

const tarballs = packages.flatMap((directory) => {
  const { ran, tarball } = pack(directory, temporary)
  return checks.ran(`${path.basename(tarball)}: packs`, ran) ? [tarball] : []
})
if (checks.ran("npm install of the tarballs into an empty project", install(project, tarballs))) {
  fs.writeFileSync(path.join(project, "client.mjs"), client)
  fs.writeFileSync(path.join(project, "simulator.mjs"), simulator)
  const server = spawn(process.execPath, ["simulator.mjs"], { cwd: project, stdio: ["ignore", "pipe", "inherit"] })
  await new Promise((resolve) => server.stdout.once("data", resolve))
  for (const runtime of runtimes) {
    const program = fetchRuntime(runtime)
    if (program === undefined) continue
    const ran = run(program, [...runtime.args, "client.mjs", path.join(temporary, `out-${runtime.name}`)], {
      cwd: project,
      env: { HOME: temporary, DENO_DIR: path.join(temporary, "deno"), NO_COLOR: "1" },
      seconds: 120
    })
    for (const line of expected(runtime)) {
      const [what = ""] = /\w[\w-]*/.exec(line.source.slice(1)) ?? []
      checks.ran(`${runtime.name} ${runtime.version}: ${what}`, ran, (stdout) =>
        line.test(stdout) ? undefined : `expected ${line}`
      )
    }
  }
  server.kill()
}
checks.end()
fs.rmSync(temporary, { recursive: true, force: true })
