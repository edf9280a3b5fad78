/** `--help` as text: what the command is for first, examples before the long lists, nothing wider than the terminal. */
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import type { Style } from "../terminal/Style.ts"
import * as Text from "../terminal/Text.ts"
import { HelpSections } from "./HelpSections.ts"

/** Lines of text are easier to read when they are not much longer. */
const widest = 100

export const render = (doc: HelpDoc, style: Style, columns: number): string => {
  const width = Math.min(columns, widest)
  const heading = (title: string) => style.bold(title)
  const table = (rows: ReadonlyArray<readonly [string, string]>) => Text.columns(rows, { indent: 2, columns: width })
  const indented = (lines: ReadonlyArray<string>) => lines.map((line) => (line === "" ? "" : `  ${line}`))
  const blocks: Array<ReadonlyArray<string>> = []

  if (doc.description !== "") blocks.push(Text.wrap(doc.description, width))
  blocks.push([heading("USAGE"), `  ${style.cyan(doc.usage)}`])
  const subcommands = doc.subcommands?.flatMap((group) => group.commands) ?? []
  if (subcommands.length > 0) {
    blocks.push([
      heading("COMMANDS"),
      ...table(subcommands.map((sub) => [style.cyan(sub.name), sub.shortDescription ?? sub.description]))
    ])
  }
  if (doc.examples !== undefined && doc.examples.length > 0) {
    blocks.push([
      heading("EXAMPLES"),
      ...doc.examples.flatMap(({ command, description }) => [
        ...(description === undefined ? [] : indented(Text.wrap(`# ${description}`, width - 2)).map(style.dim)),
        `  ${style.cyan(command)}`
      ])
    ])
  }
  if (doc.args !== undefined && doc.args.length > 0) {
    blocks.push([
      heading("ARGUMENTS"),
      ...table(
        doc.args.map((argument) => [style.green(argument.name), Option.getOrElse(argument.description, () => "")])
      )
    ])
  }
  const flags = (title: string, all: ReadonlyArray<FlagDoc>) => {
    if (all.length > 0) {
      blocks.push([
        heading(title),
        ...table(all.map((flag) => [flagName(flag, style), Option.getOrElse(flag.description, () => "")]))
      ])
    }
  }
  flags("FLAGS", doc.flags)
  flags("GLOBAL FLAGS", doc.globalFlags ?? [])
  for (const section of Context.getOption(doc.annotations, HelpSections).pipe(Option.getOrElse(() => []))) {
    blocks.push([heading(section.title), ...table(section.rows)])
  }
  return blocks.map((lines) => lines.join("\n")).join("\n\n")
}

const flagName = (flag: FlagDoc, style: Style): string => {
  // Only a flag whose absence means something of its own is worth showing in both forms.
  const names = flag.name === "color" ? ["--color", "--no-color"] : [...flag.aliases, `--${flag.name}`]
  const value = builtIn[flag.name] ?? flag.type
  return names.map(style.green).join(", ") + (value === "boolean" ? "" : ` ${style.dim(value)}`)
}

/** The parser's own flags have all their choices where a word is meant to stand; the description has them as well. */
const builtIn: Readonly<Record<string, string>> = { completions: "SHELL", "log-level": "LEVEL" }
