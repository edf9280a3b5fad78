/** The generator of domains, tried as it was published, and within the repository. */
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "./packed.ts"
import { checks, copy, environment, temporary, timed } from "./rehearsal.ts"
import { Command, simulatorEnvironment } from "./trials.ts"

/** `npm create @privx-kit/domain` outside, as published: tests, types, build and command at once. */
export const tryOutside = async (registry: string, version: string): Promise<void> => {
  const directory = path.join(temporary, "outside")
  const env = environment(registry)
  fs.mkdirSync(directory)
  const create = [
    "create",
    "--yes",
    `@privx-kit/domain@${version}`,
    "host-groups",
    "--",
    "--package",
    "@acme/privx-host-groups"
  ]
  timed("npm create @privx-kit/domain makes a project", "npm", create, { cwd: directory, env })
  const project = path.join(directory, "host-groups")
  timed("the project is installed", "npm", ["install", "--no-audit", "--no-fund"], { cwd: project, env })
  for (const script of ["check", "test", "build"])
    timed(`the project: npm run ${script}`, "npm", ["run", script], { cwd: project, env })
  const program = path.join(project, "node_modules/privx-kit/bin/privx-kit.cjs")
  const command = new Command({ node: process.execPath, program, directory: project })
  try {
    const where = await simulatorEnvironment(command.start(["simulate", "--json"]))
    const listed = JSON.parse(await command.run(["host-groups", "list", "--json"], where))
    checks.check("the project: privx-kit host-groups list", listed.result?.count === 0 ? [] : [JSON.stringify(listed)])
  } catch (error) {
    checks.check("the project: privx-kit host-groups list", [String(error)])
  } finally {
    await command.close()
  }
}

/** `pnpm new:domain` inside the copy. What `pnpm install` would link is linked here: the copy shares what is installed. */
export const tryInside = (registry: string): void => {
  const env = { ...environment(registry), PATH: `${root}/node_modules/.bin:${process.env["PATH"] ?? ""}` }
  timed("pnpm new:domain makes a package", process.execPath, ["scripts/newDomain.ts", "host-groups", "--no-install"], {
    cwd: copy,
    env
  })
  const directory = path.join(copy, "packages/host-groups")
  const linked = path.join(directory, "node_modules")
  fs.cpSync(path.join(copy, "packages/ueba/node_modules"), linked, { recursive: true, verbatimSymlinks: true })
  for (const name of ["client", "simulator"]) fs.symlinkSync(`../../../${name}`, path.join(linked, "@privx-kit", name))
  timed("the package: types", path.join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.json"], {
    cwd: directory,
    env
  })
  timed("the package: tests", path.join(root, "node_modules/.bin/vitest"), ["run"], { cwd: directory, env })
  timed("the package: build", path.join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], {
    cwd: directory,
    env
  })
  timed("the package: lint", path.join(root, "node_modules/.bin/oxlint"), ["--deny-warnings", "packages/host-groups"], {
    cwd: copy,
    env
  })
  timed("the package: format", path.join(root, "node_modules/.bin/oxfmt"), ["--check", "packages/host-groups"], {
    cwd: copy,
    env
  })
  timed("the package: boundaries", path.join(root, "node_modules/.bin/turbo"), ["boundaries"], { cwd: copy, env })
  timed("the package: architecture", process.execPath, ["scripts/architecture.ts"], { cwd: copy, env })
}
