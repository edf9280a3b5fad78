/**
 * The domain of another team, tried as that team has it: `examples/team-domain`, copied out of the workspace, with the packed
 * packages installed by npm. Needs `pnpm build`.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Checks, run } from "./checks.ts"
import { catalogVersion, pack, packages, root } from "./packed.ts"
import { Command, type Process, simulatorEnvironment } from "./trials.ts"

const checks = new Checks()
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-team-"))
process.on("exit", () => fs.rmSync(temporary, { recursive: true, force: true }))
const example = path.join(root, "examples/team-domain")
const project = path.join(temporary, "project")

const lines = fs
  .globSync("src/*.ts", { cwd: example })
  .reduce((sum, file) => sum + fs.readFileSync(path.join(example, file), "utf8").trimEnd().split("\n").length, 0)
checks.check(`the domain has ${lines} lines, at most 150`, lines <= 150 ? [] : ["It is too long."])

const tarballs = packages.flatMap((directory) => {
  const { ran, tarball } = pack(directory, temporary)
  return checks.ran(`${path.basename(tarball)}: packs`, ran) ? [tarball] : []
})
fs.cpSync(example, project, { recursive: true, filter: (file) => !file.includes("node_modules") })
const others = ["effect", "@types/node", "vitest"].map((name) => `${name}@${catalogVersion(name)}`)
const installed = run("npm", ["install", "--no-audit", "--no-fund", ...tarballs, ...others], { cwd: project })

/** Between its two steps the process dies as by `kill -9`, where that is asked for. */
const dying = `import { defineConfig } from "privx-kit/defineConfig"
import { secretsDomain } from "./src/SecretsDomain.ts"

export default defineConfig({
  domains: [secretsDomain],
  hooks: {
    beforeStep: ({ step }) => {
      if (step === process.env["DIE_BEFORE"]) process.kill(process.pid, "SIGKILL")
    }
  }
})
`

if (checks.ran("npm install of the tarballs beside the domain", installed)) {
  checks.ran("its types are right", run(path.join(root, "node_modules/.bin/tsc"), ["-p", "."], { cwd: project }))
  checks.ran("its tests pass with its own vitest", run("npx", ["--no-install", "vitest", "run"], { cwd: project }))
  fs.writeFileSync(path.join(project, "privx-kit.config.ts"), dying)
  const program = path.join(project, "node_modules/privx-kit/bin/privx-kit.cjs")
  const command = new Command({ node: process.execPath, program, directory: project })
  try {
    await tryCommands(command)
  } catch (error) {
    checks.check("its commands", [error instanceof Error ? (error.stack ?? error.message) : String(error)])
  } finally {
    await command.close()
  }
}
checks.end()

async function tryCommands(command: Command) {
  const simulator = command.start(["simulate", "--json"])
  const environment = await simulatorEnvironment(simulator)
  const ask = async (args: ReadonlyArray<string>, more: Readonly<Record<string, string>> = {}) => {
    const { ended, stderr, stdout } = command.start(args, { ...environment, ...more })
    const code = await ended
    return { code, stdout: stdout(), stderr: stderr() }
  }
  const is = (name: string, problems: ReadonlyArray<string | false>) =>
    checks.check(
      name,
      problems.filter((problem) => problem !== false)
    )
  const json = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout)

  const help = await ask(["secrets", "--help"])
  is("privx-kit secrets --help lists its commands", [
    !/list[\s\S]*create|create[\s\S]*list/.test(help.stdout) && help.stdout
  ])
  const doctor = await ask(["doctor"])
  is("doctor shows the config file and the domains", [
    !/privx-kit\.config\.ts/.test(doctor.stdout) && doctor.stdout,
    !/secrets/.test(doctor.stdout) && doctor.stdout + doctor.stderr
  ])

  const died = await ask(["secrets", "create", "--name", "db"], { DIE_BEFORE: "confirm" })
  is("the command dies between its steps", [
    died.code !== null && `exit code ${died.code}: ${died.stdout}${died.stderr}`
  ])
  const [run] = json(await ask(["runs", "list", "--json"])).result.runs
  is("runs list knows the kind of the run", [
    run.kind !== "secret" && JSON.stringify(run),
    run.status !== "interrupted" && `status ${run.status}`
  ])
  const resumed = await ask(["secrets", "create", "--name", "db", "--json"])
  is("the same command resumes it", [
    resumed.code !== 0 && `exit code ${resumed.code}: ${resumed.stdout}${resumed.stderr}`,
    json(resumed).result?.count !== 1 && resumed.stdout
  ])
  const shown = json(await ask(["runs", "show", run.id, "--json"])).result
  is("runs show tells that it has succeeded, with its steps", [
    shown.status !== "succeeded" && JSON.stringify(shown),
    shown.steps.map(({ name }: { name: string }) => name).join() !== "create,confirm" && JSON.stringify(shown.steps)
  ])
  const listed = json(await ask(["secrets", "list", "--json"]))
  is("the secret was created once", [listed.result.count !== 1 && JSON.stringify(listed)])

  const again = await ask(["secrets", "create", "--name", "db", "--new"])
  is("its own failure has its own exit code", [
    again.code !== 64 && `exit code ${again.code}: ${again.stderr}`,
    !/already has a secret with the name db/.test(again.stderr) && again.stderr
  ])
  const [failed] = json(await ask(["runs", "list", "--json"])).result.runs
  const retried = await ask(["runs", "retry", failed.id])
  is("runs retry executes it once more, with the same end", [
    retried.code !== 64 && `exit code ${retried.code}: ${retried.stderr}`
  ])

  fs.renameSync(path.join(project, "privx-kit.config.ts"), path.join(project, "config.ts.away"))
  fs.writeFileSync(path.join(project, "privx-kit.config.mts"), 'import "./nothing.ts"\n')
  const broken = await ask(["runs", "list"])
  is("a config file that cannot be loaded is named, with exit code 3", [
    broken.code !== 3 && `exit code ${broken.code}: ${broken.stderr}`,
    !/privx-kit\.config\.mts/.test(broken.stderr) && broken.stderr
  ])
  fs.rmSync(path.join(project, "privx-kit.config.mts"))
  fs.renameSync(path.join(project, "config.ts.away"), path.join(project, "privx-kit.config.ts"))

  const server = command.start(["serve", "--insecure-no-auth", "--listen", "127.0.0.1:0"], environment)
  const privx = environment["PRIVX_API_BASE_URL"] ?? ""
  const [url] = await until(server, new RegExp(`(?!${privx}\\b)http://127\\.0\\.0\\.1:[1-9]\\d*`))
  const answer = await fetch(`${url}/api/v1/runs`)
  const { runs }: { readonly runs: ReadonlyArray<{ readonly kind: string }> } = JSON.parse(await answer.text())
  is("the server lists runs of its kind", [!runs.some(({ kind }) => kind === "secret") && JSON.stringify(runs)])
}

async function until({ child, stderr, stdout }: Process, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(stdout() + stderr())
    if (found !== null) return found
    if (child.exitCode !== null) throw new Error(`it ended: ${stdout()}${stderr()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
