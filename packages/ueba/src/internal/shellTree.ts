/**
 * The tree of a script, walked to its leaves, and what its words are worth as far as the text alone tells.
 *
 * Runs in a thread of its own as well as in the main one: imports types only.
 */
import type { Assignment, Command, SyntaxNode, Word } from "unbash"

export type Parser = typeof import("unbash")

/** A node, with what is needed to say where it is. */
export interface Site<Node extends SyntaxNode = SyntaxNode> {
  readonly node: Node
  /** The source that the offsets within `node` refer to: the whole script, or the inside of backquotes. */
  readonly text: string
  /** Where to place what is found, when `text` is not the whole. */
  readonly anchor: number | undefined
}

export const offsetOf = ({ anchor, node }: Site): number => anchor ?? node.pos

/** A word without any of these is taken as it is, and need not be taken apart: most are. */
const mayHoldMore = /[$`(]/

/**
 * Visits every node below `root` and itself, with stacks of its own: what is nested is resolved, and its errors found,
 * only when it is visited. Not in the order of the script. Stops when `visit` answers `true`.
 */
export const walk = (parser: Parser, root: Site, visit: (site: Site) => boolean | void): void => {
  const nested: Array<Site> = [root]
  for (let part = nested.pop(); part !== undefined; part = nested.pop()) {
    const { anchor, text } = part
    const open: Array<SyntaxNode> = [part.node]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const parent = node
      if (visit({ node: parent, text, anchor }) === true) return
      parser.forEachChild(parent, (child) => {
        if (child.type === "Script" && child.source !== undefined) {
          nested.push({ node: child, text: child.source, anchor: anchor ?? parent.pos })
        } else if (child.type !== "Word" || mayHoldMore.test(child.text)) {
          open.push(child)
        }
      })
    }
  }
}

/** Stands in a value for an expansion that may be anything, nothing among it. No script holds it. */
export const unknown = "\u0000"

/** Stands in a value for an expansion that may be anything but nothing: `${NAME:?}`, `${NAME:-default}`. */
export const unknownButSet = "\u0001"

/** Whether it holds one of these. */
export const isOpen = (value: string): boolean => value.includes(unknown) || value.includes(unknownButSet)

/** The variables that have one value throughout the script. */
export type Constants = ReadonlyMap<string, string>

/** What a word comes to, with {@link unknown} for what only running the script would tell. */
export const valueOf = (word: Word, constants: Constants): string =>
  word.parts === undefined ? word.value : valueOfParts(word.parts, constants)

const valueOfParts = (parts: ReadonlyArray<SyntaxNode>, constants: Constants): string =>
  parts.map((part) => valueOfPart(part, constants)).join("")

const valueOfPart = (part: SyntaxNode, constants: Constants): string => {
  switch (part.type) {
    case "Literal":
    case "Glob":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return part.value
    case "DoubleQuoted":
    case "LocaleString":
      return valueOfParts(part.parts, constants)
    case "BraceExpansion":
    case "ExtendedGlob":
      return part.text
    case "SimpleExpansion":
      return constants.get(part.text.slice(1)) ?? unknown
    case "ParameterExpansion": {
      if (part.prefix !== undefined || part.index !== undefined) return unknown
      const constant = constants.get(part.parameter)
      if (part.operation === undefined) return constant ?? unknown
      if (part.operation.type !== "Default" || part.operation.operator.endsWith("+")) return unknown
      const { operand, operator } = part.operation
      return constant ?? (operator === ":?" || (operator !== "?" && operand.text !== "") ? unknownButSet : unknown)
    }
    default:
      return unknown
  }
}

/**
 * The variables whose every assignment gives the same value, which is not empty and does not depend on anything unknown.
 *
 * @param others names that get a value in another way: by `read`, `for`, `select`
 */
export const constantsOf = (assignments: ReadonlyArray<Site<Assignment>>, others: ReadonlySet<string>): Constants => {
  const constants = new Map<string, string>()
  const refused = new Set(others)
  for (const { node } of assignments.toSorted((a, b) => offsetOf(a) - offsetOf(b))) {
    const value =
      node.value.type === "Word" && node.append !== true && node.index === undefined
        ? valueOf(node.value, constants)
        : ""
    const known = constants.get(node.name)
    if (value === "" || isOpen(value) || (known !== undefined && known !== value)) refused.add(node.name)
    if (refused.has(node.name)) constants.delete(node.name)
    else constants.set(node.name, value)
  }
  return constants
}

/** A command as it is called, without what only says how: `sudo -u root env A=1 rm -r x` is `rm` with `-r` and `x`. */
export interface Invocation {
  /** The last part of its path; holds {@link unknown} where it is not known. */
  readonly name: string
  /** The name as a path, as written. */
  readonly called: Word | undefined
  readonly args: ReadonlyArray<string>
  /** The words of {@link args}, at the same places; an assignment is none. */
  readonly words: ReadonlyArray<Word | undefined>
}

/** Commands that run another: their options that take a value, and how many operands stand before the command. */
const launchers: { readonly [name: string]: { readonly valued: RegExp; readonly operands: number } } = {
  sudo: { valued: /^(-[ughpCTUrtDR]|--(user|group|host|prompt|chdir|chroot))$/, operands: 0 },
  doas: { valued: /^-[uC]$/, operands: 0 },
  env: { valued: /^-[uC]$/, operands: 0 },
  nohup: { valued: /^$/, operands: 0 },
  setsid: { valued: /^$/, operands: 0 },
  nice: { valued: /^-n$/, operands: 0 },
  ionice: { valued: /^-[cn]$/, operands: 0 },
  time: { valued: /^-[fo]$/, operands: 0 },
  timeout: { valued: /^-[ks]$/, operands: 1 },
  exec: { valued: /^-a$/, operands: 0 },
  command: { valued: /^$/, operands: 0 },
  builtin: { valued: /^$/, operands: 0 },
  stdbuf: { valued: /^-[ioe]$/, operands: 0 },
  xargs: { valued: /^-[InPLdasE]$/, operands: 0 },
  chroot: { valued: /^$/, operands: 1 },
  busybox: { valued: /^$/, operands: 0 }
}

export const invocationOf = (command: Command, constants: Constants): Invocation | undefined => {
  if (command.name === undefined) return undefined
  const words: Array<Word | undefined> = [command.name]
  const values = [valueOf(command.name, constants)]
  for (const argument of command.args) {
    if (argument.type === "Word") {
      words.push(argument)
      values.push(valueOf(argument, constants))
    } else {
      words.push(undefined)
      values.push(`${argument.name}=${argument.value.type === "Word" ? valueOf(argument.value, constants) : unknown}`)
    }
  }
  let at = 0
  for (;;) {
    const launcher = launchers[baseName(values[at] ?? "")]
    if (launcher === undefined) break
    let next = at + 1
    let operands = launcher.operands
    for (; next < values.length; next++) {
      const value = values[next] ?? ""
      if (launcher.valued.test(value)) next++
      else if (/^-./.test(value) || /^\w+=/.test(value)) continue
      else if (operands > 0) operands--
      else break
    }
    if (next >= values.length) break
    at = next
  }
  return {
    name: baseName(values[at] ?? ""),
    called: words[at],
    args: values.slice(at + 1),
    words: words.slice(at + 1)
  }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** The arguments that are no options; all that follow `--` are none. */
export const operandsOf = (args: ReadonlyArray<string>, valued: RegExp = /^$/): ReadonlyArray<string> => {
  const operands: Array<string> = []
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? ""
    if (argument === "--") return [...operands, ...args.slice(at + 1)]
    if (valued.test(argument)) at++
    else if (!/^-./.test(argument)) operands.push(argument)
  }
  return operands
}

/** The value of the first of these options: the next argument, what is glued to a short one, or what follows `=`. */
export const optionOf = (args: ReadonlyArray<string>, ...names: ReadonlyArray<string>): string | undefined => {
  for (const [at, argument] of args.entries()) {
    if (argument === "--") return undefined
    for (const name of names) {
      if (argument === name) return args[at + 1]
      if (name.startsWith("--") ? argument.startsWith(`${name}=`) : argument.startsWith(name)) {
        return argument.slice(name.startsWith("--") ? name.length + 1 : name.length)
      }
    }
  }
  return undefined
}
