/**
 * The code in the documentation is quoted from files that are compiled and run, and this says where a quote has drifted.
 *
 * A quote is a marker followed by a code block: `<!-- example: examples/setup.ts -->` for a whole file, or
 * `<!-- example: examples/setup.ts#name -->` for the lines between `// #region name` and `// #endregion`.
 * `node scripts/quotes.ts` checks, `node scripts/quotes.ts --write` brings every quote up to date.
 */
import * as fs from "node:fs"
import * as path from "node:path"

const marker =
  /^<!-- example: (?<file>[^\s#]+)(?:#(?<region>[\w-]+))? -->\n+(?<open>```\w*\n)(?<quoted>[\s\S]*?)(?<close>^```$)/gm

const anyMarker = /^\s*<!-- *example\b.*$/gm

export interface Quotes {
  readonly text: string
  readonly count: number
  readonly problems: ReadonlyArray<string>
}

/** The text with every quote replaced by what it quotes, and what was wrong with it. */
export const refresh = (text: string, read: (file: string) => string | undefined): Quotes => {
  const problems: Array<string> = []
  let count = 0
  const refreshed = text.replace(
    marker,
    (whole, file: string, region: string | undefined, open, quoted: string, close) => {
      count++
      const name = region === undefined ? file : `${file}#${region}`
      const source = file.startsWith("examples/") ? read(file) : undefined
      if (source === undefined) {
        problems.push(`${name}: there is no such example`)
        return whole
      }
      const wanted = region === undefined ? source : lines(source, region)
      if (wanted === undefined) {
        problems.push(`${name}: there is no such region`)
        return whole
      }
      if (wanted.trim() === quoted.trim()) return whole
      problems.push(`${name}: the quote differs from the file`)
      return `<!-- example: ${name} -->\n\n${open}${wanted.trim()}\n${close}`
    }
  )
  const written = text.match(anyMarker)?.length ?? 0
  if (written !== count) problems.push(`${written - count} example markers are not followed by a code block`)
  return { text: refreshed, count, problems }
}

const lines = (source: string, region: string) => {
  const all = source.split("\n")
  const first = all.findIndex((line) => line.trim() === `// #region ${region}`)
  if (first === -1) return undefined
  const last = all.findIndex((line, index) => index > first && line.trim() === "// #endregion")
  if (last === -1) return undefined
  const body = all.slice(first + 1, last)
  const indents = body.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length)
  const indent = Math.min(...indents)
  return body.map((line) => line.slice(indent)).join("\n")
}

if (import.meta.main) {
  const root = path.join(import.meta.dirname, "..")
  const write = process.argv.includes("--write")
  const read = (file: string) => {
    const found = path.join(root, file)
    return fs.existsSync(found) ? fs.readFileSync(found, "utf8") : undefined
  }
  let count = 0
  let wrong = 0
  const documents = fs.globSync("**/*.md", { cwd: root, exclude: ["**/node_modules", "**/dist"] })
  for (const document of documents.sort()) {
    const file = path.join(root, document)
    const before = fs.readFileSync(file, "utf8")
    const quotes = refresh(before, read)
    count += quotes.count
    if (write && quotes.text !== before) {
      fs.writeFileSync(file, quotes.text)
      console.log(`${document}: brought up to date`)
    }
    const problems = write ? refresh(quotes.text, read).problems : quotes.problems
    for (const problem of problems) console.log(`${document}: ${problem}`)
    wrong += problems.length
  }
  console.log(`${count} quotes in ${documents.length} documents, ${wrong} wrong`)
  if (wrong > 0) {
    if (!write) console.log("`pnpm quotes --write` brings quotes up to date")
    process.exitCode = 1
  }
}
