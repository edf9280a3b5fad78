/**
 * The diagram and the tables of docs/architecture.md, made from the rules that CI enforces: `--write` brings them up to date,
 * otherwise a stale page fails.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { app, type Folders, layouts, verification } from "./boundaries.ts"
import { Checks } from "./checks.ts"

const root = path.join(import.meta.dirname, "..")
const page = path.join(root, "docs/architecture.md")

/** What each package may import, as turbo.json says it; the file has comments, so the rules are looked up as text. */
const packages = () => {
  const text = fs.readFileSync(path.join(root, "turbo.json"), "utf8").replace(/\/\/[^\n]*/g, "")
  const rules = [...text.matchAll(/"([\w-]+)":\s*\{\s*"dependencies":\s*\{\s*"allow":\s*\[([^\]]*)\]/g)]
  return rules
    .map(([, name = "", allowed = ""]) => ({
      name,
      allowed: [...allowed.matchAll(/"([\w-]+)"/g)].map(([, one = ""]) => one)
    }))
    .filter(({ name }) => !["testing", "orchestrator", "dashboard"].includes(name))
    .map(({ allowed, name }) => ({ name, allowed: allowed.filter((one) => one !== "testing") }))
}

const descriptionOf = (name: string): string =>
  JSON.parse(fs.readFileSync(path.join(root, "packages", name, "package.json"), "utf8")).description

const packagesText = (): string => {
  const rules = packages()
  const arrows = rules.flatMap(({ allowed, name }) =>
    allowed.filter((one) => one !== "core" && one !== "files").map((one) => `  ${name} --> ${one}`)
  )
  return [
    "```mermaid",
    "graph BT",
    ...arrows,
    "  http --> files",
    "  files --> core",
    "```",
    "",
    "| Package | What it is | May import |",
    "|---|---|---|",
    ...rules.map(({ allowed, name }) => `| \`${name}\` | ${descriptionOf(name)} | ${allowed.join(", ") || "nothing"} |`)
  ].join("\n")
}

const foldersText = (folders: Folders = {}): string =>
  [
    "| Folder or file | May import |",
    "|---|---|",
    ...Object.entries(folders).map(([name, allowed]) => `| \`${name}\` | ${allowed.join(", ") || "nothing"} |`)
  ].join("\n")

const filled = (text: string): string =>
  [
    ["packages", packagesText()],
    ["folders", foldersText(layouts[app])],
    ["verification", foldersText(layouts[verification])]
  ].reduce(
    (page, [name = "", content = ""]) =>
      page.replace(
        new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`),
        () => `<!-- ${name} -->\n\n${content}\n\n<!-- /${name} -->`
      ),
    text
  )

const before = fs.readFileSync(page, "utf8")
if (process.argv.includes("--write")) {
  fs.writeFileSync(page, filled(before))
} else {
  const checks = new Checks()
  checks.check(
    "docs/architecture.md shows the rules as they are",
    filled(before) === before ? [] : ["It is stale: pnpm architecture writes it."]
  )
  checks.end()
}
