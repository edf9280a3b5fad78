/**
 * Recognizes a last command that prepares for commands that do not follow: it sets a variable, an option or a trap, reads
 * a file of functions, creates a folder, fetches or unpacks a file.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import type { Assignment, Command, ParsedScript, Statement, SyntaxNode } from "unbash"
import type { Unfinished } from "./tailFinding.ts"

/** The last command prepares for others: it sets something that only they would use. */
export const preparation = (script: ParsedScript, source: string): Unfinished | undefined => {
  const last = script.commands.at(-1)
  if (last === undefined || last.background === true) return undefined
  const command = conditional(last.command)
  if (command.type !== "Command") return idleBlock(script, last, command)
  // A comment behind the last command shows that the file is complete there.
  if (isForHandler(command, source)) return undefined
  const found = preparing(command, command !== last.command, source.slice(last.end).trim() === "")
  if (found === undefined) return undefined
  // A file of settings and functions is meant to be sourced by other scripts.
  const certain = found.certain && (found.isOption || isMoreThanSettings(script))
  return { message: found.message, offset: last.pos, certain, prepares: found.prepares === true }
}

/** `STATUS=done`, where a handler tells of the status when the script exits. */
const isForHandler = ({ name, prefix }: Command, source: string): boolean =>
  name === undefined &&
  /\btrap\b[^\n]{0,200}\b(?:EXIT|0)\b/.test(source) &&
  prefix.some((item) => item.type === "Assignment" && new RegExp(`\\$\\{?${item.name}\\b`).test(source))

/** A block without an effect on the host: it sets variables, or exits if something is missing. */
const idleBlock = (script: ParsedScript, last: Statement, node: SyntaxNode): Unfinished | undefined => {
  const found = (message: string, certain: boolean): Unfinished => ({
    message,
    offset: last.pos,
    certain: certain && isMoreThanSettings(script)
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

/** Names of files that define functions or variables, and do nothing else. */
const definitions =
  /(?:functions?|common|lib\w*|utils?|helpers?|logging|colou?rs?|vars|variables|config|configs|configuration|settings|defaults?|release|test-lib|\.func)(?:\.\w{1,5})?["')]*$|^["']?\/etc\/(?:default|sysconfig|os-release|lsb-release)\b/

interface Preparing {
  readonly message: string
  readonly certain: boolean
  /** Whether it only makes something that other commands need: a folder, an account, a file. */
  readonly prepares?: true
  /** Whether it sets a shell option, which a file for other scripts has no reason to set at its end. */
  readonly isOption: boolean
}

/**
 * @param tested whether the command runs only if a preceding test succeeds
 * @param atEnd whether no comment follows
 */
const preparing = (command: Command, tested: boolean, atEnd: boolean): Preparing | undefined => {
  const { args, name, prefix, redirects } = command
  const texts = args.map(({ text }) => text)
  const said = `the last command is ${[name?.text, ...texts].join(" ").slice(0, 60)}, and nothing follows it`
  if (name === undefined) {
    const set = prefix.flatMap((item) => (item.type === "Assignment" ? [item] : []))
    const [first] = set
    if (first === undefined || redirects.length > 0 || set.every(restores)) return undefined
    const message = `the last command sets ${first.name.slice(0, 60)}, and nothing follows that uses it`
    return { message, certain: !set.some(({ text }) => runsCommand(text, atEnd)), isOption: false }
  }
  switch (name.text) {
    case "set":
    case "shopt": {
      const [option = ""] = texts
      if (option === "--") return { message: said, certain: true, isOption: false }
      // An option that is switched off at the end applied to the commands before it.
      return /^-[a-zA-Z]/.test(option) ? { message: said, certain: option !== "-u", isOption: true } : undefined
    }
    case "export":
    case "readonly":
    case "declare":
    case "typeset": {
      const isListing = texts.some((text) => /^-\w*[pfF]/.test(text))
      if (isListing) return undefined
      return {
        message: said,
        certain:
          texts.some((text) => text.includes("=") && !searchPath.test(text)) &&
          !texts.some((text) => runsCommand(text, atEnd)),
        isOption: false
      }
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
    case "\\.":
      // A sourced file with arguments may do the work. Installers end with the start-up file of the shell.
      return texts.length > 1 || startup.test(texts[0] ?? "")
        ? undefined
        : { message: said, certain: tested || definitions.test(texts[0] ?? ""), isOption: true }
    case "read":
      return texts.some((text) => /^[a-z]\w*$/i.test(text)) && !waits.test(texts.join(" "))
        ? { message: said, certain: true, isOption: false }
        : undefined
    case "mapfile":
    case "readarray":
      return { message: said, certain: true, isOption: false }
    case "cd":
      return texts[0] === "-" ? undefined : { message: said, certain: false, isOption: false, prepares: true }
    case "pushd":
    case "mkdir":
    case "useradd":
    case "adduser":
    case "groupadd":
    case "addgroup":
    case "mktemp":
      return { message: said, certain: false, isOption: false, prepares: true }
    case "apt-get":
    case "apt":
    case "git":
    case "curl":
    case "wget":
    case "tar":
    case "unzip":
      return readies(name.text, texts) ? { message: said, certain: false, isOption: false, prepares: true } : undefined
    case "systemctl":
      return texts.includes("stop") ? { message: said, certain: false, isOption: false } : undefined
    case "exit":
    case "return":
      return tested ? { message: said, certain: false, isOption: false } : undefined
    case "echo":
    case "printf":
      return redirects.length === 0 && opensText(texts) ? { message: said, certain: false, isOption: true } : undefined
    default:
      return undefined
  }
}

/** Files that a shell reads when it starts. */
const startup = /(?:^|\/)\.?(?:bashrc|bash_profile|bash_login|profile|zshrc|zprofile|kshrc|environment)["']?$/

/** `export PATH=…`, with which many installers end although it has no effect. */
const searchPath = /^(?:\w*PATH|\w+_HOME)(?:=|$)/

/** The prompt of `read` before a window closes. */
const waits = /press|enter\b|\bkey\b|exit|close|continu|finish|quit/i

/** Whether a message introduces another: it ends with a colon or an ellipsis, or tells of something that is following. */
const opensText = (texts: ReadonlyArray<string>): boolean => {
  const text = texts.join(" ").slice(-300)
  const end = text.replace(
    /(?:["']|\\n|\\(?:033|e|x1b)\[[\d;]{0,9}m|\$\{?(?:CL|NC|\w{0,20}(?:reset|normal|plain|off|none|default|nocolor))\}?){1,9}$/i,
    ""
  )
  return /(?:\.\.\.|…|[^:]:)$/.test(end) || (/\bfollowing\b/i.test(end) && !end.includes("\n"))
}

/** Whether a command only provides something that other commands would use. */
const readies = (name: string, texts: ReadonlyArray<string>): boolean => {
  switch (name) {
    case "apt-get":
    case "apt":
      return texts.some((text) => text === "update") && !texts.some((text) => /^(?:install|upgrade)$/.test(text))
    case "git":
      return texts[0] === "clone"
    case "tar":
      return texts.some((text) => /^-?[a-zA-Z]*x[a-zA-Z]*$|^--extract$/.test(text))
    default:
      return texts.some((text) => /^(?:-[a-zA-Z]*[oO]|--output|--remote-name)/.test(text)) || name === "unzip"
  }
}

/** `IFS=$OLDIFS` and `DEBUG=` conclude the commands before them. */
const restores = ({ text }: Assignment): boolean =>
  /^\w+=(?:|""|''|"?\$\{?\w*(?:old|orig|prev|sav|backup)\w*\}?"?)$/i.test(text)

/**
 * Whether a value is the output of a command that may do the work. One that reads something does not.
 *
 * @param atEnd whether no comment follows, which would show that the file is complete
 */
const runsCommand = (text: string, atEnd: boolean): boolean =>
  /\$\((?!\()|[`]|[<>]\(/.test(text) && !(atEnd && asks.test(text))

/** Substitutions of commands that find out something. */
const asks =
  /^[\w[\]]+\+?=["']?(?:\$\(|`)\s*(?:cd|pwd|mktemp|dirname|basename|readlink|realpath|uname|arch|nproc|id|whoami|hostname|date|cat|e?grep|sed|awk|cut|head|tail|tr|sort|wc|ls|find|echo|printf|dpkg|rpm|lsb_release|getent|getconf|which|command|type|jq|stat|df|free|ps|pgrep|ip|tput|stty|curl|wget|\w*(?:get|find|detect|read|version|name)\w*)\b/i

/** Whether a statement reads commands from another file. */
export const readsFile = ({ command }: Statement): boolean =>
  command.type === "Command"
    ? /^(?:\\?\.|source|eval)$/.test(command.name?.text ?? "")
    : command.type === "AndOr" &&
      command.commands.some((node) => node.type === "Command" && /^(?:\\?\.|source)$/.test(node.name?.text ?? ""))

/** Whether a file does more than set variables and define functions for others that read it. */
export const isMoreThanSettings = ({ commands }: ParsedScript): boolean =>
  commands.slice(0, -1).some((one) => works(one) || readsFile(one))

/** Whether a statement does more than set variables and define functions. */
export const works = ({ command }: Statement): boolean => {
  if (command.type === "Function") return false
  if (command.type !== "Command") return true
  const name = command.name?.text
  if (name === "set") return true
  return (
    name !== undefined &&
    !/^(?:\\?\.|source|export|readonly|declare|typeset|unset|alias|shopt|trap|umask|:)$/.test(name)
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
