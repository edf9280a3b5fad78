/**
 * What a user gets, tried as a user: every public package is packed, the tarballs are looked into, installed with npm
 * into an empty project outside the workspace, compiled against and run. Needs `pnpm build` before it.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Checks, run } from "./checks.ts"
import { sbomName, write as writeSboms } from "./sbom.ts"
import { install as installTarballs, isLibrary, type Manifest, manifestOf, pack, packages, root } from "./packed.ts"

const bin = (name: string) => path.join(root, "node_modules/.bin", name)

/** The oldest TypeScript that the READMEs of the libraries name. */
const oldestTypescript = "5.9.2"

const checks = new Checks()
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-packages-"))
process.on("exit", () => fs.rmSync(temporary, { recursive: true, force: true }))

const tarballs: Array<string> = []

/** Kilobytes (1,000 bytes) of each tarball, with its sources and maps: at most a fifth above what was measured. */
const budgets: Readonly<Record<string, number>> = {
  "privx-kit": 3000,
  "@privx-kit/artifacts": 90,
  "@privx-kit/client": 46,
  "@privx-kit/core": 52,
  "@privx-kit/create-domain": 21,
  "@privx-kit/durable": 112,
  "@privx-kit/files": 22,
  "@privx-kit/http": 295,
  "@privx-kit/playback": 29,
  "@privx-kit/runs": 158,
  "@privx-kit/settings": 74,
  "@privx-kit/simulator": 168,
  "@privx-kit/ueba": 690
}

checks.check("each package has its SBOM", writeSboms(root, packages))
for (const directory of packages) {
  const before = manifestOf(directory)
  const { ran, tarball } = pack(directory, temporary)
  if (!checks.ran(`${before.name}: packs`, ran)) continue
  tarballs.push(tarball)
  const unpacked = path.join(temporary, "unpacked", before.name)
  fs.mkdirSync(unpacked, { recursive: true })
  run("tar", ["-xzf", tarball, "-C", unpacked, "--strip-components=1"])
  const manifest = manifestOf(unpacked)
  checks.check(`${before.name}: contains what it should and nothing else`, contents(unpacked, manifest))
  checks.check(`${before.name}: depends on real versions`, dependencies(manifest))
  checks.check(`${before.name}: says what it is`, fields(manifest))
  const kilobytes = fs.statSync(tarball).size / 1000
  const budget = budgets[before.name] ?? 0
  checks.check(
    `${before.name}: the tarball has ${kilobytes.toFixed(0)} kB, at most ${budget}`,
    kilobytes <= budget ? [] : ["It is too large."]
  )
  checks.ran(`${before.name}: publint --strict`, run(bin("publint"), ["run", tarball, "--strict"]))
  if (isLibrary(manifest)) {
    const args = [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color", "--no-emoji"]
    checks.ran(`${before.name}: are the types wrong?`, run(bin("attw"), args))
  }
}
if (tarballs.length === packages.length) install()
checks.end()

function contents(directory: string, manifest: Manifest): Array<string> {
  const files = fs.globSync("**/*.*", { cwd: directory })
  const problems = files
    // The template of a package has tests of its own.
    .filter((file) => !file.startsWith("template/"))
    .filter((file) => /(^|\/)(test|typetest|node_modules)\/|\.tsbuildinfo$|(^|\/)\.(env|turbo|vitest)/.test(file))
    .map((file) => `${file} does not belong there`)
  for (const file of ["LICENSE", "README.md", sbomName]) {
    if (!fs.existsSync(path.join(directory, file))) problems.push(`${file} is missing`)
  }
  // Wherever the export map leads, there is a file.
  const targets = isLibrary(manifest)
    ? fs.globSync("src/*.ts", { cwd: directory }).map((file) => file.replace("src/", "dist/").replace(/\.ts$/, ""))
    : ["dist/main"]
  for (const target of targets) {
    for (const ending of isLibrary(manifest) ? [".js", ".d.ts"] : [".js"]) {
      if (!fs.existsSync(path.join(directory, target + ending))) problems.push(`${target}${ending} is missing`)
    }
  }
  return problems
}

function fields(manifest: Manifest): Array<string> {
  const { description, engines, files = [], license, sideEffects, type } = manifest
  const problems = Object.entries({ description, engines, license, type }).flatMap(([name, value]) =>
    value === undefined ? [`${name} is missing`] : []
  )
  // Changesets writes the changelog with the first version.
  if (!files.includes("CHANGELOG.md")) problems.push("files leaves the changelog out")
  if (isLibrary(manifest) && sideEffects !== false) problems.push("sideEffects is not false")
  return problems
}

function dependencies({ dependencies = {}, peerDependencies = {} }: Manifest): Array<string> {
  return Object.entries({ ...dependencies, ...peerDependencies })
    .filter(([, range]) => !/^[\^~]?\d/.test(range))
    .map(([name, range]) => `${name}: ${range}`)
}

function install() {
  const project = path.join(temporary, "project")
  const write = (file: string, json: unknown) => fs.writeFileSync(path.join(project, file), JSON.stringify(json))
  const installed = installTarballs(project, tarballs)
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
  const oldest = path.join(temporary, "oldest-typescript")
  fs.mkdirSync(oldest)
  fs.writeFileSync(path.join(oldest, "package.json"), JSON.stringify({ private: true }))
  const compiler = run("npm", ["install", "--no-audit", "--no-fund", `typescript@${oldestTypescript}`], { cwd: oldest })
  if (checks.ran(`npm install of typescript@${oldestTypescript}`, compiler)) {
    const tsc = path.join(oldest, "node_modules/typescript/bin/tsc")
    inProject(`it compiles with TypeScript ${oldestTypescript}`, process.execPath, [tsc, "-p", "."], /^$/)
  }
  inProject("the program runs against the simulator", process.execPath, ["setup.ts"], /begins with #!/)
  const version = manifestOf(path.join(root, "apps/orchestrator")).version.replaceAll(".", "\\.")
  const npx = ["--no-install", "privx-kit"]
  inProject("npx privx-kit --version", "npx", [...npx, "--version"], new RegExp(`^${version}\n$`))
  inProject("npx privx-kit --help", "npx", [...npx, "--help"], /ueba/)
  inProject("npx privx-kit demo", "npx", [...npx, "demo"], /./)
  const served = path.join(root, "scripts/served.sh")
  inProject("a setup through privx-kit serve", "bash", [served, "npx --no-install privx-kit"], /^succeeded\n$/)
}
