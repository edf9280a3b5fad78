/**
 * Bash syntax that a plain `sh` rejects or interprets differently.
 *
 * The reference is dash 0.5 (`/bin/sh` of Debian and Ubuntu). POSIX 2024 added `$'…'` and `;&`, but dash 0.5 does not
 * support them.
 */
import type { SyntaxNode } from "unbash"

/**
 * The name of the Bash feature that `node` uses, if any.
 *
 * @param text the source that the positions of `node` refer to
 */
export const bashOnly = (node: SyntaxNode, text: string): string | undefined => {
  switch (node.type) {
    case "TestCommand":
      return "[[ … ]]"
    case "ArithmeticCommand":
      return "(( … ))"
    case "ArithmeticFor":
      return "for (( … ))"
    case "Select":
      return "select"
    case "Coproc":
      return "coproc"
    case "Function":
      return /^function\s/.test(text.slice(node.pos, node.pos + 9))
        ? "the word function"
        : /^[A-Za-z_]\w*$/.test(node.name.text)
          ? undefined
          : "a function name that is no identifier"
    case "ArrayValue":
      return "an array"
    case "Assignment":
      return node.index !== undefined ? "an array" : node.append === true ? "+=" : undefined
    case "ProcessSubstitution":
      return `${node.operator}( … )`
    case "HereString":
      return "<<<"
    case "Redirect":
      return node.operator === "&>" || node.operator === "&>>" ? node.operator : undefined
    case "FileDescriptorVariable":
      return "{name}> redirection"
    case "Pipeline":
      return node.operators.includes("|&") ? "|&" : undefined
    case "CaseItem":
      return node.terminator === undefined || node.terminator === ";;" ? undefined : node.terminator
    case "AnsiCQuoted":
      return "$'…'"
    case "LocaleString":
      return '$"…"'
    case "ExtendedGlob":
      return `${node.operator}( … ) pattern`
    case "ParameterExpansion":
      return node.index !== undefined ? "an array" : node.prefix === "!" ? "${!name}" : undefined
    case "Replace":
      return "${name/pattern/text}"
    case "Slice":
      return "${name:offset}"
    case "CaseModification":
      return "${name^} or ${name,}"
    case "Transform":
      return "${name@operator}"
    default:
      return undefined
  }
}
