/** `--help` as text: the purpose of the command first, examples before long lists, no line wider than the terminal. */
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import type { Style } from "../terminal/Style.ts"
import * as Text from "../terminal/Text.ts"
import { HelpSections, type Section, topics } from "./HelpSections.ts"

/** Longer lines are hard to read. */
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
        ...continued(command, width).map((line) => `  ${style.cyan(line)}`)
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
  const sections = Option.match(Context.getOption(doc.annotations, HelpSections), {
    onNone: () => [],
    onSome: (make) => make()
  })
  for (const section of sections) blocks.push([heading(section.title), ...table(section.rows)])
  blocks.push(Text.wrap(`Run privx-kit help ${Object.keys(topics).join("|")} for the complete tables.`, width))
  return blocks.map((lines) => lines.join("\n")).join("\n\n")
}

/** A command that is too long for one line, broken before its flags in shell syntax. */
const continued = (command: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const part of command.split(/ (?=--)/)) {
    const last = lines.at(-1)
    // Reserves columns for the indentation and the backslash.
    if (last === undefined || last.length + part.length > width - 5) lines.push(part)
    else lines[lines.length - 1] = `${last} ${part}`
  }
  return lines.map((line, index) => `${index === 0 ? "" : "  "}${line}${index < lines.length - 1 ? " \\" : ""}`)
}

/** Renders a single section. */
export const renderSection = ({ rows, title }: Section, style: Style, columns: number): string =>
  [style.bold(title), ...Text.columns(rows, { indent: 2, columns: Math.min(columns, widest) })].join("\n")

const flagName = (flag: FlagDoc, style: Style): string => {
  // Only this flag has three states.
  const names = flag.name === "color" ? ["--color", "--no-color"] : [...flag.aliases, `--${flag.name}`]
  const value = builtIn[flag.name] ?? flag.type
  return names.map(style.green).join(", ") + (value === "boolean" ? "" : ` ${style.dim(value)}`)
}

/** For its own flags, the parser lists all choices as the value, which is too wide. */
const builtIn: Readonly<Record<string, string>> = { "log-level": "LEVEL" }
