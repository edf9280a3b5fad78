/**
 * What may import what, below the packages that `turbo boundaries` watches over: the folders of the app and of the
 * verification, and no circle of files anywhere. Imports of types and `import()` count like any other: a reader follows them
 * as well.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { parseSync } from "oxc-parser"
import { Checks } from "./checks.ts"

export const app = "apps/orchestrator/src"

export const verification = "packages/ueba/src/internal"

/** Folders from the ground up, and which others each may import. */
export type Folders = Readonly<Record<string, ReadonlyArray<string>>>

/**
 * The files beside the folders of the app are the assembly: `EmbeddedRuntime` stands upon the domains, `Domains` and `main`
 * upon everything.
 */
const appFolders: Folders = {
  terminal: [],
  domain: ["terminal"],
  setup: ["domain"],
  bootstrap: ["domain", "setup"],
  config: ["domain", "setup"],
  playback: ["domain"],
  fleet: ["domain", "setup", "bootstrap"],
  "EmbeddedRuntime.ts": ["domain", "setup", "fleet"],
  worker: ["domain", "setup", "fleet", "EmbeddedRuntime.ts"],
  server: ["domain", "setup", "bootstrap", "playback", "fleet", "EmbeddedRuntime.ts"],
  client: ["domain", "setup", "bootstrap", "fleet", "server"],
  cli: [
    "terminal",
    "domain",
    "setup",
    "bootstrap",
    "config",
    "playback",
    "fleet",
    "EmbeddedRuntime.ts",
    "worker",
    "server",
    "client"
  ],
  "Domains.ts": ["domain", "setup", "bootstrap", "playback", "fleet", "cli"],
  "main.ts": ["config", "server", "cli", "Domains.ts"]
}

/** `analysis` assembles what is found in a script, and the thread runs it. */
const verificationFolders: Folders = {
  text: [],
  syntax: [],
  values: [],
  rules: ["text", "values"],
  interpreter: ["syntax", "values", "rules"],
  tricks: [],
  ending: ["text", "interpreter"],
  checks: ["text", "syntax", "values", "ending"],
  "analysis.ts": ["syntax", "values", "rules", "interpreter", "tricks", "ending"],
  "parserThread.ts": ["syntax", "analysis.ts"],
  "closedStruct.ts": [],
  "tolerant.ts": []
}

/** The folders of a directory; what lies elsewhere may import what its package allows. */
export const layouts: Readonly<Record<string, Folders>> = {
  [app]: appFolders,
  [verification]: verificationFolders
}

export interface Import {
  readonly from: string
  readonly to: string
}

/** The relative imports of one file, as paths from the root. */
export const importsOf = (file: string, text: string): ReadonlyArray<Import> => {
  const { module } = parseSync(file, text)
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])
    ),
    // Types of the form `import("./X.ts").Y` are no part of what the parser calls a module's imports.
    ...[...text.matchAll(/\bimport\(\s*"([^"]+)"/g)].map(([, specifier = ""]) => specifier)
  ]
  return [...new Set(specifiers)]
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => ({ from: file, to: path.posix.join(path.posix.dirname(file), specifier) }))
}

/** Imports that the folders of their directory do not allow. */
export const violations = (imports: ReadonlyArray<Import>): ReadonlyArray<string> =>
  Object.entries(layouts).flatMap(([directory, folders]) => {
    // The folder that a file belongs to, or the file itself beside the folders.
    const partOf = (file: string): string => path.posix.relative(directory, file).split("/")[0] ?? ""
    return imports.flatMap(({ from, to }) => {
      if (!from.startsWith(`${directory}/`) || !to.startsWith(`${directory}/`)) return []
      const part = partOf(from)
      const target = partOf(to)
      const allowed = folders[part]
      if (allowed === undefined) return [`${from}: the folder ${part} is not in the list of scripts/boundaries.ts`]
      return part === target || allowed.includes(target)
        ? []
        : [`${from} must not import ${to}: ${part} may not import ${target}`]
    })
  })

/** Each circle once, as the files that it goes through. */
export const circles = (imports: ReadonlyArray<Import>): ReadonlyArray<ReadonlyArray<string>> => {
  const targets = Map.groupBy(imports, ({ from }) => from)
  const found: Array<ReadonlyArray<string>> = []
  const done = new Set<string>()
  const trail: Array<string> = []
  const visit = (file: string): void => {
    const start = trail.indexOf(file)
    if (start !== -1) return void found.push(trail.slice(start))
    if (done.has(file)) return
    trail.push(file)
    for (const { to } of targets.get(file) ?? []) visit(to)
    trail.pop()
    done.add(file)
  }
  for (const file of targets.keys()) visit(file)
  return found
}

if (import.meta.main) {
  const root = path.join(import.meta.dirname, "..")
  const files = fs.globSync(["packages/*/src/**/*.ts", "apps/*/src/**/*.ts", "benchmarks/src/**/*.ts"], { cwd: root })
  const imports = files.flatMap((file) => importsOf(file, fs.readFileSync(path.join(root, file), "utf8")))
  const checks = new Checks()
  checks.check(
    `the folders of the app and of the verification import what they may (${files.length} files)`,
    violations(imports)
  )
  checks.check(
    "no file imports itself by way of others",
    circles(imports).map((circle) => circle.join(" → "))
  )
  checks.end()
}
