/**
 * Compiles every `@example` of the packages' docstrings, as a program that depends on the packages would: what the docs show
 * must type-check. Each example is a module of its own, so it carries its imports. In packages whose docstrings are complete,
 * an operation without an example fails.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { parseSync } from "oxc-parser"
import { Checks, run } from "./checks.ts"

const root = path.join(import.meta.dirname, "..")
/** Inside the examples, whose dependencies are the packages. */
const directory = path.join(root, "examples/.docs")

/** The code blocks that follow an `@example`, without the stars of the comment. */
const examplesOf = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(([comment]) =>
    [...comment.matchAll(/@example[^\n]*\n\s*\* ```ts\n([\s\S]*?)\n\s*\* ```/g)].map(([, code = ""]) =>
      code
        .split("\n")
        .map((line) => line.replace(/^\s*\* ?/, ""))
        .join("\n")
    )
  )

/** Without a fence an example would be left out here. */
const unfenced = (source: string): boolean => / \* @example[^\n]*\n(?!\s*\* ```ts\n)/.test(source)

/** Packages in which every operation has an example. */
const complete: ReadonlySet<string> = new Set([
  "artifacts",
  "client",
  "core",
  "durable",
  "files",
  "http",
  "playback",
  "runs",
  "settings",
  "simulator",
  "ueba"
])

/** The exported functions whose docstring has no example. */
const withoutExample = (file: string, source: string): ReadonlyArray<string> => {
  const { comments, program } = parseSync(file, source)
  return program.body.flatMap((node) => {
    if (node.type !== "ExportNamedDeclaration" || node.declaration?.type !== "VariableDeclaration") return []
    const [declarator] = node.declaration.declarations
    if (declarator?.id.type !== "Identifier" || declarator.init === null) return []
    const { end, start } = declarator.init
    const isOperation =
      declarator.init.type === "ArrowFunctionExpression" || /^Effect\.fn(Untraced)?\b/.test(source.slice(start, end))
    const text =
      comments.findLast(({ end }) => end <= node.start && source.slice(end, node.start).trim() === "")?.value ?? ""
    return isOperation && !/@example|@internal/.test(text) ? [`${file} ${declarator.id.name}`] : []
  })
}

fs.rmSync(directory, { recursive: true, force: true })
fs.mkdirSync(directory, { recursive: true })
let count = 0
const bare: Array<string> = []
const undocumented: Array<string> = []
for (const file of fs.globSync("packages/*/src/**/*.ts", { cwd: root }).sort()) {
  const source = fs.readFileSync(path.join(root, file), "utf8")
  if (unfenced(source)) bare.push(file)
  if (complete.has(file.split("/")[1] ?? "") && !file.includes("/internal/"))
    undocumented.push(...withoutExample(file, source))
  for (const [index, code] of examplesOf(source).entries()) {
    const name = `${file.replace(/^packages\/|\.ts$/g, "").replaceAll("/", "-")}-${index + 1}.ts`
    fs.writeFileSync(path.join(directory, name), `${code}\nexport {}\n`)
    count++
  }
}
fs.writeFileSync(
  path.join(directory, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.base.json",
    compilerOptions: { noEmit: true, noUnusedLocals: false },
    include: ["*.ts"]
  })
)
const checks = new Checks()
checks.check("every @example of a docstring is a block of ts", bare)
checks.check(`every operation of ${[...complete].join(", ")} has an example`, undocumented)
checks.ran(
  `${count} examples of docstrings compile`,
  run(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc"), "-p", directory], {
    cwd: root,
    seconds: 300
  })
)
if (process.exitCode === undefined) fs.rmSync(directory, { recursive: true, force: true })
checks.end()
