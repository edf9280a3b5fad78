/**
 * The result of parsing a script, as plain data that the parser's thread can send to the main thread.
 *
 * Runs in the parser's thread and in the main thread: imports only modules of `internal`.
 */
import type { ParsedScript, SyntaxNode, Word } from "unbash"
import type { FactKind, ScriptFact } from "../ScriptFacts.ts"
import type { Located, ShellSyntax } from "./syntax/shellSyntax.ts"
import type { Position } from "../Position.ts"
import { bashOnly } from "./syntax/bashOnly.ts"
import { ScriptInterpreter } from "./interpreter/interpreter.ts"
import { commentTricks } from "./tricks/commentTricks.ts"
import { disguiseOf } from "./tricks/disguisedCommands.ts"
import { hiddenEnd } from "./tricks/hereDocuments.ts"
import { ignoredVerification } from "./tricks/ignoredVerification.ts"
import { locator } from "./syntax/locator.ts"
import type { FoundFact, FoundWrite } from "./interpreter/findings.ts"
import { ownSoftware } from "./rules/otherSoftware.ts"
import { hiddenByBlanks, hiddenByFiller, trickInWord } from "./tricks/readerTricks.ts"
import { endsInExit } from "./ending/scriptEnd.ts"
import { appendedTo, type DataRange, repeated, uncalledLast, unreachable } from "./ending/scriptTail.ts"
import { unfinished } from "./ending/unfinished.ts"
import { misplacedAt } from "./syntax/strictSyntax.ts"
import { offsetOf, type Parser, type Site, walk } from "./syntax/shellTree.ts"

/** The maximum number of findings of one kind. */
const limit = 1000

export const analyse = (parser: Parser, source: string, posix: boolean): ShellSyntax => {
  const script = parser.parse(source)
  const at = locator(source)
  const features = new Map<string, number>()
  const errors: Array<{ readonly message: string; readonly offset: number }> = []
  const unclosed: Array<{ readonly message: string; readonly offset: number }> = []
  const names: Array<{ readonly message: string; readonly offset: number }> = []

  const tricks = [...hiddenByBlanks(source), ...hiddenByFiller(source)]
  const data: Array<DataRange> = []

  walk(parser, { node: script, text: source, anchor: undefined }, (site) => {
    const { node, text } = site
    const offset = offsetOf(site)
    if (node.type === "Script" && "errors" in node) {
      for (const error of node.errors ?? []) {
        const offset = site.anchor ?? error.pos
        errors.push({ message: error.message, offset })
        // The parser reports where these start.
        if (error.message.startsWith("unterminated ")) unclosed.push({ message: error.message.slice(13), offset })
      }
    }
    const misplaced = misplacedAt(node, text, posix)
    if (misplaced !== undefined) errors.push({ message: misplaced.message, offset: site.anchor ?? misplaced.offset })
    if (node.type === "HereDoc" && node.closing === undefined) {
      const name = `here-document ${node.delimiter?.text ?? ""}`
      errors.push({ message: `${name} is never closed`, offset })
      unclosed.push({ message: name, offset })
    }
    if (site.anchor === undefined) {
      if (node.type === "HereDoc") data.push([node.body.pos, node.body.end])
      else if (isLongQuote(node)) data.push([node.pos, node.end])
      for (const word of wordsOf(node)) if (word.text.includes("\n")) data.push([word.pos, word.end])
    }
    if (node.type === "Word") {
      const trick = trickInWord(node)
      if (trick !== undefined) tricks.push({ message: `${node.text.slice(0, 60)} (${trick})`, offset })
    }
    if (node.type === "Command") {
      const disguise = disguiseOf(node)
      if (disguise !== undefined) tricks.push({ message: `${excerpt(site)} (${disguise})`, offset })
    }
    const ignored = ignoredVerification(node)
    if (ignored !== undefined) tricks.push({ message: `${excerpt(site)} (${ignored})`, offset })
    const end = node.type === "HereDoc" && node.closing !== undefined ? hiddenEnd(node) : undefined
    if (end !== undefined) tricks.push({ message: end, offset })
    const block = blocks[node.type]
    // The parser gave up on a node that ends where it begins: it found no end.
    if (block !== undefined && node.end === node.pos) unclosed.push({ message: block(node), offset })
    const feature = posix ? bashOnly(node, text) : undefined
    if (feature !== undefined) features.set(feature, Math.min(offset, features.get(feature) ?? offset))
    const name = nameOf(node)
    if (name !== undefined && /[^\0-\x7f]/.test(name.text))
      names.push({ message: name.text, offset: offsetOf({ ...site, node: name.node }) })
  })

  for (const trick of commentTricks(source)) {
    if (!data.some(([from, to]) => from <= trick.offset && trick.offset < to)) tricks.push(trick)
  }
  const [first] = errors.sort((a, b) => a.offset - b.offset)
  const end = source.trimEnd().length
  data.sort(([a], [b]) => a - b)
  const appended = appendedTo(script, source, data)
  const dead = unreachable(script, source) ?? repeated(script, source)
  const uncalled = uncalledLast(script, source)
  const last = script.commands.at(-1)?.command
  const cut = unfinished(script, source)
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
    foreignNames: located(names, at),
    endsInExit: endsInExit(script),
    appended: appended === undefined ? undefined : { message: appended.message, position: at(appended.offset) },
    uncalledLast: uncalled === undefined ? undefined : { message: uncalled.name, position: at(uncalled.offset) },
    unfinished:
      cut === undefined ? undefined : { message: cut.message, position: at(cut.offset), certain: cut.certain },
    unreachable: dead === undefined ? undefined : { message: dead.message, position: at(dead.offset) },
    ...commandsOf(parser, script, source, tricks, at)
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

/** The name of a command, function or variable. */
const nameOf = (node: SyntaxNode): { readonly text: string; readonly node: SyntaxNode } | undefined => {
  switch (node.type) {
    case "Command":
      return node.name === undefined ? undefined : { text: node.name.text, node: node.name }
    case "Assignment":
      return { text: node.name, node }
    case "For":
    case "Select":
    case "Function":
      return { text: node.name.text, node: node.name }
    default:
      return undefined
  }
}

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

/** What the commands of the script do, each with its place. */
const commandsOf = (
  parser: Parser,
  script: ParsedScript,
  source: string,
  tricks: ReadonlyArray<{ readonly message: string; readonly offset: number }>,
  at: (offset: number) => Position
): Pick<
  ShellSyntax,
  "fetchedCode" | "broadRemovals" | "writes" | "sensitiveChanges" | "readerTricks" | "facts" | "incomplete"
> => {
  const interpreter = new ScriptInterpreter(parser, { node: script, text: source, anchor: undefined })
  interpreter.runAll(script, source)
  const { incomplete, writes } = interpreter.machine
  const isOwn = ownSoftware(interpreter.machine.facts)
  const facts = interpreter.machine.facts.map((fact) =>
    fact.owner !== undefined && isOwn(fact.owner) ? { ...fact, concern: undefined } : fact
  )
  const inOrder = (a: { readonly site: Site }, b: { readonly site: Site }) => offsetOf(a.site) - offsetOf(b.site)
  const sorted = facts.sort(inOrder)
  const described = (
    chosen: (fact: FoundFact) => boolean,
    others: ReadonlyArray<{ readonly message: string; readonly offset: number }> = []
  ): ReadonlyArray<Located> =>
    located(
      [
        ...sorted
          .filter((fact) => fact.concern !== undefined && chosen(fact))
          .map(({ concern, site }) => ({ message: `${excerpt(site)} (${concern})`, offset: offsetOf(site) })),
        ...others
      ],
      at
    )
  return {
    incomplete,
    facts: sorted.map(({ by, concern, kind, site, subject }): ScriptFact => ({
      kind,
      subject,
      by,
      ...(concern === undefined ? undefined : { concern }),
      position: at(offsetOf(site)),
      excerpt: excerpt(site)
    })),
    fetchedCode: described(({ kind }) => runsCode.has(kind)),
    broadRemovals: described(({ broad }) => broad),
    sensitiveChanges: described(({ broad, kind }) => !broad && !runsCode.has(kind) && kind !== "misleadsReader"),
    readerTricks: described(({ kind }) => kind === "misleadsReader", tricks),
    writes: unique(writes.sort(inOrder))
      .slice(0, limit)
      .map(({ by, path, site }) => ({ message: by, position: at(offsetOf(site)), path }))
  }
}

const runsCode: ReadonlySet<FactKind> = new Set<FactKind>(["runsFetchedCode", "runsHiddenCode", "connects"])

/** The words of a command or an assignment. The traversal does not visit words without an expansion. */
const wordsOf = (node: SyntaxNode): ReadonlyArray<Word> => {
  if (node.type === "Command") return node.args.filter((argument) => argument.type === "Word")
  if (node.type === "Assignment") return node.value.type === "Word" ? [node.value] : node.value.elements
  return node.type === "HereString" && node.target !== undefined ? [node.target] : []
}

const isLongQuote = (node: SyntaxNode): boolean =>
  (node.type === "SingleQuoted" || node.type === "DoubleQuoted" || node.type === "AnsiCQuoted") &&
  node.end - node.pos > 4

const unique = (writes: ReadonlyArray<FoundWrite>): ReadonlyArray<FoundWrite> => {
  const seen = new Set<string>()
  return writes.filter(({ by, path, site }) => {
    const key = `${offsetOf(site)} ${by} ${path}`
    return !seen.has(key) && seen.add(key)
  })
}

const excerpt = ({ node, text }: Site): string => {
  const [line = ""] = text.slice(node.pos, Math.min(node.end, node.pos + 200)).split("\n", 1)
  return line.length > 100 || node.pos + line.length < node.end ? `${line.slice(0, 100).trimEnd()} …` : line
}
