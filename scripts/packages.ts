/**
 * What a user gets, tried as a user: every public package is packed, the tarballs are looked into, installed with npm
 * into an empty project outside the workspace, compiled against and run. Needs `pnpm build` before it.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Checks, run } from "./checks.ts"

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const root = path.join(import.meta.dirname, "..")
const bin = (name: string) => path.join(root, "node_modules/.bin", name)
const manifestOf = (folder: string): Manifest => JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"))

const packages = ["packages/*", "apps/*"]
  .flatMap((pattern) => fs.globSync(`${pattern}/package.json`, { cwd: root }))
  .sort()
  .map((file) => path.join(root, path.dirname(file)))
  .filter((folder) => manifestOf(folder).private !== true)

const checks = new Checks()
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-packages-"))
process.on("exit", () => fs.rmSync(temporary, { recursive: true, force: true }))

const tarballs: Array<string> = []
const isLibrary = (manifest: Manifest) => Object.keys(manifest.exports ?? {}).includes(".")

for (const folder of packages) {
  const before = manifestOf(folder)
  const tarball = path.join(temporary, `${before.name.replace("@", "").replace("/", "-")}.tgz`)
  if (!checks.ran(`${before.name}: packs`, run("pnpm", ["pack", "--out", tarball], { cwd: folder }))) continue
  tarballs.push(tarball)
  const unpacked = path.join(temporary, "unpacked", before.name)
  fs.mkdirSync(unpacked, { recursive: true })
  run("tar", ["-xzf", tarball, "-C", unpacked, "--strip-components=1"])
  const manifest = manifestOf(unpacked)
  checks.check(`${before.name}: contains what it should and nothing else`, contents(unpacked, manifest))
  checks.check(`${before.name}: depends on real versions`, dependencies(manifest))
  checks.ran(`${before.name}: publint --strict`, run(bin("publint"), ["run", tarball, "--strict"]))
  if (isLibrary(manifest)) {
    const args = [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color", "--no-emoji"]
    checks.ran(`${before.name}: are the types wrong?`, run(bin("attw"), args))
  }
}
if (tarballs.length === packages.length) install()
checks.end()

function contents(folder: string, manifest: Manifest): Array<string> {
  const files = fs.globSync("**/*.*", { cwd: folder })
  const problems = files
    .filter((file) => /(^|\/)(test|typetest|node_modules)\/|\.tsbuildinfo$|(^|\/)\.(env|turbo|vitest)/.test(file))
    .map((file) => `${file} does not belong there`)
  for (const file of ["LICENSE", "README.md"]) {
    if (!fs.existsSync(path.join(folder, file))) problems.push(`${file} is missing`)
  }
  // Wherever the export map leads, there is a file.
  const targets = isLibrary(manifest)
    ? fs.globSync("src/*.ts", { cwd: folder }).map((file) => file.replace("src/", "dist/").replace(/\.ts$/, ""))
    : ["dist/main"]
  for (const target of targets) {
    for (const ending of isLibrary(manifest) ? [".js", ".d.ts"] : [".js"]) {
      if (!fs.existsSync(path.join(folder, target + ending))) problems.push(`${target}${ending} is missing`)
    }
  }
  return problems
}

function dependencies({ dependencies = {}, peerDependencies = {} }: Manifest): Array<string> {
  return Object.entries({ ...dependencies, ...peerDependencies })
    .filter(([, range]) => !/^[\^~]?\d/.test(range))
    .map(([name, range]) => `${name}: ${range}`)
}

function install() {
  const project = path.join(temporary, "project")
  fs.mkdirSync(project)
  const write = (file: string, json: unknown) => fs.writeFileSync(path.join(project, file), JSON.stringify(json))
  write("package.json", { name: "project", private: true, type: "module" })
  const { catalogs } = workspaceVersions()
  const wanted = [...tarballs, ...["effect", "@types/node"].map((name) => `${name}@${catalogs(name)}`)]
  const installed = run("npm", ["install", "--no-audit", "--no-fund", ...wanted], { cwd: project })
  if (!checks.ran("npm install of the tarballs into an empty project", installed)) return

  fs.copyFileSync(path.join(root, "examples/setup.ts"), path.join(project, "setup.ts"))
  // No skipLibCheck: the declarations of the packages are looked at too.
  write("tsconfig.json", {
    compilerOptions: {
      target: "es2024",
      module: "nodenext",
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true
    },
    include: ["setup.ts"]
  })
  const inProject = (name: string, command: string, args: ReadonlyArray<string>, expected: RegExp) =>
    checks.ran(
      name,
      run(command, args, { cwd: project, env: { HOME: temporary, TMPDIR: temporary, XDG_CACHE_HOME: temporary } }),
      (stdout) => (expected.test(stdout) ? undefined : `expected ${expected}`)
    )
  inProject("a program against the packages compiles", bin("tsc"), ["-p", "."], /^$/)
  inProject("the program runs against the simulator", process.execPath, ["setup.ts"], /begins with #!/)
  const version = manifestOf(path.join(root, "apps/orchestrator")).version.replaceAll(".", "\\.")
  const npx = ["--no-install", "privx-kit"]
  inProject("npx privx-kit --version", "npx", [...npx, "--version"], new RegExp(`^${version}\n$`))
  inProject("npx privx-kit --help", "npx", [...npx, "--help"], /ueba/)
  inProject("npx privx-kit demo", "npx", [...npx, "demo"], /./)
  const served = path.join(root, "scripts/served.sh")
  inProject("a set-up through privx-kit serve", "bash", [served, "npx --no-install privx-kit"], /^succeeded\n$/)
  oldNode(path.join(project, "node_modules/privx-kit/bin/privx-kit.cjs"))
}

/** Where an older Node is on the PATH, the bin says what it needs. */
function oldNode(program: string) {
  const places = (process.env.PATH ?? "").split(path.delimiter).map((folder) => path.join(folder, "node"))
  for (const node of new Set(places.filter((place) => fs.existsSync(place)))) {
    const [major = 0, minor = 0] = run(node, ["-p", "process.versions.node"]).stdout.split(".").map(Number)
    if (major > 22 || (major === 22 && minor >= 19)) continue
    const { status, stderr, stdout } = run(node, [program, "--version"])
    const clear = status === 1 && stdout === "" && /^privx-kit needs Node\.js [^\n]+\n$/.test(stderr)
    checks.check(`Node ${major}.${minor} is refused in one line`, clear ? [] : [`exit code ${status}`, stdout, stderr])
    return
  }
}

function workspaceVersions() {
  const text = fs.readFileSync(path.join(root, "pnpm-workspace.yaml"), "utf8")
  return {
    catalogs: (name: string) => new RegExp(`^ {2}"?${name}"?: (.+)$`, "m").exec(text)?.[1] ?? "latest"
  }
}
