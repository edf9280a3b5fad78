/**
 * Determines whether a script always exits, so that a shell never reads the text after it.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { ParsedScript, Statement, SyntaxNode } from "unbash"

/** Whether a command at the top level always ends the shell. */
export const endsInExit = (script: ParsedScript): boolean => {
  const functions = new Map<string, SyntaxNode>()
  for (const { command } of script.commands) {
    if (command.type === "Function") functions.set(command.name.text, command.body)
  }
  // A function named exit replaces the builtin.
  if (functions.has("exit") || functions.has("exec")) return false
  const oneEnds = (statements: ReadonlyArray<Statement>, depth: number): boolean =>
    statements.some(({ background, command }) => background !== true && ends(command, depth))
  const ends = (node: SyntaxNode, depth: number): boolean => {
    if (depth > 16) return false
    switch (node.type) {
      case "BraceGroup":
        return oneEnds(node.body.commands, depth + 1)
      case "CompoundList":
        return oneEnds(node.commands, depth + 1)
      case "If":
        return (
          node.else !== undefined &&
          [node.then, node.else, ...node.elif.map(({ then }) => then)].every(({ commands }) =>
            oneEnds(commands, depth + 1)
          )
        )
      case "Command": {
        const name = node.name?.text
        if (name === "exit") return true
        if (name === "exec") return node.args.some(({ text }) => !text.startsWith("-"))
        const body = name === undefined ? undefined : functions.get(name)
        return body !== undefined && ends(body, depth + 1)
      }
      default:
        return false
    }
  }
  return oneEnds(script.commands, 0)
}
