/**
 * Writes the reference of the libraries, `docs/reference/packages`, from the docstrings of their sources: a page for each package,
 * with its modules and what they export. The pages are made whenever the site is built and are not committed, so that they
 * cannot drift.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { parseSync } from "oxc-parser"

const root = path.join(import.meta.dirname, "..", "..")

const directory = path.join(root, "docs/reference/packages")

interface Export {
  readonly name: string
  readonly kind: string
  readonly doc: string
  readonly signature: string
}

/** The text of a docstring without its stars. */
const plain = (comment: string): string =>
  comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim()

/** Markdown of a docstring: tags become sentences, links become code. */
const markdown = (doc: string): string =>
  doc
    .replace(/^@(since|category)\b.*$/gm, "")
    .replace(/^@example.*$/gm, "**Example**\n")
    .replace(/^@param (?:options\.)?(\S+)/gm, "- `$1`:")
    .replace(/\{@link ([^}|]+)(?:\|[^}]*)?\}/g, (_, target: string) => `\`${target.trim()}\``)
    .replace(/\n{3,}/g, "\n\n")
    .trim()

/** The docstring that ends right before the position. */
const docBefore = (
  source: string,
  start: number,
  comments: ReadonlyArray<{ start: number; end: number; value: string }>
) => {
  const comment = comments.findLast(({ end }) => end <= start)
  if (comment === undefined || source.slice(comment.end, start).trim() !== "") return undefined
  const text = source.slice(comment.start, comment.end)
  return text.startsWith("/**") ? plain(text) : undefined
}

/** What of a declaration a caller needs: types as they are, functions and classes up to their body. */
const signatureOf = (kind: string, text: string): string => {
  const whole = text.replace(/^export /, "")
  if (kind === "interface" || kind === "type") return shortened(whole)
  if (kind === "class") return shortened(whole)
  const arrow = /^([\s\S]*?\)(?::[\s\S]*?)?) =>/.exec(whole)
  const generator = /^([\s\S]*?\)(?::[\s\S]*?)?) \{\n/.exec(whole)
  const end = [arrow?.[1], generator?.[1]].filter((one) => one !== undefined).toSorted((a, b) => a.length - b.length)[0]
  return shortened(end ?? whole.split("\n").slice(0, 6).join("\n"))
}

const shortened = (text: string): string => {
  const lines = text.split("\n")
  return lines.length <= 40 ? text : [...lines.slice(0, 38), "  // …"].join("\n")
}

const kinds: Readonly<Record<string, string>> = {
  TSInterfaceDeclaration: "interface",
  TSTypeAliasDeclaration: "type",
  ClassDeclaration: "class",
  FunctionDeclaration: "function",
  VariableDeclaration: "const"
}

const exportsOf = (
  file: string,
  source: string
): { readonly header: string; readonly exports: ReadonlyArray<Export> } => {
  const { comments, program } = parseSync(file, source)
  const found: Array<Export> = []
  for (const statement of program.body) {
    if (statement.type !== "ExportNamedDeclaration" || statement.declaration === null) continue
    const { declaration } = statement
    const kind = kinds[declaration.type]
    if (kind === undefined) continue
    const name =
      declaration.type === "VariableDeclaration"
        ? declaration.declarations[0]?.id.type === "Identifier"
          ? declaration.declarations[0].id.name
          : undefined
        : "id" in declaration && declaration.id !== null && "name" in declaration.id
          ? String(declaration.id.name)
          : undefined
    const doc = docBefore(source, statement.start, comments)
    if (name === undefined || doc === undefined) continue
    found.push({ name, kind, doc, signature: signatureOf(kind, source.slice(statement.start, statement.end)) })
  }
  const first = comments[0]
  const header =
    first !== undefined && source.slice(0, first.start).trim() === "" ? plain(source.slice(first.start, first.end)) : ""
  return { header, exports: found }
}

const modulePage = (name: string, header: string, exports: ReadonlyArray<Export>): string =>
  [
    `## ${name}`,
    markdown(header),
    ...exports.map((one) =>
      [
        `### ${name === one.name ? one.name : `${name}.${one.name}`}`,
        `\`\`\`ts\n${one.signature}\n\`\`\``,
        markdown(one.doc)
      ].join("\n\n")
    )
  ].join("\n\n")

fs.rmSync(directory, { recursive: true, force: true })
fs.mkdirSync(directory, { recursive: true })
const packages: Array<string> = []
for (const manifestFile of fs.globSync("packages/*/package.json", { cwd: root }).toSorted()) {
  const { description, name, private: isPrivate } = JSON.parse(fs.readFileSync(path.join(root, manifestFile), "utf8"))
  if (isPrivate === true) continue
  const source = path.join(root, path.dirname(manifestFile), "src")
  const short = path.basename(path.dirname(manifestFile))
  const modules = fs
    .readdirSync(source)
    .filter((file) => file.endsWith(".ts") && file !== "index.ts")
    .toSorted()
    .map((file) => {
      const { exports, header } = exportsOf(file, fs.readFileSync(path.join(source, file), "utf8"))
      return modulePage(file.replace(/\.ts$/, ""), header, exports)
    })
  fs.writeFileSync(
    path.join(directory, `${short}.md`),
    `${[`# ${name}`, `${description}. \`npm install ${name}\``, ...modules].join("\n\n")}\n`
  )
  packages.push(`| [\`${name}\`](./${short}.md) | ${description} |`)
}
fs.writeFileSync(
  path.join(directory, "index.md"),
  `# Packages\n\nThe libraries behind the command line, for programs written with [Effect](https://effect.website). Each page lists the modules of a package with their docstrings.\n\n| Package | What it is |\n| --- | --- |\n${packages.join("\n")}\n`
)
