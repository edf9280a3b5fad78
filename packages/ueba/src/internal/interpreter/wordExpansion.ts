/**
 * Expands words as a shell does, with the known values of variables, to the possible texts of a word.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import { computed } from "../values/arithmetic.ts"
import type { ParameterExpansionPart, ProcessSubstitutionPart, Script, SyntaxNode, Word } from "unbash"
import { globMatches } from "../values/glob.ts"
import {
  anything,
  anythingButEmpty,
  concat,
  constant,
  empty,
  fieldBreak,
  isOpen,
  mapKnown,
  type Origin,
  unknown,
  unknownButSet,
  type Value,
  withOrigin
} from "../values/shellValue.ts"

/** The functions of the interpreter that an expansion needs. */
export interface Environment {
  /** The value of a variable or parameter, with {@link fieldBreak} between the elements of an array. */
  readonly variable: (name: string) => Value | undefined
  readonly assign: (name: string, value: Value) => void
  /** The output of a command substitution. */
  readonly substitute: (script: Script) => Value
  /** The path of a process substitution. */
  readonly processPath: (part: ProcessSubstitutionPart) => Value
  /** The characters at which unquoted expansions are split. */
  readonly separators: () => string
  /** Counts the characters of expanded words; returns `false` when the budget is used up. */
  readonly spend: (characters: number) => boolean
}

/** The value of a word. Unquoted expansions contain a {@link fieldBreak} wherever a shell would split them. */
export const expandWord = (word: Word, environment: Environment): Value => {
  if (word.parts === undefined) {
    environment.spend(word.value.length)
    return constant(word.value)
  }
  if (!environment.spend(0)) return withoutValue(word.parts, environment)
  const value = expandParts(word.parts, environment, false)
  if (!environment.spend(value.texts.reduce((sum, text) => sum + text.length, 0)))
    return withOrigin(anything, value.origin)
  return word.parts.some(({ type }) => type === "BraceExpansion") ? mapTexts(value, braces) : value
}

/** Interprets the commands in a word whose value is no longer needed. */
const withoutValue = (parts: ReadonlyArray<SyntaxNode>, environment: Environment): Value => {
  for (const part of parts) {
    if (part.type === "DoubleQuoted") withoutValue(part.parts, environment)
    else if (part.type === "CommandExpansion" && part.script !== undefined) environment.substitute(part.script)
    else if (part.type === "ProcessSubstitution") environment.processPath(part)
  }
  return anything
}

/** Whether an empty result is still a field. */
export const isQuoted = (word: Word): boolean =>
  /["']/.test(word.text.slice(0, 2)) || (word.parts?.some(isQuote) ?? true)

const isQuote = ({ type }: SyntaxNode): boolean =>
  type === "SingleQuoted" || type === "DoubleQuoted" || type === "AnsiCQuoted" || type === "LocaleString"

export const expandParts = (parts: ReadonlyArray<SyntaxNode>, environment: Environment, quoted: boolean): Value => {
  let value = empty
  for (const part of parts) value = concat(value, expandPart(part, environment, quoted))
  return value
}

const expandPart = (part: SyntaxNode, environment: Environment, quoted: boolean): Value => {
  switch (part.type) {
    case "Literal":
    case "Glob":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return constant(part.value)
    case "DoubleQuoted":
    case "LocaleString":
      return expandParts(part.parts, environment, true)
    case "BraceExpansion":
    case "ExtendedGlob":
      return constant(part.text)
    case "SimpleExpansion":
      return split(
        joined(part.text === "$*", parameter(part.text.slice(1), environment), environment, quoted),
        environment,
        quoted
      )
    case "ParameterExpansion": {
      const all = part.operation === undefined && (part.parameter === "*" || part.index?.text === "*")
      return split(joined(all, expandParameter(part, environment), environment, quoted), environment, quoted)
    }
    case "CommandExpansion":
      return part.script === undefined
        ? anything
        : split(trimEnd(environment.substitute(part.script)), environment, quoted)
    case "ProcessSubstitution":
      return environment.processPath(part)
    case "ArithmeticExpansion": {
      const result = computed(part.text.replace(/^\$\(\(|\)\)$|^\$\[|\]$/g, ""), (name) =>
        onlyText(environment.variable(name))
      )
      return result === undefined ? anythingButEmpty : constant(String(result))
    }
    default:
      return anything
  }
}

/** The text of a variable that has only one. */
const onlyText = (value: Value | undefined): string | undefined => {
  const [text, ...others] = value?.texts ?? []
  return text === undefined || others.length > 0 || isOpen(text) ? undefined : text
}

/** A word where a shell computes: an index, an offset. */
const numberIn = (word: Word, environment: Environment): number | undefined =>
  computed(expandWord(word, environment).texts[0] ?? "", (name) => onlyText(environment.variable(name)))

const parameter = (name: string, environment: Environment): Value => environment.variable(name) ?? anything

/** `"$*"` is one field, with the first separator between its parts. */
const joined = (all: boolean, value: Value, environment: Environment, quoted: boolean): Value =>
  all && quoted
    ? mapTexts(value, (text) => text.replaceAll(fieldBreak, () => environment.separators().slice(0, 1)))
    : value

/** Splits the result of an unquoted expansion into fields. */
const split = (value: Value, environment: Environment, quoted: boolean): Value => {
  if (quoted) return value
  const separators = environment.separators()
  return mapTexts(value, (text) => {
    if (text.length < 2) return separators.includes(text) ? fieldBreak : text
    let result = ""
    let from = 0
    for (let at = 0; at < text.length; at++) {
      if (!separators.includes(text.charAt(at))) continue
      result += text.slice(from, at) + fieldBreak
      from = at + 1
    }
    return from === 0 ? text : result + text.slice(from)
  })
}

const mapTexts = (value: Value, change: (text: string) => string): Value => {
  const texts = value.texts.map(change)
  return texts.every((text, at) => text === value.texts[at]) ? value : { texts, origin: value.origin }
}

const trimEnd = (value: Value): Value =>
  mapTexts(value, (text) => {
    let end = text.length
    while (text.charAt(end - 1) === "\n") end -= 1
    return text.slice(0, end)
  })

const expandParameter = (part: ParameterExpansionPart, environment: Environment): Value => {
  if (part.prefix === "#") return anythingButEmpty
  if (part.prefix === "!") return indirect(part, environment)
  const whole = part.index === undefined ? environment.variable(part.parameter) : element(part, environment)
  const { operation } = part
  if (operation === undefined) return whole ?? anything
  switch (operation.type) {
    case "Default":
      return expandDefault(part.parameter, whole, operation.operator, operation.operand, environment)
    case "Remove": {
      const pattern = expandWord(operation.operand, environment).texts[0] ?? ""
      return whole === undefined ? anything : mapKnown(whole, (text) => removed(text, pattern, operation.operator))
    }
    case "Replace": {
      const pattern = expandWord(operation.pattern, environment).texts[0] ?? ""
      const replacement = expandWord(operation.replacement, environment).texts[0] ?? ""
      return whole === undefined
        ? anything
        : mapKnown(whole, (text) => replaced(text, pattern, replacement, operation.operator))
    }
    case "Slice": {
      const from = numberIn(operation.offset, environment)
      const length = operation.length === undefined ? undefined : numberIn(operation.length, environment)
      if (whole === undefined || from === undefined || (operation.length !== undefined && length === undefined)) {
        // Characters that are picked one by one mean something only together.
        return withOrigin(anything, length === 1 ? pickedCharacters : whole?.origin)
      }
      const start = (text: string) => (from < 0 ? Math.max(0, text.length + from) : from)
      return mapKnown(whole, (text) =>
        text.slice(start(text), length === undefined ? undefined : length < 0 ? length : start(text) + length)
      )
    }
    case "CaseModification": {
      if (whole === undefined) return anything
      const all = operation.operator.length === 2
      const change = (text: string) => (operation.operator.startsWith("^") ? text.toUpperCase() : text.toLowerCase())
      return mapKnown(whole, (text) => (all ? change(text) : change(text.slice(0, 1)) + text.slice(1)))
    }
    default:
      return withOrigin(anything, whole?.origin)
  }
}

const pickedCharacters: Origin = { kind: "hidden", source: "single characters" }

const indirect = (part: ParameterExpansionPart, environment: Environment): Value => {
  const name = environment.variable(part.parameter)?.texts[0] ?? ""
  return (/^\w+(?:\[[\w@*-]{1,80}\])?$/.test(name) ? environment.variable(name) : undefined) ?? anything
}

/** `${a[1]}`, `${a[@]}`. */
const element = (part: ParameterExpansionPart, environment: Environment): Value | undefined => {
  const text = part.index === undefined ? "" : (expandWord(part.index, environment).texts[0] ?? "")
  const all = environment.variable(`${part.parameter}[@]`) ?? environment.variable(part.parameter)
  const isList = all !== undefined && all.texts.some((whole) => whole.includes(fieldBreak))
  const number = isList && part.index !== undefined ? numberIn(part.index, environment) : undefined
  const index = number === undefined ? text : String(number)
  if (!/^\d{1,6}$/.test(index) && index !== "@" && index !== "*") {
    const named = environment.variable(`${part.parameter}[${index}]`) ?? anything
    return isList && all.texts[0]?.split(fieldBreak).every((element) => element.length <= 2) === true
      ? withOrigin(named, pickedCharacters)
      : named
  }
  if (all === undefined || index === "@" || index === "*") return all
  return mapTexts(all, (text) => text.split(fieldBreak)[Number(index)] ?? "")
}

const expandDefault = (
  name: string,
  value: Value | undefined,
  operator: string,
  operand: Word,
  environment: Environment
): Value => {
  const other = () => expandWord(operand, environment)
  const known = value !== undefined && value.texts.every((text) => text !== "" && !isOpen(text))
  switch (operator) {
    case "?":
    case ":?":
      if (known || value === undefined) return value ?? anythingButEmpty
      return operator === ":?"
        ? { texts: value.texts.map((text) => text.replaceAll(unknown, unknownButSet)), origin: value.origin }
        : value
    case "+":
    case ":+":
      return value === undefined ? { ...concat(other(), empty), texts: [...other().texts, ""] } : other()
    default: {
      if (known) return value
      const fallback = other()
      const result: Value = {
        // If a variable may be set from outside, the default is one of several possible values.
        texts: [
          ...new Set([...fallback.texts, ...(value?.texts.filter((text) => text !== "" && !isOpen(text)) ?? [])])
        ],
        origin: value?.origin ?? fallback.origin
      }
      if (operator.endsWith("=")) environment.assign(name, result)
      return fallback.texts.length === 1 && fallback.texts[0] === "" ? (value ?? anything) : result
    }
  }
}

const removed = (text: string, pattern: string, operator: string): string | undefined => {
  if (text.length > 1000 || pattern.length > 100 || isOpen(pattern)) return undefined
  const lengths = Array.from({ length: text.length + 1 }, (_, length) => length)
  if (operator.length === 2) lengths.reverse()
  const length = lengths.find((length) =>
    globMatches(pattern, operator.startsWith("#") ? text.slice(0, length) : text.slice(text.length - length))
  )
  if (length === undefined) return text
  return operator.startsWith("#") ? text.slice(length) : text.slice(0, text.length - length)
}

const replaced = (text: string, pattern: string, replacement: string, operator: string): string | undefined => {
  if (pattern === "" || isOpen(pattern) || isOpen(replacement)) return undefined
  if (!/[*?[\\]/.test(pattern)) {
    if (operator === "//") return text.replaceAll(pattern, () => replacement)
    if (operator === "/") return text.replace(pattern, () => replacement)
    if (operator === "/#") return text.startsWith(pattern) ? replacement + text.slice(pattern.length) : text
    return text.endsWith(pattern) ? text.slice(0, text.length - pattern.length) + replacement : text
  }
  // Matching one character of a pattern is enough for the tricks that hide words.
  if (operator !== "//" || text.length > 1000 || pattern.length > 100 || pattern.includes("*")) return undefined
  return [...text].map((character) => (globMatches(pattern, character) ? replacement : character)).join("")
}

/** `{a,b}c` expands to `ac` and `bc`; sequences are not expanded. */
const braces = (text: string): string => {
  const results: Array<string> = [text]
  for (let at = 0; at < results.length && results.length <= 64;) {
    const current = results[at] ?? ""
    const pieces = firstBraces(current)
    if (pieces === undefined) at += 1
    else results.splice(at, 1, ...pieces)
  }
  return results.join(fieldBreak)
}

const firstBraces = (text: string): ReadonlyArray<string> | undefined => {
  if (text.length > 2000) return undefined
  const open = text.indexOf("{")
  if (open === -1) return undefined
  const commas: Array<number> = []
  let depth = 0
  for (let at = open; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === "{") depth += 1
    else if (character === "," && depth === 1) commas.push(at)
    else if (character === "}" && --depth === 0) {
      if (commas.length === 0) return undefined
      const edges = [open, ...commas, at]
      return edges.slice(1).map((edge, piece) => {
        const from = (edges[piece] ?? 0) + 1
        return text.slice(0, open) + text.slice(from, edge) + text.slice(at + 1)
      })
    }
  }
  return undefined
}
