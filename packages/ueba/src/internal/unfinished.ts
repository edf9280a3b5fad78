/**
 * Signs that the end of a script is missing although every command in it is complete: its last lines prepare for
 * commands that do not follow. A finding is certain if no complete script was found that ends in the same way.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of this directory.
 */
import type { Assignment, Command, ParsedScript, Statement, SyntaxNode } from "unbash"
import { announcedStep } from "./announcedSteps.ts"
import { isNoHeading } from "./scriptTail.ts"
import type { Unfinished } from "./tailFinding.ts"

export const unfinished = (script: ParsedScript, source: string): Unfinished | undefined => {
  const cut = openSection(source) ?? openComment(script, source) ?? heading(script, source)
  if (cut !== undefined) return cut
  const prepared = preparation(script)
  if (prepared?.certain === true) return prepared
  const announced = announcedStep(script)
  return announced?.certain === true ? announced : (prepared ?? announced)
}

/** The last command prepares for others: it sets something that only they would use. */
const preparation = (script: ParsedScript): Unfinished | undefined => {
  const last = script.commands.at(-1)
  if (last === undefined || last.background === true) return undefined
  const command = conditional(last.command)
  if (command.type !== "Command") return idleBlock(script, last, command)
  const found = preparing(command, command !== last.command)
  if (found === undefined) return undefined
  // A file of settings and functions is meant to be sourced by other scripts.
  const certain = found.certain && (found.isOption || script.commands.slice(0, -1).some(works))
  return { message: found.message, offset: last.pos, certain }
}

/** A block without an effect on the host: it sets variables, or exits if something is missing. */
const idleBlock = ({ commands }: ParsedScript, last: Statement, node: SyntaxNode): Unfinished | undefined => {
  const found = (message: string, certain: boolean): Unfinished => ({
    message,
    offset: last.pos,
    certain: certain && commands.slice(0, -1).some(works)
  })
  if (node.type === "AndOr") {
    const [first, ...others] = node.commands
    if (first !== undefined && isSetting(first) && others.every(leaves))
      return found("the last command sets a variable, and nothing follows that uses it", true)
    const end = node.commands.at(-1)
    if (end !== undefined && isSetting(end))
      return found("the last command sets a variable, and nothing follows that uses it", false)
  }
  if (isIdle(last)) {
    return found("the last block sets variables only, and nothing follows that uses them", isLoop(node))
  }
  if (node.type === "While" && node.body.commands.every((one) => isIdle(one) || asksArguments(one.command)))
    return found("the last block only reads the arguments, and nothing follows it", false)
  if (asksArguments(node))
    return found("the last block only tells what is wrong with the arguments, and nothing follows it", true)
  if (node.type === "If" && node.elif.length === 0 && node.else === undefined && isGuard(node.then.commands))
    return found("the last block only ends the script where something is wrong, and nothing follows it", false)
  return undefined
}

const asksArguments = (node: SyntaxNode): boolean =>
  node.type === "Case" && node.items.every(({ body }) => body.commands.every(isIdle) || isGuard(body.commands))

const isSetting = (node: SyntaxNode): boolean =>
  node.type === "Command" && node.name === undefined && node.prefix.length > 0 && node.redirects.length === 0

const isLoop = (node: SyntaxNode): boolean => node.type === "For" || node.type === "While"

const leaves = (node: SyntaxNode): boolean =>
  node.type === "Command" && /^(?:exit|return|die|fail|fatal|abort)$/.test(node.name?.text ?? "")

const says = ({ command }: Statement): boolean =>
  command.type === "Command" && /^(?:echo|printf|logger|log|warn|error|usage)$/.test(command.name?.text ?? "")

/** Commands that exit the script, at most with a message. */
const isGuard = (statements: ReadonlyArray<Statement>): boolean => {
  const last = statements.at(-1)
  return last !== undefined && leaves(last.command) && statements.slice(0, -1).every((one) => says(one) || isIdle(one))
}

/** Of `[ -n "$DEBUG" ] && set -x`, the part after the test. */
const conditional = (node: SyntaxNode): SyntaxNode => {
  if (node.type !== "AndOr") return node
  const last = node.commands.at(-1)
  return last !== undefined && node.commands.slice(0, -1).every(isTest) ? last : node
}

const isTest = (node: SyntaxNode): boolean =>
  node.type === "TestCommand" ||
  (node.type === "Command" && /^(?:\[|test|type|command|which|hash)$/.test(node.name?.text ?? ""))

interface Preparing {
  readonly message: string
  readonly certain: boolean
  /** Whether it sets a shell option, which a file for other scripts has no reason to set at its end. */
  readonly isOption: boolean
}

/** @param tested whether the command runs only if a preceding test succeeds */
const preparing = (command: Command, tested: boolean): Preparing | undefined => {
  const { args, name, prefix, redirects } = command
  const texts = args.map(({ text }) => text)
  const said = `the last command is ${[name?.text, ...texts].join(" ").slice(0, 60)}, and nothing follows it`
  if (name === undefined) {
    const set = prefix.flatMap((item) => (item.type === "Assignment" ? [item] : []))
    const [first] = set
    if (first === undefined || redirects.length > 0 || set.every(restores)) return undefined
    const message = `the last command sets ${first.name.slice(0, 60)}, and nothing follows that uses it`
    return { message, certain: !set.some(({ text }) => runsCommand(text)), isOption: false }
  }
  switch (name.text) {
    case "set":
    case "shopt": {
      const [option = ""] = texts
      if (option === "--") return { message: said, certain: true, isOption: false }
      if (!/^[-+][a-zA-Z]/.test(option)) return undefined
      // An option that is switched off at the end applied to the commands before it.
      return { message: said, certain: /^-(?!u$)/.test(option), isOption: true }
    }
    case "export":
    case "readonly":
    case "declare":
    case "typeset": {
      const isSet = texts.some((text) => /^\w+\+?=/.test(text))
      const isListing = texts.some((text) => /^-\w*[pfF]/.test(text))
      if (isListing) return undefined
      return { message: said, certain: isSet && !texts.some(runsCommand), isOption: false }
    }
    case "trap":
      return texts.length < 2 || texts[0] === "-" || texts[0] === "''" || texts[0] === '""'
        ? undefined
        : { message: said, certain: true, isOption: false }
    case "umask":
      return texts.length === 0 ? undefined : { message: said, certain: true, isOption: false }
    case "shift":
      return { message: said, certain: true, isOption: false }
    case "exec":
      return texts.length > 0 || redirects.length === 0 ? undefined : { message: said, certain: true, isOption: true }
    case ".":
    case "source":
      // A sourced file with arguments may do the work.
      return texts.length > 1 ? undefined : { message: said, certain: tested, isOption: false }
    case "cd":
    case "pushd":
    case "mkdir":
      return { message: said, certain: false, isOption: false }
    case "apt-get":
    case "apt":
    case "systemctl":
    case "curl":
    case "wget":
    case "tar":
    case "unzip":
      return readies(name.text, texts) ? { message: said, certain: false, isOption: false } : undefined
    case "exit":
    case "return":
      return tested ? { message: said, certain: false, isOption: false } : undefined
    case "echo":
    case "printf":
      return redirects.length === 0 && /(?:\.\.\.|…)(?:\\n)?["']?$/.test(texts.at(-1) ?? "")
        ? { message: said, certain: false, isOption: false }
        : undefined
    default:
      return undefined
  }
}

/** Whether a command only provides something that other commands would use. */
const readies = (name: string, texts: ReadonlyArray<string>): boolean => {
  switch (name) {
    case "apt-get":
    case "apt":
      return texts.some((text) => text === "update") && !texts.some((text) => /^(?:install|upgrade)$/.test(text))
    case "systemctl":
      return texts.some((text) => text === "stop")
    case "tar":
      return texts.some((text) => /^-?[a-zA-Z]*x[a-zA-Z]*$|^--extract$/.test(text))
    default:
      return texts.some((text) => /^(?:-[a-zA-Z]*[oO]|--output|--remote-name)/.test(text)) || name === "unzip"
  }
}

/** `IFS=$OLDIFS` concludes the commands before it. */
const restores = ({ text }: Assignment): boolean => /^\w+="?\$\{?\w*(?:old|orig|prev|sav|backup)\w*\}?"?$/i.test(text)

const runsCommand = (text: string): boolean => /\$\((?!\()|[`]|[<>]\(/.test(text)

/** Whether a statement does more than set variables and define functions. */
const works = ({ command }: Statement): boolean => {
  if (command.type === "Function") return false
  if (command.type !== "Command") return true
  const name = command.name?.text
  if (name === "set") return true
  return (
    name !== undefined && !/^(?:\.|source|export|readonly|declare|typeset|unset|alias|shopt|trap|umask|:)$/.test(name)
  )
}

/** Whether a node only sets variables or tests whether to set them. */
const isIdle = (node: SyntaxNode): boolean => {
  switch (node.type) {
    case "Statement":
      return isIdle(node.command)
    case "CompoundList":
      return node.commands.every(isIdle)
    case "BraceGroup":
      return isIdle(node.body)
    case "If":
      return (
        isIdle(node.then) &&
        node.elif.every(({ then }) => isIdle(then)) &&
        (node.else === undefined || isIdle(node.else))
      )
    case "Case":
      return node.items.every(({ body }) => isIdle(body))
    case "AndOr":
      return node.commands.every(isIdle)
    case "For":
    case "While":
      return node.body.commands.length > 0 && node.body.commands.every(({ command }) => isSetting(command))
    case "Command": {
      if (node.redirects.length > 0) return false
      if (node.name === undefined) return node.prefix.length > 0
      return /^(?::|true|export|readonly|test|\[|shift|\.|source)$/.test(node.name.text)
    }
    case "TestCommand":
      return true
    default:
      return false
  }
}

/** Pairs of comments that tools write around the lines that they add. */
const sections: ReadonlyArray<readonly [begin: RegExp, end: RegExp]> = [
  [/^# Automatically added by \S+$/gm, /^# End automatically added section$/gm],
  [/^### BEGIN INIT INFO$/gm, /^### END INIT INFO$/gm],
  [/^# BEGIN ANSIBLE MANAGED BLOCK/gm, /^# END ANSIBLE MANAGED BLOCK/gm],
  [/^# >>> \S.* >>>$/gm, /^# <<< \S.* <<<$/gm]
]

const openSection = (source: string): Unfinished | undefined => {
  for (const [begin, end] of sections) {
    const begins = [...source.matchAll(begin)]
    const last = begins.at(-1)
    if (last === undefined || begins.length <= [...source.matchAll(end)].length) continue
    return {
      message: `no line ends the section that "${last[0].slice(2, 60)}" begins`,
      offset: last.index,
      certain: true
    }
  }
  return undefined
}

/** An unfinished comment: its last line consists only of the mark, or ends in the middle of a sentence. */
const openComment = ({ commands }: ParsedScript, source: string): Unfinished | undefined => {
  const lines = source.slice(-4000).trimEnd().split("\n")
  const last = lines.at(-1) ?? ""
  const isEmpty = /^[ \t]*#[ \t]*$/.test(last)
  if (!isEmpty && !/^[ \t]*#.*\p{L}[,(]$/u.test(last)) return undefined
  const from = lines.findLastIndex((line) => !/^[ \t]*#/.test(line))
  if (lines.slice(from + 1).some(isNoHeading) || !commands.some(works)) return undefined
  return {
    message: isEmpty
      ? "the last comment ends with an empty line of its own"
      : "the last comment ends within a sentence",
    offset: source.trimEnd().length - last.length,
    certain: true
  }
}

/**
 * A heading without a command below it, in a script whose other comments precede the code that they describe. Certain
 * only if the script stops at errors, as setup scripts do: a few other scripts end with a remark.
 */
const heading = (script: ParsedScript, source: string): Unfinished | undefined => {
  const lines = source.slice(-4000).trimEnd().split("\n")
  let from = lines.length
  while (from > 0 && /^[ \t]*#/.test(lines[from - 1] ?? "")) from -= 1
  if (from === lines.length || from === 0 || lines[from - 1]?.trim() !== "") return undefined
  const block = lines.slice(from)
  if (!block.every(isProse) || !block.some((line) => /\p{L}{2,}[ \t]+\S*\p{L}/u.test(line)) || block.some(isNoHeading))
    return undefined
  const offset = source.trimEnd().length - block.join("\n").length
  if (!/\n[ \t]*\n#[^\n]*\n(?:#[^\n]*\n)*[^\s#]/.test(source.slice(0, offset))) return undefined
  return { message: "the last comment is about a command that does not follow", offset, certain: stopsAtErrors(script) }
}

const stopsAtErrors = ({ commands }: ParsedScript): boolean =>
  commands.some(
    ({ command }) =>
      command.type === "Command" &&
      command.name?.text === "set" &&
      command.args.some(({ text }) => /^-[a-zA-Z]*e|^errexit$/.test(text))
  )

/** Neither commented-out code nor an introduction to it. */
const isProse = (line: string): boolean => !/[$`{}()|;<>\\="']|[ \t]--?[a-zA-Z]|:[ \t]*$/.test(line)
