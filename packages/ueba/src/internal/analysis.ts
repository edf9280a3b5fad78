/**
 * What the parser tells of a script, as plain data: it crosses from the thread that parsed it.
 *
 * Runs in a thread of its own as well as in the main one: imports nothing but what stands beside it.
 */
import type { Assignment, Command, Pipeline, Redirection, SyntaxNode } from "unbash"
import type { Located, ShellSyntax } from "../ShellSyntax.ts"
import type { Position } from "../VerificationReport.ts"
import { bashOnly } from "./bashOnly.ts"
import { fetchedCode, type Sites } from "./fetchedCode.ts"
import { broadRemovals, writes } from "./fileCommands.ts"
import { locator } from "./locator.ts"
import {
  type Constants,
  constantsOf,
  invocationOf,
  isOpen,
  offsetOf,
  type Parser,
  type Site,
  walk
} from "./shellTree.ts"

/** More findings of one kind than this are nobody's reading. */
const limit = 1000

export const analyse = (parser: Parser, source: string, posix: boolean): ShellSyntax => {
  const script = parser.parse(source)
  const at = locator(source)
  const features = new Map<string, number>()
  const errors: Array<{ readonly message: string; readonly offset: number }> = []
  const unclosed: Array<{ readonly message: string; readonly offset: number }> = []
  const seen = new Seen()

  walk(parser, { node: script, text: source, anchor: undefined }, (site) => {
    const { node, text } = site
    const offset = offsetOf(site)
    if (node.type === "Script" && "errors" in node) {
      for (const error of node.errors ?? []) {
        const offset = site.anchor ?? error.pos
        errors.push({ message: error.message, offset })
        // Of these the parser tells where they began.
        if (error.message.startsWith("unterminated ")) unclosed.push({ message: error.message.slice(13), offset })
      }
    }
    if (node.type === "HereDoc" && node.closing === undefined) {
      const name = `here-document ${node.delimiter?.text ?? ""}`
      errors.push({ message: `${name} is never closed`, offset })
      unclosed.push({ message: name, offset })
    }
    const block = blocks[node.type]
    // What ends where it begins was given up: its end was not found.
    if (block !== undefined && node.end === node.pos) unclosed.push({ message: block(node), offset })
    const feature = posix ? bashOnly(node, text) : undefined
    if (feature !== undefined) features.set(feature, Math.min(offset, features.get(feature) ?? offset))
    seen.take(site)
  })

  const [first] = errors.sort((a, b) => a.offset - b.offset)
  const end = source.trimEnd().length
  const last = script.commands.at(-1)?.command
  return {
    commands: script.commands.length,
    error:
      first === undefined
        ? undefined
        : {
            message: first.offset >= end ? `the script ends too early: ${first.message}` : first.message,
            position: at(first.offset)
          },
    unclosed: located(unclosed, at),
    endsInFunction: last?.type === "Function" ? { message: last.name.text, position: at(last.pos) } : undefined,
    bashOnly: located(
      [...features].map(([message, offset]) => ({ message, offset })),
      at
    ),
    ...commandsOf(parser, seen, at)
  }
}

const located = (
  items: ReadonlyArray<{ readonly message: string; readonly offset: number }>,
  at: (offset: number) => Position
): ReadonlyArray<Located> =>
  items
    .toSorted((a, b) => a.offset - b.offset)
    .slice(0, limit)
    .map(({ message, offset }) => ({ message, position: at(offset) }))

const blocks: { readonly [Type in SyntaxNode["type"]]?: (node: SyntaxNode) => string } = {
  If: () => "if",
  For: () => "for",
  ArithmeticFor: () => "for",
  Select: () => "select",
  While: (node) => (node.type === "While" ? node.kind : "while"),
  Case: () => "case",
  Subshell: () => "(",
  BraceGroup: () => "{"
}

/** Builtins that neither write nor run anything by themselves: in long scripts, most of all commands. */
const idle = new Set([
  "echo",
  "printf",
  "[",
  "test",
  ":",
  "true",
  "false",
  "exit",
  "return",
  "break",
  "continue",
  "shift"
])

/** Whether no check of commands has anything to look at in it; what is nested in it is a command of its own. */
const isIdle = ({ name, prefix, redirects }: Command): boolean =>
  name !== undefined && idle.has(name.text) && prefix.length === 0 && redirects.length === 0

/** What the checks of commands need of the tree. */
class Seen {
  readonly commands: Array<Site<Command>> = []
  readonly pipelines: Array<Site<Pipeline>> = []
  readonly redirections: Array<Site<Redirection>> = []
  readonly assignments: Array<Site<Assignment>> = []
  /** Variables that get their value otherwise than by an assignment. */
  readonly variables = new Set<string>()
  readonly names: Array<Site & { readonly name: string }> = []

  take(site: Site): void {
    const { anchor, node, text } = site
    switch (node.type) {
      case "Command": {
        if (!isIdle(node)) this.commands.push({ node, text, anchor })
        if (node.name !== undefined) this.#named(node.name.text, node.name, site)
        if (node.name !== undefined && /^(read|mapfile|readarray|getopts|printf|unset)$/.test(node.name.text)) {
          for (const argument of node.args) if (argument.type === "Word") this.variables.add(argument.value)
        }
        break
      }
      case "Pipeline":
        this.pipelines.push({ node, text, anchor })
        break
      case "Redirect":
        this.redirections.push({ node, text, anchor })
        break
      case "Assignment":
        this.assignments.push({ node, text, anchor })
        this.#named(node.name, node, site)
        break
      case "For":
      case "Select":
        this.variables.add(node.name.value)
        this.#named(node.name.text, node.name, site)
        break
      case "Function":
        this.#named(node.name.text, node.name, site)
        break
      default:
        break
    }
  }

  sort(): void {
    const inOrder = (a: Site, b: Site) => offsetOf(a) - offsetOf(b)
    this.commands.sort(inOrder)
    this.pipelines.sort(inOrder)
    this.redirections.sort(inOrder)
  }

  #named(name: string, node: SyntaxNode, { anchor, text }: Site): void {
    if (/[^\0-\x7f]/.test(name)) this.names.push({ node, text, anchor, name })
  }
}

const commandsOf = (
  parser: Parser,
  seen: Seen,
  at: (offset: number) => Position
): Pick<ShellSyntax, "foreignNames" | "fetchedCode" | "broadRemovals" | "writes"> => {
  const constants = constantsOf(seen.assignments, seen.variables)
  for (const inner of innerScripts(parser, seen.commands, constants)) walk(parser, inner, (site) => seen.take(site))
  seen.sort()
  const commands = seen.commands.map((site) => ({ ...site, invocation: invocationOf(site.node, constants) }))
  const sites: Sites = { commands, pipelines: seen.pipelines, constants }
  const describe = ({ reason, site }: { readonly reason: string; readonly site: Site }) => ({
    message: `${excerpt(site)} (${reason})`,
    offset: offsetOf(site)
  })
  return {
    foreignNames: located(
      seen.names.map((site) => ({ message: site.name, offset: offsetOf(site) })),
      at
    ),
    fetchedCode: located(fetchedCode(parser, sites).map(describe), at),
    broadRemovals: located(broadRemovals(sites).map(describe), at),
    writes: writes(sites, seen.redirections)
      .toSorted((a, b) => offsetOf(a.site) - offsetOf(b.site))
      .slice(0, limit)
      .map(({ by, path, site }) => ({ message: by, position: at(offsetOf(site)), path }))
  }
}

/** Scripts in quotes that a command is given to run: `sh -c '…'`, `eval '…'`. */
const innerScripts = (
  parser: Parser,
  commands: ReadonlyArray<Site<Command>>,
  constants: Constants
): ReadonlyArray<Site> =>
  commands.flatMap((site) => {
    const name = site.node.name?.text ?? ""
    if (!/\b(?:eval|[a-z]*sh|su|sudo|env|xargs|timeout|nohup)$/.test(name)) return []
    const invocation = invocationOf(site.node, constants)
    if (invocation === undefined) return []
    const code = invocation.args.findIndex((argument) => /^-[a-zA-Z]*c$/.test(argument))
    const inner =
      invocation.name === "eval"
        ? invocation.args.join(" ")
        : code !== -1 && /^(?:su|[a-z]*sh)$/.test(invocation.name)
          ? (invocation.args[code + 1] ?? "")
          : ""
    if (inner === "" || isOpen(inner)) return []
    return [{ node: parser.parse(inner), text: inner, anchor: offsetOf(site) }]
  })

const excerpt = ({ node, text }: Site): string => {
  const [line = ""] = text.slice(node.pos, Math.min(node.end, node.pos + 200)).split("\n", 1)
  return line.length > 100 || node.pos + line.length < node.end ? `${line.slice(0, 100).trimEnd()} …` : line
}
