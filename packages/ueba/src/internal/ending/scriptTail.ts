/**
 * Text after a script that does not belong to it: an error body, a page, a second script, or code that never runs.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import type { Command, Function as FunctionNode, ParsedScript, Statement, SyntaxNode } from "unbash"

import { isForeignText } from "../text/foreignText.ts"
import { kindOfLine } from "./foreignLines.ts"
import { readsFile, works } from "./preparingCommands.ts"
import { repeatedPart } from "./repeatedPart.ts"
import { repeatedStart } from "./repeatedStart.ts"
import { statementsThatRun } from "./scriptEnd.ts"
import { isUnknown } from "../interpreter/unknownCommands.ts"
import type { TailFinding } from "./tailFinding.ts"

/** Parts of the text that are data, not code: bodies of here-documents and quoted text of more than one line. */
export type DataRange = readonly [from: number, to: number]

/** The first text that belongs to another file or to another response of a server. */
export const appendedTo = (
  script: ParsedScript,
  source: string,
  data: ReadonlyArray<DataRange>
): TailFinding | undefined =>
  secondScript(script, source, data) ??
  repeatedStart(source, (offset) => isWithin(offset, data)) ??
  errorBody(script, source)

/** A `#!` at the beginning of a line, after a command and outside data. */
const secondScript = (
  script: ParsedScript,
  source: string,
  data: ReadonlyArray<DataRange>
): TailFinding | undefined => {
  const firstEnd = script.commands[0]?.end ?? source.length
  for (let at = source.indexOf("\n#!", firstEnd - 1); at !== -1; at = source.indexOf("\n#!", at + 1)) {
    const offset = at + 1
    if (!/^#![ \t]*\/[\w./-]+/.test(source.slice(offset, offset + 100))) continue
    // Files that a tool has concatenated keep the comments that end the previous file.
    if (isWithin(offset, data) || source.charAt(source.lastIndexOf("\n", at - 1) + 1) === "#") continue
    const again = source.startsWith(source.slice(offset, offset + 4096))
    return { message: again ? "the script begins a second time" : "another script begins here", offset }
  }
  return undefined
}

/** @param data ranges in the order of the text */
const isWithin = (offset: number, data: ReadonlyArray<DataRange>): boolean => {
  let low = 0
  let high = data.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((data[middle]?.[0] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  // Ranges may be nested: an earlier range may extend further than the found one.
  for (let at = low - 1; at >= Math.max(0, low - 8); at--) if ((data[at]?.[1] ?? 0) > offset) return true
  return false
}

/** The number of statements at the end among which foreign text is looked for. */
const lastStatements = 20

const errorBody = (script: ParsedScript, source: string): TailFinding | undefined => {
  const { commands } = script
  const functions = new Set(commands.flatMap(({ command }) => (command.type === "Function" ? [command.name.text] : [])))
  for (const [index, statement] of commands.entries()) {
    if (index > 0 && index >= commands.length - lastStatements) {
      const foreign = foreignLine(statement, source, functions, index === commands.length - 1)
      if (foreign !== undefined) return foreign
    }
    const command = firstCommand(statement)
    if (command === undefined) continue
    const name = command.name?.text ?? ""
    const last = index === commands.length - 1
    if (isJson(name)) return { message: "JSON stands behind the script", offset: statement.pos }
    if (index > 0 && index >= commands.length - lastStatements && isMessage(command)) {
      return {
        message: `${name.slice(0, 40)} … is no command: a message stands behind the script`,
        offset: statement.pos
      }
    }
    if (index > 0 && index >= commands.length - lastStatements && isForeignText(command, last))
      return {
        message: `${name.slice(0, 40)} is no command: foreign text stands behind the script`,
        offset: statement.pos
      }
    if (index === 0 || !last) continue
    if (/^--[\w'()+,.:=?-]*--\r?$/.test(name))
      return { message: "the boundary of a multipart answer stands behind the script", offset: statement.pos }
    if (/^HTTP\/\d|^(?:[1-5]\d\d|0)$/.test(name))
      return { message: "part of an answer over HTTP stands behind the script", offset: statement.pos }
    const line = [name, ...command.args.slice(0, 5).map(({ text }) => text)].join(" ")
    if (messages.test(line)) return { message: "an error message stands behind the script", offset: statement.pos }
  }
  return undefined
}

/** A statement that begins a line which belongs to something else. */
const foreignLine = (
  statement: Statement,
  source: string,
  functions: ReadonlySet<string>,
  last: boolean
): TailFinding | undefined => {
  const { pos } = statement
  const start = source.lastIndexOf("\n", pos - 1) + 1
  if (pos - start > 40 || source.slice(start, pos).trim() !== "") return undefined
  const end = source.indexOf("\n", pos)
  const line = source.slice(pos, end === -1 ? source.length : end)
  const name = firstCommand(statement)?.name?.text ?? ""
  if (functions.has(name)) return undefined
  const kind = kindOfLine(line, last && source.slice(pos + line.length).trim() === "")
  if (kind !== undefined) return { message: `${kind} stands behind the script`, offset: pos }
  const { command } = statement
  if (command.type === "Command" && last && command.args.some(({ text }) => gluedJson.test(text.slice(0, 1000))))
    return { message: "JSON stands behind the script", offset: pos }
  return line.length >= 6 && line.length < 400 && isUnknown(name) && isRemainder(source, line, pos)
    ? { message: "the end of an earlier line stands behind the script", offset: pos }
    : undefined
}

/** `"ready"{"code":14`: JSON directly behind a word. */
const gluedJson = /^(?:"[^"]{0,400}"|'[^']{0,400}'|[\w./-]{1,400})\{"[\w.-]{1,40}":/

/** Whether an earlier line ends with `line`, within a word. */
const isRemainder = (source: string, line: string, pos: number): boolean => {
  for (let at = source.indexOf(`${line}\n`); at !== -1 && at < pos - 1; at = source.indexOf(`${line}\n`, at + 1)) {
    if (/\w/.test(source.charAt(at - 1))) return true
  }
  return false
}

/** `panic: …`: command names do not end with a colon. */
const isMessage = ({ name }: Command): boolean => name !== undefined && /^[\w-]+:$/.test(name.text)

/** `{"error_code":…`, and how a shell parses `{ "error_code": …`. */
const isJson = (name: string): boolean =>
  /^[[{]+"|^\{'|^"[\w .-]{1,60}":$|^"[\w .-]{1,60}":["{[\d]/.test(name.slice(0, 200))

const messages =
  /^(?:Bad Gateway|Gateway Time-?out|Service (?:Temporarily )?Unavailable|Internal Server Error|Server Error in|Unauthorized|Forbidden|Not Found|Too Many Requests|Request Time-?out|no healthy upstream|upstream (?:connect|request)|stream (?:error|timeout)|context deadline|connection (?:reset|refused|closed)|Client sent an HTTP|Access Denied|Proxy Error|Error\b.{0,80}\b(?:occurred|code|timed))/i

/** The first command of a statement, including statements within blocks. */
const firstCommand = (statement: Statement): Command | undefined => {
  let node: SyntaxNode | undefined = statement
  for (let depth = 0; node !== undefined && depth < 16; depth++) {
    switch (node.type) {
      case "Command":
        return node
      case "Statement":
        node = node.command
        break
      case "AndOr":
      case "Pipeline":
        node = node.commands[0]
        break
      case "BraceGroup":
        node = node.body.commands[0]
        break
      case "Redirected":
        node = node.command
        break
      default:
        return undefined
    }
  }
  return undefined
}

/** The first line of a part that comes twice in a row. */
export const repeated = (script: ParsedScript, source: string): TailFinding | undefined =>
  repeatedPart(source, new Set(script.commands.map(({ pos }) => pos)))

/** The first command that never runs because the script has already ended. */
export const unreachable = (script: ParsedScript, source: string): TailFinding | undefined => {
  const next = script.commands
    .slice(statementsThatRun(script, source))
    .find(({ command }) => command.type !== "Function")
  return next === undefined ? undefined : { message: "the script has ended before this line", offset: next.pos }
}

/**
 * The last function defined at the top level or within its conditions, if no other word of the script names it. A file that
 * the script reads may call a function that other commands follow.
 */
export const uncalledLast = (
  script: ParsedScript,
  source: string
): { readonly name: string; readonly offset: number } | undefined => {
  const { commands } = script
  const functions = commands.map(({ command }) => lastFunction(command))
  const index = functions.findLastIndex((found) => found !== undefined)
  const last = functions[index]
  if (last === undefined) return undefined
  if (commands.slice(index + 1).some(works) && commands.some(readsFile)) return undefined
  const name = last.name.text
  for (let at = source.indexOf(name); at !== -1; at = source.indexOf(name, at + name.length)) {
    if (at === last.name.pos || isWordCharacter(source, at - 1) || isWordCharacter(source, at + name.length)) continue
    // A comment may name it; checking only the beginning of the line keeps long lines cheap.
    const line = source.slice(Math.max(source.lastIndexOf("\n", at) + 1, at - 500), at)
    if (!/^[ \t]*#/.test(line)) return undefined
  }
  return { name, offset: last.pos }
}

const lastFunction = (node: SyntaxNode): FunctionNode | undefined => {
  switch (node.type) {
    case "Function":
      return node
    case "If": {
      const branches = [node.then, ...node.elif.map(({ then }) => then), node.else]
      return branches
        .flatMap((branch) => branch?.commands ?? [])
        .map(({ command }) => (command.type === "Function" ? command : undefined))
        .findLast((found) => found !== undefined)
    }
    default:
      return undefined
  }
}

const isWordCharacter = (text: string, at: number): boolean => /[\w-]/.test(text.charAt(at))

/**
 * Why the last line looks incomplete, in a script without a final line break. Nearly every tool that writes scripts adds
 * one, so a complete script without it is rare. No complete script was found that also ends like this.
 */
export const cutWithinLine = (source: string): string | undefined => {
  if (source === "" || source.endsWith("\n")) return undefined
  const start = source.lastIndexOf("\n") + 1
  const line = source.slice(start, start + 5000)
  if (/^[ \t]*#(?!.{0,200}(?:vim?:|ex:|-\*-))/.test(line)) return "ends within a comment"
  if (/\S[ \t]$/.test(source.slice(-2))) return "ends with a blank"
  if (/(?:\S-|[=/,%+@<>({[^~$|&])$/.test(source.slice(-2))) return `ends with ${source.slice(-1)}`
  const [word] = /[A-Za-z0-9_]{2,100}$/.exec(source.slice(-101)) ?? []
  if (word === undefined) return undefined
  const before = source.length - word.length
  let longer: string | undefined
  let at = source.indexOf(word)
  while (at !== -1 && at < before) {
    let end = at
    while (end < before && isNameCharacter(source.charCodeAt(end))) end += 1
    if (!isNameCharacter(source.charCodeAt(at - 1))) {
      if (end - at === word.length) return undefined
      if (end - at > word.length) longer ??= source.slice(at, Math.min(end, at + 60))
    }
    at = source.indexOf(word, end + 1)
  }
  return longer === undefined ? undefined : `ends with "${word}", the beginning of "${longer}"`
}

/** An ASCII letter or digit, or `_`. */
const isNameCharacter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f

/** Whether the last line that is not empty is a comment other than those that editors and packagers append. */
export const endsInComment = (source: string): boolean => {
  const end = source.trimEnd().length
  const line = source.slice(Math.max(source.lastIndexOf("\n", end - 1) + 1, end - 1000), end)
  return /^[ \t]*#[ \t]*\S/.test(line) && !isNoHeading(line)
}

/**
 * Whether the last line is empty, as where a file is cut off between two parts. After an exit, or after the call of a
 * function that contains the script, such a line means nothing.
 */
export const endsInEmptyLine = (source: string): boolean => {
  const end = source.slice(-300)
  return /\n[ \t]*\n$/.test(end) && !/(?:^|\n|;[ \t]*)(?:exit|return|exec|main)\b[^\n]*\n[ \t\n]*$/.test(end)
}

/** Comments that editors, packagers and authors put at the end of a file. */
export const isNoHeading = (line: string): boolean =>
  /vim?:|ex:|-\*-|Local Variables|^\W*end\b|\bend\b.{0,30}$|EOF|DEBHELPER|\b(?:done|finished|complete)\W*$|that.?s (?:it|all)|copyright|SPDX|#{4}|={4}|-{4}/i.test(
    line
  )
