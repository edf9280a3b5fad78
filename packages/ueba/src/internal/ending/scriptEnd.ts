/**
 * Determines where a script always ends, so that a shell never runs the text after it.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { AndOr, Command, ParsedScript, Statement, SyntaxNode, While } from "unbash"

/** The maximum depth of blocks and function calls that are followed. */
const depthLimit = 16

/** Whether a command at the top level always ends the shell. */
export const endsInExit = (script: ParsedScript): boolean => {
  const ends = endOf(script, undefined)
  return script.commands.some(ends)
}

/** The number of statements at the top level up to the one that always ends the script, or that never ends itself. */
export const statementsThatRun = (script: ParsedScript, source: string): number => {
  const ends = endOf(script, source)
  const at = script.commands.findIndex(ends)
  return at === -1 ? script.commands.length : at + 1
}

/** @param source the text of the script where `return` and endless loops count as an end, too */
const endOf = (script: ParsedScript, source: string | undefined): ((statement: Statement) => boolean) => {
  const functions = new Map<string, SyntaxNode>()
  for (const { command } of script.commands) {
    if (command.type === "Function") functions.set(command.name.text, command.body)
  }
  // A function named exit replaces the builtin.
  if (functions.has("exit") || functions.has("exec")) return () => false
  const oneEnds = (statements: ReadonlyArray<Statement>, depth: number): boolean =>
    statements.some(({ background, command }) => background !== true && ends(command, depth))
  const known = new Map<string, boolean>()
  /** A function that returns goes on behind its call. */
  const functionEnds = (name: string, depth: number): boolean => {
    const body = functions.get(name)
    if (body === undefined) return false
    const before = known.get(name)
    if (before !== undefined) return before
    // A function that calls itself does not end by that.
    known.set(name, false)
    const result = !returns(body, source) && ends(body, depth)
    known.set(name, result)
    return result
  }
  const ends = (node: SyntaxNode, depth: number): boolean => {
    if (depth > depthLimit) return false
    switch (node.type) {
      case "BraceGroup":
        return oneEnds(node.body.commands, depth + 1)
      case "CompoundList":
        return oneEnds(node.commands, depth + 1)
      case "Redirected":
        return ends(node.command, depth + 1)
      case "AndOr":
        return listEnds(node, depth + 1)
      case "If": {
        const branches = [node.then, ...node.elif.map(({ then }) => then)]
        if (node.else !== undefined) branches.push(node.else)
        else if (!isTrue(node.clause.commands[0])) return false
        return (
          (isTrue(node.clause.commands[0]) && oneEnds(node.then.commands, depth + 1)) ||
          branches.every(({ commands }) => oneEnds(commands, depth + 1))
        )
      }
      case "Case":
        return (
          node.items.some(({ pattern }) => pattern.some(({ text }) => text === "*")) &&
          node.items.every(({ body, terminator }) => terminator === ";&" || oneEnds(body.commands, depth + 1))
        )
      case "While":
        return source !== undefined && isEndless(node, source)
      case "Command": {
        if (endsItself(node, source !== undefined)) return true
        return node.name !== undefined && functionEnds(node.name.text, depth + 1)
      }
      default:
        return false
    }
  }
  const listEnds = ({ commands, operators }: AndOr, depth: number): boolean => {
    for (const [at, command] of commands.entries()) {
      const next = operators[at]
      if (ends(command, depth) && !(next === "||" && isExec(command))) return true
      if (next === "||" && isTrue(command)) return false
      if (next === "&&" && isTrue(command)) continue
      // `a && exit 0 || exit 1`
      const other = commands[at + 2]
      const then = commands[at + 1]
      return (
        next === "&&" &&
        operators[at + 1] === "||" &&
        then !== undefined &&
        other !== undefined &&
        ends(then, depth) &&
        ends(other, depth)
      )
    }
    return false
  }
  return ({ background, command }) => background !== true && ends(command, 0)
}

const endsItself = ({ args, name }: Command, sourced: boolean): boolean => {
  switch (name?.text) {
    case "exit":
      return true
    case "return":
      return sourced
    case "exec":
      return args.some(({ text }) => !text.startsWith("-"))
    case "kill":
      return (
        args.at(-1)?.text === "$$" &&
        args.slice(0, -1).every(({ text }) => /^(?:-(?:9|15|KILL|TERM|SIG\w+|s))$/.test(text))
      )
    default:
      return false
  }
}

const isExec = (node: SyntaxNode): boolean => node.type === "Command" && node.name?.text === "exec"

/** `true` and `:`, which always succeed. */
const isTrue = (node: SyntaxNode | undefined): boolean =>
  node?.type === "Statement"
    ? isTrue(node.command)
    : node?.type === "Command" && /^(?:true|:)$/.test(node.name?.text ?? "") && node.redirects.length === 0

/** Whether a loop never ends and never leaves itself. */
const isEndless = ({ body, clause, kind }: While, source: string): boolean => {
  const [condition] = clause.commands
  return (
    kind === "while" &&
    clause.commands.length === 1 &&
    isTrue(condition) &&
    !/\b(?:break|return)\b/.test(source.slice(body.pos, body.end))
  )
}

const returns = (body: SyntaxNode, source: string | undefined): boolean =>
  source === undefined ? false : /\breturn\b/.test(source.slice(body.pos, body.end))
