/** Fails when the first load of the page is larger than its budget: what index.html names, and what that imports statically. */
import * as fs from "node:fs"
import * as path from "node:path"
import { gzipSync } from "node:zlib"

const budget = 150_000

const dist = path.join(import.meta.dirname, "../dist")
const html = fs.readFileSync(path.join(dist, "index.html"), "utf8")
const files = new Set([...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, file = ""]) => file))
for (const file of files) {
  if (!file.endsWith(".js")) continue
  const text = fs.readFileSync(path.join(dist, file), "utf8")
  for (const [, imported = ""] of text.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g))
    files.add(`assets/${imported}`)
}
const sizes = [...files].map((file) => gzipSync(fs.readFileSync(path.join(dist, file)), { level: 9 }).length)
const total = sizes.reduce((sum, size) => sum + size, gzipSync(html).length)
process.stdout.write(`first load: ${total} bytes gzipped in ${files.size + 1} files; budget ${budget}\n`)
if (total > budget) process.exitCode = 1
