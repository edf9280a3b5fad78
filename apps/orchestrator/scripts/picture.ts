/**
 * The picture of the README: what `privx-kit demo` prints on a terminal, as SVG, and the same as text in the README.
 * `pnpm --filter privx-kit picture` runs the demo and writes both; a test compares them with what the demo prints.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { stripVTControlCharacters } from "node:util"

const root = path.join(import.meta.dirname, "..", "..", "..")

const readme = path.join(root, "README.md")

const picture = path.join(root, "docs", "demo.svg")

const quote = /(<!-- demo -->\n\n```\n)([\s\S]*?)(\n```)/

/** The demo as the README has it. */
export const quoted = (): string => quote.exec(fs.readFileSync(readme, "utf8"))?.[2] ?? ""

/** The text of the picture. */
export const pictured = (): string =>
  [...fs.readFileSync(picture, "utf8").matchAll(/<text [^>]*>(.*)<\/text>/g)]
    .map(([, line = ""]) => line.replace(/<[^>]*>/g, ""))
    .join("\n")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")

/** What differs from run to run, made the same: ports, ids, times, temporary names, versions of the script. */
export const lasting = (output: string): string =>
  output
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID")
    .replace(/\b[0-9a-f]{64}\b/g, "SHA256")
    .replace(/(127\.0\.0\.1:)\d+/g, "$1PORT")
    .replace(/\S*\/privx-kit-demo-\w+/g, "FOLDER")
    .replace(/ *\b\d+(\.\d+)? m?s\b/g, " TIME")
    .replace(/\d[\d ]*(?= bytes)/g, "N")
    .trim()

const style = `
    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6dbe3; white-space: pre }
    .bold { font-weight: 700; fill: #ffffff } .dim { fill: #808b9b }
    .red { fill: #ff7b72 } .green { fill: #56d364 } .yellow { fill: #e3b341 } .cyan { fill: #56d4dd }`

const classes: Readonly<Record<string, string>> = {
  1: "bold",
  2: "dim",
  31: "red",
  32: "green",
  33: "yellow",
  36: "cyan"
}

const lineHeight = 18
const columnWidth = 7.83
const margin = 20

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** One line with its colours. The styles of the demo are never nested: each sequence either opens one or ends it. */
const spans = (line: string): string =>
  line
    .split("\u001b[")
    .map((part, index) => {
      if (index === 0) return escape(part)
      const end = part.indexOf("m")
      const name = classes[part.slice(0, end)]
      const text = escape(part.slice(end + 1))
      return name === undefined || text === "" ? text : `<tspan class="${name}">${text}</tspan>`
    })
    .join("")

export const svg = (output: string): string => {
  const lines = output.trimEnd().split("\n")
  const width =
    Math.ceil(Math.max(...lines.map((line) => stripVTControlCharacters(line).length)) * columnWidth) + 2 * margin
  const height = lines.length * lineHeight + 2 * margin
  const texts = lines.map(
    (line, index) =>
      `  <text x="${margin}" y="${margin + (index + 0.75) * lineHeight}" xml:space="preserve">${spans(line)}</text>`
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of privx-kit demo">
  <style>${style}
  </style>
  <rect width="100%" height="100%" rx="8" fill="#161b22"/>
${texts.join("\n")}
</svg>
`
}

if (import.meta.main) {
  const main = path.join(import.meta.dirname, "..", "src", "main.ts")
  const { status, stdout } = spawnSync(process.execPath, ["--conditions=@privx-kit/source", main, "demo"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: "/tmp", TMPDIR: "/tmp", LANG: "C.UTF-8", FORCE_COLOR: "1" }
  })
  if (status !== 0) throw new Error(`the demo ended with ${status}:\n${stdout}`)
  fs.writeFileSync(picture, svg(stdout))
  const text = stripVTControlCharacters(stdout).trim()
  fs.writeFileSync(
    readme,
    fs.readFileSync(readme, "utf8").replace(quote, (_, open: string, __, close: string) => open + text + close)
  )
}
