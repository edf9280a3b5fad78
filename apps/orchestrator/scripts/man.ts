/**
 * The man pages of the package, one for each command, in `man/`: `node scripts/man.ts`. The build makes them from the definitions
 * of the commands.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as HelpSections from "../src/cli/HelpSections.ts"
import * as Commands from "./commands.ts"

/** Text of roff: a backslash, and a dot or quote at the beginning of a line, mean something there. */
const escape = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&")

const heading = (title: string): string => `.SH ${escape(title)}`

const rows = (all: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> =>
  all.flatMap(([left, right]) => [".TP", `.B ${escape(left.trim())}`, escape(right)])

const pageName = (words: ReadonlyArray<string>): string => ["privx-kit", ...words].join("-")

const page = (command: Commands.Documented, version: string): string => {
  const { doc, sections, subcommands, words } = command
  const [summary = "", ...paragraphs] = doc.description.split("\n\n")
  const flags = [...doc.flags, ...(doc.globalFlags ?? [])]
  return [
    `.TH ${pageName(words).toUpperCase()} 1 "" "privx\\-kit ${version}" "privx\\-kit"`,
    heading("NAME"),
    `${escape(pageName(words))} \\- ${escape(summary)}`,
    heading("SYNOPSIS"),
    `.B ${escape(doc.usage)}`,
    ...(paragraphs.length === 0
      ? []
      : [heading("DESCRIPTION"), ...paragraphs.flatMap((paragraph) => [".PP", escape(paragraph)])]),
    ...(subcommands.length === 0
      ? []
      : [heading("COMMANDS"), ...rows(subcommands.map(({ description, name }) => [name, description]))]),
    ...(doc.args === undefined || doc.args.length === 0
      ? []
      : [heading("ARGUMENTS"), ...rows(doc.args.map(({ description, name }) => [name, Commands.textOf(description)]))]),
    heading("OPTIONS"),
    ...rows(flags.map((flag) => [Commands.flagName(flag), Commands.textOf(flag.description)])),
    ...(doc.examples === undefined || doc.examples.length === 0
      ? []
      : [
          heading("EXAMPLES"),
          ...doc.examples.flatMap(({ command, description }) => [
            ".PP",
            ...(description === undefined ? [] : [escape(`${description}:`)]),
            ".nf",
            escape(command),
            ".fi"
          ])
        ]),
    ...[...sections, ...(words.length === 0 ? Object.values(HelpSections.topics) : [])].flatMap((section) => [
      heading(section.title),
      ...rows(section.rows)
    ]),
    ...(words.length === 0 ? [] : [heading("SEE ALSO"), `.BR ${escape(pageName(words.slice(0, -1)))} (1)`]),
    ""
  ].join("\n")
}

/** Each page with the name of its file. */
export const pages = (version: string): Effect.Effect<ReadonlyArray<readonly [file: string, text: string]>> =>
  Effect.map(Commands.all(), (all) =>
    all.map((command) => [`${pageName(command.words)}.1`, page(command, version)] as const)
  )

if (import.meta.main) {
  const root = path.join(import.meta.dirname, "..")
  const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"))
  const directory = path.join(root, "man")
  fs.rmSync(directory, { recursive: true, force: true })
  fs.mkdirSync(directory)
  for (const [file, text] of await Effect.runPromise(pages(version))) fs.writeFileSync(path.join(directory, file), text)
}
