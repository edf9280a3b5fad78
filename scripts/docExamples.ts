/**
 * Compiles every `@example` of the packages' docstrings, as a program that depends on the packages would: what the docs show
 * must type-check. Each example is a module of its own, so it carries its imports.
 */
import * as fs from "node:fs"
import * as path from "node:path"
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

fs.rmSync(directory, { recursive: true, force: true })
fs.mkdirSync(directory, { recursive: true })
let count = 0
const bare: Array<string> = []
for (const file of fs.globSync("packages/*/src/**/*.ts", { cwd: root }).sort()) {
  const source = fs.readFileSync(path.join(root, file), "utf8")
  if (unfenced(source)) bare.push(file)
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
checks.ran(
  `${count} examples of docstrings compile`,
  run(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc"), "-p", directory], {
    cwd: root,
    seconds: 300
  })
)
if (process.exitCode === undefined) fs.rmSync(directory, { recursive: true, force: true })
checks.end()
