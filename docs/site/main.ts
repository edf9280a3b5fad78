/**
 * The suite of the site, `pnpm test:site`: builds it (a dead link fails the build), checks links into the repository, spelling and code
 * blocks, and looks at pages in a browser at phone and desktop width, in light and dark, with axe. It installs Chromium with apt-get if it
 * is root and there is none; without a browser it says what was skipped.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Browser from "./browser.ts"
import * as CodeBlocks from "./codeBlocks.ts"
import * as Links from "./links.ts"
import * as Tables from "./tables.ts"
import { docs, run, type Problems } from "./pages.ts"

const line = (text: string): void => void process.stdout.write(`${text}\n`)

let failed = 0
let passed = 0

const check = (name: string, problems: Problems): void => {
  line(`${problems.length === 0 ? "ok    " : "FAILED"} ${name}`)
  for (const problem of problems.slice(0, 30)) line(`       ${problem}`)
  if (problems.length === 0) passed++
  else failed++
}

const bin = (name: string): string => path.join(docs, "node_modules/.bin", name)

check(
  "the reference of the packages is made",
  run(process.execPath, [path.join(import.meta.dirname, "packageReference.ts")])
)

// The sidebar lists the pages that are there: it is read when they are.
const { pages: navigated } = await import("../.vitepress/navigation.ts")
const all = fs.globSync("**/*.md", { cwd: docs, exclude: (name) => String(name).includes("node_modules") }).toSorted()
check(
  "every page is in the sidebar",
  all.filter((page) => !navigated.includes(page)).map((page) => `${page} is named nowhere in .vitepress/navigation.ts`)
)
check("links into the repository lead to files", Links.broken())
check("every column of a table has a heading", Tables.withoutHeading())
check(
  "spelling",
  run(bin("cspell"), ["lint", "--no-progress", "--no-summary", "--config", path.join(docs, "cspell.json")])
)
for (const [name, problems] of CodeBlocks.checks()) check(name, problems)
check("the site is built, without a dead link", run(bin("vitepress"), ["build"]))

if (fs.existsSync(path.join(docs, ".vitepress/dist/index.html"))) {
  const chromium = Browser.find()
  if (chromium === undefined) {
    line("skipped: pages in a browser; there is no /usr/bin/chromium, and it cannot be installed here")
  } else {
    for (const [name, problems] of await Browser.checks(chromium)) check(name, problems)
  }
}

line(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
