/** `pnpm new:domain NAME`: a package of this repository for a domain, with everything that has to know of it. */
import * as fs from "node:fs"
import * as path from "node:path"
import { generate, whyNotName } from "../packages/create-domain/src/Generator.ts"
import { run } from "./checks.ts"

/** The line of a domain in the boundaries: what it imports, and what its tests do. */
const allowed = ["core", "files", "http", "ueba", "playback", "client", "simulator", "testing"]

/** Makes the package in a checkout; answers with its directory. */
const make = (root: string, name: string): string => {
  const directory = path.join(root, "packages", name)
  generate({ name, packageName: `@privx-kit/${name}`, place: "inside" }, directory)
  const turbo = path.join(root, "turbo.json")
  const before = fs.readFileSync(turbo, "utf8")
  const line = `      "${name}": { "dependencies": { "allow": ${JSON.stringify(allowed).replaceAll(",", ", ")} } },\n`
  const after = before.replace(/^ {6}"artifacts": \{/m, (start) => line + start)
  if (after === before) throw new Error(`${turbo} has no boundaries to add the domain to`)
  fs.writeFileSync(turbo, after)
  return directory
}

const root = process.cwd()
const [name = ""] = process.argv.slice(2)
const problem = whyNotName(name)
if (problem !== undefined) {
  console.error(`${JSON.stringify(name)} cannot be the name of a domain: ${problem}.\nUsage: pnpm new:domain NAME`)
  process.exitCode = 2
} else if (fs.existsSync(path.join(root, "packages", name))) {
  console.error(`packages/${name} already exists.\nChoose another name.`)
  process.exitCode = 3
} else {
  make(root, name)
  console.log(`packages/${name} is made.`)
  const steps: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["pnpm", ["install", "--no-frozen-lockfile"]],
    [process.execPath, ["scripts/architecture.ts", "--write"]],
    [path.join(root, "node_modules/.bin/oxfmt"), [`packages/${name}`]]
  ]
  for (const [command, args] of process.argv.includes("--no-install") ? steps.slice(1) : steps) {
    const { status, stderr } = run(command, args, { cwd: root })
    if (status !== 0) {
      console.error(`${command} ${args.join(" ")} failed:\n${stderr}`)
      process.exitCode = 4
    }
  }
  console.log(
    `Run \`pnpm --filter @privx-kit/${name} test\`, then replace the endpoints with those of the API reference.`
  )
}
