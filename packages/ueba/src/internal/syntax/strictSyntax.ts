/**
 * Syntax that the shells reject and the parser accepts. The cases were found by cutting and changing complete scripts at
 * every kind of place and comparing with `bash -n` and `dash -n`.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { Command, HereString, Pipeline, Redirect, Statement, SyntaxNode } from "unbash"

export interface Misplaced {
  readonly message: string
  /** The offset in the text that the positions of the node refer to. */
  readonly offset: number
}

/** The first syntax at `node` that no shell accepts. */
export const misplacedAt = (node: SyntaxNode, text: string, posix: boolean): Misplaced | undefined => {
  switch (node.type) {
    case "Command":
      return skippedIn(node, text)
    case "Pipeline":
      return node.commands.length === 0 ? withoutCommand(node, text, posix) : undefined
    case "Statement":
      return separatorAfter(node, text)
    case "CommandExpansion":
      // `${ command; }`, which only the newest shells know.
      return node.text.startsWith("${") && !node.text.endsWith("}")
        ? { message: "unterminated ${", offset: node.pos }
        : undefined
    case "Redirect":
    case "HereString":
      return withoutTarget(node, text)
    case "Function":
      return /[{}()<>&;|"'`$\s]/.test(node.name.text) || [...node.name.text].some(isControl)
        ? { message: `${node.name.text} is no name of a function`, offset: node.name.pos }
        : undefined
    case "For":
    case "Select":
      return /^[A-Za-z_]\w*$/.test(node.name.text)
        ? undefined
        : { message: `${node.name.text} is no name of a variable`, offset: node.name.pos }
    default:
      return undefined
  }
}

/** An opening parenthesis that the parser ignores: an incomplete `name(`, or `name (a`. */
const skippedIn = (node: Command, text: string): Misplaced | undefined => {
  const { name, suffix } = node
  if (name === undefined) return undefined
  const next = suffix[0]
  const until = next === undefined ? text.length : next.pos
  let at = name.end
  while (at < until && isBlank(text, at)) at += 1
  return at < until && text.charAt(at) === "(" ? { message: "expected ')' behind '('", offset: at } : closingTest(node)
}

/** `[` without `]` always fails: the line is incomplete. */
const closingTest = ({ args, name, redirects }: Command): Misplaced | undefined => {
  if (name?.text !== "[" || redirects.length > 0) return undefined
  const last = args.at(-1)
  return last?.text === "]" || args.some(({ text }) => text === "]" || (/^"?\$/.test(text) && args.length === 1))
    ? undefined
    : { message: "expected ']' to close '['", offset: name.pos }
}

/** `! fi`, `time &&`. Bash accepts a lone `!` or `time` at the end of a line. */
const withoutCommand = (node: Pipeline, text: string, posix: boolean): Misplaced | undefined => {
  const timed = node.prefixes.every(({ type }) => type === "Time")
  let at = node.end
  while (isBlank(text, at)) at += 1
  const next = text.charAt(at)
  return (timed && !/[&|]/.test(next)) || (!posix && /^[\n;)]?$/.test(next))
    ? undefined
    : { message: `expected a command behind '${timed ? "time" : "!"}'`, offset: node.pos }
}

/** `< 2>&1`: the digit belongs to the second redirection, and the first has no target. */
const withoutTarget = ({ operator, pos, target }: Redirect | HereString, text: string): Misplaced | undefined =>
  target !== undefined && /^\d+$/.test(target.text) && /[<>]/.test(text.charAt(target.end)) && !operator.endsWith("&")
    ? { message: `expected a word behind '${operator}'`, offset: pos }
    : undefined

/** A `;` at the beginning of a line, after a command that has ended with its line. */
const separatorAfter = (node: Statement, text: string): Misplaced | undefined => {
  let at = node.end
  while (isBlank(text, at)) at += 1
  if (text.charAt(at) !== "\n") return undefined
  // The body of a here-document follows the line.
  const line = text.slice(Math.max(text.lastIndexOf("\n", at - 1) + 1, at - 500), at)
  if (line.includes("<<") || line.length === 500) return undefined
  while (isBlank(text, at) || text.charAt(at) === "\n") at += 1
  return text.charAt(at) === ";" && text.charAt(at + 1) !== ";" && text.charAt(at + 1) !== "&"
    ? { message: "unexpected token ';'", offset: at }
    : undefined
}

const isControl = (character: string): boolean => character < " " || character === "\u007f"

const isBlank = (text: string, at: number): boolean => {
  const character = text.charAt(at)
  return character === " " || character === "\t"
}
