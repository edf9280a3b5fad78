/**
 * A release, rehearsed: `pnpm release:rehearse` gives the packages their versions and changelogs in a copy of the repository,
 * publishes them to a registry on loopback, and uses them from there as their users do: with npm, pnpm and yarn, with the oldest and
 * newest supported TypeScript, with promises, with Effect, from CommonJS, as a command, and as an upgrade over existing runs.
 *
 * The registry is verdaccio, installed into `node_modules/.cache`; what is not of this repository it fetches from the registry
 * of the machine.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { type Ran, run } from "./checks.ts"
import { tryInside, tryOutside } from "./domainTrials.ts"
import { catalogVersion, manifestOf, packages, root } from "./packed.ts"
import {
  checks,
  copy,
  copyRepository,
  environment,
  inCopy,
  manifests,
  seconds,
  startRegistry,
  temporary,
  timed
} from "./rehearsal.ts"
import { sbomName, write as writeSboms } from "./sbom.ts"
import { Command, simulatorEnvironment } from "./trials.ts"

const yarn = "4.18.1"
/** The oldest TypeScript that the READMEs of the libraries name. */
const oldestTypescript = "5.9.2"

/** Versions, changelogs, build, SBOMs, publication: what the release workflow does. Answers with the version. */
const release = (registry: string, title: string): string => {
  const env = { ...environment(registry), PATH: `${root}/node_modules/.bin:${process.env["PATH"] ?? ""}` }
  timed(`${title}: changesets give versions`, path.join(root, "node_modules/.bin/changeset"), ["version"], {
    cwd: copy,
    env
  })
  timed(`${title}: the User-Agent follows`, process.execPath, ["scripts/stamp.ts"], { cwd: copy, env })
  timed(`${title}: the lockfile follows`, "pnpm", ["install", "--lockfile-only", "--ignore-scripts"], {
    cwd: copy,
    env
  })
  timed(
    `${title}: the packages build`,
    path.join(root, "node_modules/.bin/turbo"),
    ["run", "build", "--output-logs=errors-only"],
    {
      cwd: copy,
      env
    }
  )
  checks.check(`${title}: each package has its SBOM`, writeSboms(copy, packages.map(inCopy)))
  timed(`${title}: everything is published`, path.join(root, "node_modules/.bin/changeset"), ["publish"], {
    cwd: copy,
    env
  })
  const version = manifests().find(({ name }) => name === "privx-kit")?.version ?? "none"
  return version
}

/** What the registry has, as a user would ask it. */
const inspectPublished = (registry: string, version: string): void => {
  const unpacked = path.join(temporary, "unpacked")
  for (const { name } of manifests()) {
    fs.mkdirSync(unpacked, { recursive: true })
    const packed = run("npm", ["pack", "--silent", `${name}@${version}`], { cwd: unpacked, env: environment(registry) })
    const tarball = path.join(unpacked, packed.stdout.trim())
    const files = packed.status === 0 ? run("tar", ["-tzf", tarball]).stdout.split("\n") : []
    const needed = ["LICENSE", "README.md", "CHANGELOG.md", sbomName]
    const missing = needed.filter((file) => !files.includes(`package/${file}`))
    const changelog = run("tar", ["-xzOf", tarball, "package/CHANGELOG.md"]).stdout
    checks.check(`${name}@${version} has license, README, changelog and SBOM`, [
      ...missing.map((file) => `${file} is missing`),
      ...(changelog.includes(`## ${version}`) ? [] : [`the changelog does not name ${version}`]),
      ...(packed.status === 0 ? [] : [packed.stderr])
    ])
  }
}

interface Client {
  readonly name: string
  readonly add: (what: ReadonlyArray<string>) => readonly [string, ReadonlyArray<string>]
}

const cli = (name: string): string => path.join(temporary, "tools/node_modules/.bin", name)

const clients: ReadonlyArray<Client> = [
  { name: "npm", add: (what) => ["npm", ["install", "--no-audit", "--no-fund", ...what]] },
  { name: "pnpm", add: (what) => ["pnpm", ["add", ...what]] },
  { name: "yarn", add: (what) => [cli("yarn"), ["add", ...what]] }
]

const makeProject = (directory: string): void => {
  fs.mkdirSync(path.join(directory, "team-domain/src"), { recursive: true })
  const write = (file: string, text: string) => fs.writeFileSync(path.join(directory, file), text)
  write("package.json", JSON.stringify({ name: "project", private: true, type: "module" }))
  for (const file of [
    "promises.ts",
    "setup.ts",
    "team-domain/src/SecretsApi.ts",
    "team-domain/src/SecretsSimulator.ts"
  ]) {
    fs.copyFileSync(path.join(root, "examples", file), path.join(directory, file))
  }
  // TypeScript makes `require` of the import; the other file is what runs.
  write(
    "commonjs.cts",
    `import { Secret } from "@privx-kit/client"\nexport const text: string = new Secret("x").reveal()\n`
  )
  write(
    "commonjs.cjs",
    `const { Secret } = require("@privx-kit/client")\nconsole.log(String(new Secret("x")), new Secret("x").reveal())\n`
  )
  // No skipLibCheck: the declarations of the packages are looked at too.
  write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        target: "es2024",
        lib: ["es2024", "esnext.disposable", "dom"],
        module: "nodenext",
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        allowImportingTsExtensions: true,
        noEmit: true
      },
      include: ["*.ts", "*.cts", "team-domain"]
    })
  )
  // Yarn takes a directory with a lockfile of its own for a project of its own.
  write("yarn.lock", "")
  write("pnpm-workspace.yaml", "packages: []\nminimumReleaseAge: 0\n")
}

const says = (name: string, ran: Ran, expected: RegExp) =>
  checks.ran(name, ran, (stdout) => (expected.test(stdout) ? undefined : `expected ${expected}`))

const useAs = (client: Client, registry: string, version: string): string => {
  const project = path.join(temporary, `project-${client.name}`)
  const env = environment(registry)
  makeProject(project)
  const ours = [
    "privx-kit",
    "@privx-kit/client",
    "@privx-kit/ueba",
    "@privx-kit/http",
    "@privx-kit/simulator",
    "@privx-kit/core"
  ]
  const [command, args] = client.add([
    ...ours.map((name) => `${name}@${version}`),
    ...["effect", "@types/node"].map((name) => `${name}@${catalogVersion(name)}`)
  ])
  timed(`${client.name}: everything is installed`, command, args, { cwd: project, env })
  const node = (name: string, args: ReadonlyArray<string>, expected: RegExp) =>
    says(`${client.name}: ${name}`, run(process.execPath, args, { cwd: project, env }), expected)
  node(
    "a program with promises sets up, downloads, keeps alive and uses a foreign domain",
    ["promises.ts"],
    /passed \d+ checks[\s\S]*name: 'db'/
  )
  node("a program with Effect runs", ["setup.ts"], /begins with #!/)
  node("a CommonJS program requires it", ["commonjs.cjs"], /^<redacted> x\n$/)
  const bin = path.join(project, "node_modules/.bin/privx-kit")
  says(
    `${client.name}: privx-kit --version`,
    run(bin, ["--version"], { cwd: project, env }),
    new RegExp(`^${version.replaceAll(".", "\\.")}\n$`)
  )
  return project
}

const compile = (project: string, registry: string): void => {
  const env = environment(registry)
  const newest = path.join(root, "node_modules/.bin/tsc")
  timed(
    `the programs compile with TypeScript ${manifestOf(path.join(root, "node_modules/typescript")).version}`,
    newest,
    ["-p", "."],
    {
      cwd: project,
      env
    }
  )
  const tsc = path.join(temporary, "tools/node_modules/typescript/bin/tsc")
  // The declarations of Effect take the old compiler minutes; `pnpm packages` lets it look at those of the kit.
  const args = [tsc, "-p", ".", "--skipLibCheck"]
  timed(`the programs compile with TypeScript ${oldestTypescript}`, process.execPath, args, {
    cwd: project,
    env
  })
}

const compare = (a: string, b: string): number => {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Each package claims the same range of Effect; the oldest and the newest release within it are tried. */
const tryEffects = (project: string, registry: string): void => {
  const env = environment(registry)
  const ranges = new Set(
    manifests().flatMap(({ dependencies = {}, peerDependencies = {} }) => [
      dependencies["effect"],
      peerDependencies["effect"]
    ])
  )
  ranges.delete(undefined)
  const [range = "", ...others] = ranges
  const [, oldest = ""] = /^\^(\d+\.\d+\.\d+)$/.exec(range) ?? []
  if (
    !checks.check(`all packages claim the same range of Effect: ${range}`, oldest === "" ? [range] : others.map(String))
  )
    return
  const listed = run("npm", ["view", "effect", "versions", "--json"], { cwd: project, env })
  const published: ReadonlyArray<string> = listed.status === 0 ? JSON.parse(listed.stdout) : []
  const within = published
    .filter((version) => /^[\d.]+$/.test(version) && version.split(".")[0] === oldest.split(".")[0])
    .filter((version) => compare(version, oldest) >= 0)
    .sort(compare)
  checks.check(`the oldest release that the range names is published: ${oldest}`, within[0] === oldest ? [] : within)
  for (const version of new Set([oldest, within.at(-1) ?? oldest])) {
    timed(
      `Effect ${version} is installed`,
      "npm",
      ["install", "--no-audit", "--no-fund", "--save-exact", `effect@${version}`],
      {
        cwd: project,
        env
      }
    )
    const copies = fs
      .globSync("node_modules/**/effect/package.json", { cwd: project })
      .filter((file) => file.endsWith("node_modules/effect/package.json"))
    checks.check(`Effect ${version}: there is one copy`, copies.length === 1 ? [] : copies)
    const tsc = path.join(root, "node_modules/.bin/tsc")
    timed(`Effect ${version}: the programs compile`, tsc, ["-p", "."], { cwd: project, env })
    says(
      `Effect ${version}: a program with Effect runs`,
      run(process.execPath, ["setup.ts"], { cwd: project, env }),
      /begins with #!/
    )
    says(
      `Effect ${version}: a program with promises runs`,
      run(process.execPath, ["promises.ts"], { cwd: project, env }),
      /name: 'db'/
    )
  }
}

/** A run of the version before is there after the upgrade, with its script. */
const upgrade = async (project: string, registry: string, before: string): Promise<void> => {
  const env = environment(registry)
  const program = path.join(project, "node_modules/privx-kit/bin/privx-kit.cjs")
  const command = new Command({ node: process.execPath, program, directory: path.join(temporary, "operator") })
  try {
    const where = await simulatorEnvironment(command.start(["simulate", "--json"]))
    const ran = JSON.parse(await command.run(["ueba", "setup", "--json"], where))
    checks.check(`${before}: a setup succeeds`, ran.ok === false ? [JSON.stringify(ran)] : [])
    const [first] = JSON.parse(await command.run(["runs", "list", "--json"], where)).result.runs

    fs.writeFileSync(
      path.join(copy, ".changeset/rehearsed-fix.md"),
      `---\n"privx-kit": patch\n---\n\nA fix, for the rehearsal.\n`
    )
    const after = release(registry, "second release")
    checks.check(`the second release comes after ${before}`, compare(after, before) > 0 ? [] : [after])
    timed(`npm upgrades to ${after}`, "npm", ["install", "--no-audit", "--no-fund", `privx-kit@${after}`], {
      cwd: project,
      env
    })
    checks.check(
      `${after} is what runs`,
      [(await command.run(["--version"])).trim()].filter((version) => version !== after)
    )
    const runs = JSON.parse(await command.run(["runs", "list", "--json"], where)).result.runs
    const same = runs.length === 1 && runs[0].id === first.id && runs[0].status === "succeeded"
    checks.check(`${after}: the run of ${before} is in its data directory`, same ? [] : [JSON.stringify(runs)])
    await command.run(["artifacts", "fsck", "--json"], where)
    checks.check(`${after}: its artifacts are whole`, [])
  } catch (error) {
    checks.check("upgrade over existing runs", [
      error instanceof Error ? (error.stack ?? error.message) : String(error)
    ])
  } finally {
    await command.close()
  }
}

const started = performance.now()
copyRepository()
const registry = await startRegistry()
const version = release(registry, "first release")
const others = manifests().filter((manifest) => manifest.version !== version)
checks.check(
  `the packages are linked: all begin with version ${version}`,
  others.map(({ name }) => name)
)
inspectPublished(registry, version)
const tools = path.join(temporary, "tools")
fs.mkdirSync(tools)
fs.writeFileSync(path.join(tools, "package.json"), JSON.stringify({ private: true }))
timed(
  "the oldest TypeScript and yarn are installed",
  "npm",
  ["install", "--no-audit", "--no-fund", `typescript@${oldestTypescript}`, `@yarnpkg/cli-dist@${yarn}`],
  { cwd: tools, env: environment(registry) }
)
const [project = ""] = clients.map((client) => useAs(client, registry, version))
compile(project, registry)
tryEffects(project, registry)
await upgrade(project, registry, version)
await tryOutside(registry, version)
tryInside(registry)
console.log(`${seconds(started)} s in all`)
checks.end()
process.exit()
