/**
 * Commands that are spelled to be unrecognizable: quotes within a name, names assembled from pieces, letters written as
 * numbers, `$IFS` instead of blanks.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { Command, Redirection, SyntaxNode, Word } from "unbash"

/** How a command is disguised, if it is. */
export const disguiseOf = ({ args, name, redirects }: Command): string | undefined => {
  if (name === undefined) return undefined
  const disguise = disguisedName(name)
  if (disguise !== undefined) return disguise
  const words = args.filter((argument) => argument.type === "Word")
  if ([name, ...words].some(usesIfs)) return "$IFS in the place of blanks"
  if (name.value === "eval" && words.length === 1 && words.every(isOnlyPieces))
    return "code is put together from pieces"
  if (name.value === "exec" && args.length === 0 && redirects.some(hidesOutput))
    return "hides what all later commands say"
  if (
    idle.test(name.value) &&
    redirects.some(
      (redirect) =>
        redirect.type === "HereDoc" && redirect.body.parts?.some((part) => part.type === "CommandExpansion") === true
    )
  )
    return "a command that does nothing runs others in its here-document"
  if (idle.test(name.value) && words.some((word) => flat(word).some((part) => part.type === "CommandExpansion")))
    return "a command that does nothing runs others in its arguments"
  if (writers.test(name.value) && words.some(({ text }) => spelledLetters(text) >= mostSpelled)) {
    return "writes letters as numbers"
  }
  return [name, ...words].some((word) =>
    flat(word).some((part) => part.type === "AnsiCQuoted" && spelledLetters(part.text) >= mostSpelled)
  )
    ? "letters are written as numbers"
    : undefined
}

/** `>/dev/null`, `&>/dev/null`, `1>/dev/null`. */
const hidesOutput = (redirect: Redirection): boolean =>
  redirect.type === "Redirect" &&
  /^&?>>?$/.test(redirect.operator) &&
  redirect.target?.text === "/dev/null" &&
  (redirect.descriptor === undefined ||
    (redirect.descriptor.type === "FileDescriptor" && redirect.descriptor.value === 1))

/** Commands that ignore their arguments. */
const idle = /^(?::|true|false)$/

/** `"$a$b …"`: several variables at the beginning, with nothing between them. */
const isOnlyPieces = (word: Word): boolean =>
  flat(word).slice(0, 2).filter(isExpansion).length === 2 && !/[@*]/.test(word.text)

/** Commands that convert `\143` to `c`. */
const writers = /^(?:.*\/)?(?:printf|echo)$/

/** A single letter written as a number may be harmless; a whole word is not. */
const mostSpelled = 3

/** The number of letters that a text spells as `\x63` or `\143`. Terminal colors and UTF-8 do not count. */
const spelledLetters = (text: string): number => {
  let letters = 0
  if (!text.includes("\\")) return 0
  for (const [, hex, octal] of text.slice(0, 4096).matchAll(/\\(?:x([0-9a-fA-F]{2})|0?([0-7]{3}))/g)) {
    const code = hex === undefined ? Number.parseInt(octal ?? "0", 8) : Number.parseInt(hex, 16)
    if (/[A-Za-z]/.test(String.fromCharCode(code))) letters += 1
  }
  return letters
}

const disguisedName = (name: Word): string | undefined => {
  const { parts, text, value } = name
  if (text.length > 4096) return undefined
  if (parts === undefined || parts.every((part) => quoted.has(part.type) || part.type === "Literal")) {
    // A leading backslash only bypasses an alias, and a completely quoted name is usually copied text.
    const bare = text.replace(/^\\/, "")
    const isOneQuote = parts?.length === 1 && parts[0]?.type !== "Literal"
    return /["'\\]/.test(bare) && !isOneQuote && /^[\w.+-]+$/.test(value) && !expands(name)
      ? "quotes or backslashes within the name of a command"
      : namePieces(name)
  }
  if (parts.some(({ type }) => type === "BraceExpansion") && text.startsWith("{")) return "a command made of braces"
  return namePieces(name)
}

const quoted = new Set<SyntaxNode["type"]>(["SingleQuoted", "DoubleQuoted"])

/** The parts of a word, including those within double quotes. */
const flat = (word: Word): ReadonlyArray<SyntaxNode> =>
  (word.parts ?? []).flatMap((part): ReadonlyArray<SyntaxNode> => (part.type === "DoubleQuoted" ? part.parts : [part]))

const expands = (word: Word): boolean => flat(word).some(isExpansion)

const isExpansion = ({ type }: SyntaxNode): boolean => type === "SimpleExpansion" || type === "ParameterExpansion"

/** A name that is assembled from pieces. A path made of a variable and a fixed part does not count. */
const namePieces = (name: Word): string | undefined => {
  const parts = flat(name)
  if (
    parts.some((part) => part.type === "SimpleExpansion" && (part.text === "$@" || part.text === "$*")) &&
    parts.length > 1
  ) {
    return "the name of a command with nothing in the middle of it"
  }
  for (const part of parts) {
    if (part.type !== "ParameterExpansion") continue
    const operation = part.operation?.type
    if (operation === "Slice" || operation === "Replace" || operation === "CaseModification") {
      return "the name of a command is computed from a text"
    }
    if (part.prefix === "!" && parts.length === 1)
      return "the name of a command is in a variable that another one names"
  }
  const [only] = parts
  if (
    parts.length === 1 &&
    only?.type === "ParameterExpansion" &&
    only.operation?.type === "Remove" &&
    /^\w+$/.test(only.operation.operand.text)
  )
    return "the name of a command is computed from a text"
  if (/^"\$\{\w+\[\*\]\}"$/.test(name.text)) return "the name of a command is joined from the elements of an array"
  const pieces = parts.filter((part) => isExpansion(part) || part.type === "CommandExpansion").length
  // A name such as generate_${kind}_${name} has a part that a reader can search for.
  const isFindable = parts.some(
    (part) => part.type === "Literal" && (part.value.length >= 4 || part.value.includes("/"))
  )
  return pieces > 1 && !isFindable ? "the name of a command is put together from pieces" : undefined
}

/** `$IFS` outside quotes, next to other text. */
const usesIfs = ({ parts }: Word): boolean =>
  parts !== undefined &&
  parts.length > 1 &&
  parts.some(
    (part) =>
      (part.type === "SimpleExpansion" && part.text === "$IFS") ||
      (part.type === "ParameterExpansion" && part.parameter === "IFS")
  )
