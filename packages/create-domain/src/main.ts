#!/usr/bin/env node
/** `npm create @privx-kit/domain NAME`. */
import * as fs from "node:fs"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { generate, whyNotName, whyNotPackageName } from "./Generator.ts"

const usage = `Create a package for a domain of SSH PrivX: endpoints, operations, simulator, tests, CI.

  npm create @privx-kit/domain NAME
  npm create @privx-kit/domain NAME -- --package @acme/privx-NAME

  NAME               lower case with dashes, e.g. host-groups; also the name of the new directory
  --package PACKAGE  name of the package on npm (default: privx-NAME)
  --help             show this help

Exit codes: 0 done, 2 wrong usage, 3 the directory exists or cannot be written.
`

/** Returns the exit code. */
const main = (args: ReadonlyArray<string>): number => {
  const refuse = (problem: string, hint: string): number => {
    process.stderr.write(`${problem}\n${hint}\n`)
    return 2
  }
  const seeHelp = "Run `npm create @privx-kit/domain -- --help` to see the usage."
  let parsed
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { package: { type: "string" }, help: { type: "boolean", short: "h" } }
    })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), seeHelp)
  }
  if (parsed.values.help === true) {
    process.stdout.write(usage)
    return 0
  }
  const [name, ...more] = parsed.positionals
  if (name === undefined) return refuse("The name of the domain is missing.", seeHelp)
  if (more.length > 0) return refuse(`Expected one name, but there are several: ${[name, ...more].join(" ")}.`, seeHelp)
  const problem = whyNotName(name)
  if (problem !== undefined)
    return refuse(`${JSON.stringify(name)} cannot be the name of a domain: ${problem}.`, seeHelp)
  const packageName = parsed.values.package ?? `privx-${name}`
  const packageProblem = whyNotPackageName(packageName)
  if (packageProblem !== undefined) {
    return refuse(`${JSON.stringify(packageName)} cannot be the name of a package: ${packageProblem}.`, seeHelp)
  }
  const directory = path.resolve(name)
  if (fs.existsSync(directory)) {
    process.stderr.write(`${directory} already exists.\nChoose another name, or remove the directory.\n`)
    return 3
  }
  try {
    const files = generate({ name, packageName, place: "outside" }, directory)
    process.stdout.write(
      `${packageName} was created in ${name}/ with ${files.length} files.\n\n  cd ${name}\n  npm install\n  npm test\n\n` +
        `Then replace the endpoints in src with those of the API reference.\n`
    )
    return 0
  } catch (error) {
    process.stderr.write(`${directory} cannot be written: ${error instanceof Error ? error.message : String(error)}.\n`)
    return 3
  }
}

process.exitCode = main(process.argv.slice(2))
