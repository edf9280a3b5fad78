/**
 * The commands that transform text: their output, if the text of the script determines it. Nothing is
 * executed: each is computed here, for the options that people use.
 *
 * Runs in the parser's thread and in the main thread: imports only modules of `internal`.
 */
import { Buffer } from "node:buffer"
import { gunzipSync } from "node:zlib"
import { isOpen } from "../values/shellValue.ts"

/** Longer input is not computed. */
const lengthLimit = 256 * 1024

/** Commands whose output consists of their input, and therefore has the same origin. */
export const filters: ReadonlySet<string> = new Set(
  (
    "cat tac rev tr sed awk gawk mawk nawk grep egrep fgrep rg cut head tail sort uniq tee fold fmt nl paste column expand " +
    "unexpand iconv strings dd pv sponge base64 base32 basenc openssl xxd od hexdump uudecode uuencode gpg gpg2 age gzip gunzip " +
    "zcat bzip2 bunzip2 bzcat xz unxz xzcat lzma zstd zstdcat unzstd lz4 brotli pigz 7z unzip funzip tar cpio bsdtar jq yq " +
    "xmllint recode dos2unix envsubst m4 perl python python3 ruby node php split buffer mbuffer"
  ).split(" ")
)

/** Names of commands that verify their arguments. */
export const isChecker = (name: string): boolean =>
  /(?:check|verify|valid|lint|test|sum|info|status|list|show|dump)/.test(name)

/** The decoder that a command with these arguments is, if any. */
export const isDecoder = (name: string, args: ReadonlyArray<string>): boolean => {
  const some = (pattern: RegExp) => args.some((argument) => pattern.test(argument))
  switch (name) {
    case "base64":
    case "base32":
    case "basenc":
      return some(/^(?:-[a-zA-Z]*[dD]|--d)/)
    case "openssl":
      return some(/^-(?:d|decode|decrypt)$/)
    case "jq":
      return some(/@base(?:64|32)d/)
    case "xxd":
      return some(/^-(?:[a-z]*r|p[ls]*r)/)
    case "gpg":
    case "gpg2":
    case "age":
      return some(/^(?:-d|--decrypt)$/)
    case "gzip":
    case "xz":
    case "bzip2":
    case "zstd":
    case "lzma":
    case "lz4":
    case "brotli":
    case "pigz":
      return some(/^(?:-[a-z0-9]*d|--decompress|--uncompress)/)
    case "uudecode":
    case "gunzip":
    case "zcat":
    case "bunzip2":
    case "bzcat":
    case "unxz":
    case "xzcat":
    case "unlzma":
    case "lzcat":
    case "unzstd":
    case "zstdcat":
    case "rev":
    case "tac":
      return true
    default:
      return false
  }
}

/** The files that a decoder writes through an option. */
export const decodedFiles = (name: string, args: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (!isDecoder(name, args)) return []
  switch (name) {
    case "openssl":
      return valuesOf(args, /^-out$/)
    case "gpg":
    case "gpg2":
    case "age":
    case "uudecode":
      return valuesOf(args, /^(?:-o|--output)$/)
    case "xxd":
      return args.filter((argument) => !argument.startsWith("-")).slice(1, 2)
    default:
      return []
  }
}

const valuesOf = (args: ReadonlyArray<string>, option: RegExp): ReadonlyArray<string> =>
  args.filter((argument, at) => option.test(args[at - 1] ?? "") && !/^(?:-|\/dev\/std(?:out|in))$/.test(argument))

/**
 * The output of a command with the arguments `args` and the input `input`; `undefined` if it is not computed.
 *
 * @param input standard input, or the content of its only file
 */
export const outputOf = (name: string, args: ReadonlyArray<string>, input: string | undefined): string | undefined => {
  if (args.some(isOpen)) return name === "echo" ? `${args.join(" ")}\n` : name === "printf" ? printf(args) : undefined
  switch (name) {
    case "echo":
      return echo(args)
    case "printf":
      return printf(args)
    case "cat":
    case "tee":
    case "sponge":
    case "pv":
    case "dd":
      return input
    default:
  }
  if (input === undefined || input.length > lengthLimit) return undefined
  if (isOpen(input)) return keepsLines.test(name) && /^[/~]/.test(input) ? ofPaths(name, args, input) : undefined
  const options = args.filter((argument) => argument.startsWith("-"))
  const operands = args.filter((argument) => !argument.startsWith("-"))
  if (isDecoder(name, args)) return decoded(name, args, input)
  switch (name) {
    case "tr":
      return tr(options, operands, input)
    case "sed":
      return sed(args, input)
    case "cut":
      return cut(args, input)
    case "head":
    case "tail":
      return lines(name, args, input)
    case "fold":
      return undefined
    case "sort":
      return sorted(options, input)
    case "paste":
      return options.some((option) => /^-[sd]/.test(option)) ? pasted(args, input) : undefined
    case "grep":
      return undefined
    default:
      return undefined
  }
}

/** Commands whose output consists of lines of their input. */
const keepsLines = /^(?:head|tail|sort|uniq|[efr]?grep|shuf|sed)$/

/** The output for a list of paths with unknown parts. */
const ofPaths = (name: string, args: ReadonlyArray<string>, input: string): string | undefined =>
  name === "head" || name === "tail"
    ? lines(name, args, input)
    : /^(?:sort|uniq|shuf|[efr]?grep)$/.test(name)
      ? input
      : sed(args, input)

const echo = (args: ReadonlyArray<string>): string => {
  let from = 0
  while (/^-[neE]+$/.test(args[from] ?? "")) from += 1
  const options = args.slice(0, from).join("")
  const text = args.slice(from).join(" ")
  // Without an option, Bash keeps escapes and dash interprets them. An author who hides something relies on one of them.
  return (options.includes("e") ? unescape(text) : text) + (options.includes("n") ? "" : "\n")
}

const printf = (args: ReadonlyArray<string>): string | undefined => {
  const [format = "", ...values] = args[0] === "--" || args[0] === "-v" ? args.slice(args[0] === "-v" ? 2 : 1) : args
  if (isOpen(format)) return undefined
  const pieces = unescape(format).split(/(%%|%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z])/)
  let result = ""
  let used = 0
  do {
    for (const [at, piece] of pieces.entries()) {
      if (at % 2 === 0) result += piece
      else if (piece === "%%") result += "%"
      else if (piece.endsWith("b")) result += unescape(values[used++] ?? "")
      else result += formatted(piece, values[used++] ?? "")
    }
  } while (pieces.length > 1 && used > 0 && used < values.length && result.length < lengthLimit)
  return result
}

/** One value by a directive: `%03o` of `105` is `151`. */
const formatted = (directive: string, value: string): string => {
  const [, flags = "", width = "", precision, letter = ""] =
    /^%([-+ #0]*)(\d*)(?:\.(\d+))?([a-zA-Z])$/.exec(directive) ?? []
  if (isOpen(value)) return value
  if (letter === "c") return value.slice(0, 1)
  const digits = { o: 8, x: 16, X: 16, d: 10, i: 10, u: 10 }[letter]
  const number = /^["']/.test(value)
    ? (value.codePointAt(1) ?? 0)
    : Number(/^0[0-7]+$/.test(value) ? `0o${value.slice(1)}` : value)
  const text =
    digits === undefined || !Number.isSafeInteger(number)
      ? value.slice(0, precision === undefined ? undefined : Number(precision))
      : number.toString(digits)
  const wide = Math.min(Number(width), 1024)
  return flags.includes("-")
    ? text.padEnd(wide)
    : text.padStart(wide, flags.includes("0") && digits !== undefined ? "0" : " ")
}

/** `\n`, `\t`, `\\`, `\057`, `\x2f`. */
const unescape = (text: string): string =>
  text.replace(
    /\\(?:0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([abefnrtv\\'"]))/g,
    (match, octal, hex, unicode, letter) => {
      // A NUL separates items; it would be confused with the mark for an unknown value.
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) || 10)
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16) || 10)
      if (unicode !== undefined) return String.fromCharCode(Number.parseInt(unicode, 16))
      return (
        { a: "", b: "\b", e: "\u001b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" }[letter as string] ??
        letter ??
        match
      )
    }
  )

const decoded = (name: string, args: ReadonlyArray<string>, input: string): string | undefined => {
  try {
    switch (name) {
      case "base64":
      case "basenc":
        return textOf(Buffer.from(input.replace(/\s+/g, ""), "base64"))
      case "openssl":
        return args.includes("base64") || args.includes("-base64") || args.includes("-a")
          ? textOf(Buffer.from(input.replace(/\s+/g, ""), "base64"))
          : undefined
      case "base32":
        return base32(input)
      case "xxd":
        return textOf(Buffer.from(input.replace(/^[0-9a-f]+: /gim, "").replace(/[^0-9a-fA-F]+/g, ""), "hex"))
      case "rev":
        return input
          .split("\n")
          .map((line) => [...line].reverse().join(""))
          .join("\n")
      case "tac":
        return `${input.trimEnd().split("\n").reverse().join("\n")}\n`
      case "gzip":
      case "gunzip":
      case "zcat":
        return textOf(gunzipSync(Buffer.from(input, "latin1"), { maxOutputLength: lengthLimit }))
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}

/** Binary data keeps one character for each byte, for the next decoder. */
const textOf = (bytes: Buffer): string => {
  const text = bytes.toString("utf8")
  return text.includes("\ufffd") ? bytes.toString("latin1") : text
}

const base32 = (input: string): string => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
  const bytes: Array<number> = []
  let bits = 0
  let held = 0
  for (const character of input) {
    const five = alphabet.indexOf(character)
    if (five === -1) continue
    held = ((held << 5) | five) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 0xff)
  }
  return textOf(Buffer.from(bytes))
}

const tr = (options: ReadonlyArray<string>, operands: ReadonlyArray<string>, input: string): string | undefined => {
  const [from, to] = operands.map((set) => characters(unescape(set)))
  if (from === undefined || options.some((option) => /[cCs]/.test(option))) return undefined
  if (options.some((option) => option.includes("d"))) {
    const gone = new Set(from)
    return [...input].filter((character) => !gone.has(character)).join("")
  }
  if (to === undefined || to.length === 0) return undefined
  const table = new Map<string, string>()
  from.forEach((character, at) => table.set(character, to[Math.min(at, to.length - 1)] ?? ""))
  return [...input].map((character) => table.get(character) ?? character).join("")
}

/** `a-z`, `[:lower:]`. */
const characters = (set: string): ReadonlyArray<string> => {
  const classes: Record<string, string> = {
    lower: "a-z",
    upper: "A-Z",
    digit: "0-9",
    alpha: "A-Za-z",
    alnum: "A-Za-z0-9",
    space: " \t\n\r"
  }
  const plain = set.replace(/\[:(\w+):\]/g, (match, name: string) => classes[name] ?? match)
  const result: Array<string> = []
  for (let at = 0; at < plain.length && result.length < 1024; at++) {
    if (plain.charAt(at + 1) === "-" && at + 2 < plain.length) {
      const last = plain.charCodeAt(at + 2)
      for (let code = plain.charCodeAt(at); code <= last && result.length < 1024; code++)
        result.push(String.fromCharCode(code))
      at += 2
    } else result.push(plain.charAt(at))
  }
  return result
}

/** One or several `s/a/b/g` with plain text on both sides; anything else is not computed. */
const sed = (args: ReadonlyArray<string>, input: string): string | undefined => {
  const scripts = args.filter((argument) => !argument.startsWith("-"))
  if (args.some((argument) => /^-[a-z]*n/.test(argument)) || scripts.length !== 1) return undefined
  let result = input
  for (const command of (scripts[0] ?? "").split(";")) {
    const [, separator = "/", rest = ""] = /^\s*s([/|,#@:!_~%+])(.*)$/.exec(command) ?? []
    const [pattern, replacement, flags, ...more] = rest.split(separator)
    if (pattern === undefined || replacement === undefined || flags === undefined || more.length > 0) return undefined
    if ((pattern === "^" || pattern === "$") && !/[\\&]/.test(replacement)) {
      result = eachLine(result, (line) => (pattern === "^" ? replacement + line : line + replacement))
      continue
    }
    if (/[\\^$*[\].&?+(){}]/.test(pattern) || /[\\&]/.test(replacement) || pattern === "") return undefined
    result = result
      .split("\n")
      .map((line) =>
        flags.includes("g") ? line.replaceAll(pattern, () => replacement) : line.replace(pattern, () => replacement)
      )
      .join("\n")
  }
  return result
}

const eachLine = (text: string, change: (line: string) => string): string => {
  const ended = text.endsWith("\n")
  const lines = (ended ? text.slice(0, -1) : text).split("\n").map(change)
  return lines.join("\n") + (ended ? "\n" : "")
}

const sorted = (options: ReadonlyArray<string>, input: string): string | undefined => {
  if (options.some((option) => !/^-[rnu]+$/.test(option))) return undefined
  const has = (letter: string) => options.some((option) => option.includes(letter))
  const all = input.trimEnd().split("\n")
  const kept = has("u") ? [...new Set(all)] : all
  kept.sort(has("n") ? (a, b) => (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0) : undefined)
  return `${(has("r") ? kept.reverse() : kept).join("\n")}\n`
}

/** `paste -s -d ''` */
const pasted = (args: ReadonlyArray<string>, input: string): string => {
  const at = args.findIndex((argument) => /^-s?d/.test(argument))
  const glued = args[at]?.replace(/^-s?d/, "") ?? ""
  const delimiter = at === -1 ? "\t" : unescape(glued === "" ? (args[at + 1] ?? "") : glued)
  return `${input
    .trimEnd()
    .split("\n")
    .join(delimiter === "\\0" ? "" : delimiter)}\n`
}

const cut = (args: ReadonlyArray<string>, input: string): string | undefined => {
  const valueOf = (letters: string): string | undefined => {
    const at = args.findIndex((argument) => new RegExp(`^-[${letters}]`).test(argument))
    const value = args[at]?.slice(2)
    return at === -1 ? undefined : value === "" ? args[at + 1] : value
  }
  const delimiter = valueOf("d") ?? "\t"
  const field = Number(/^\d+$/.exec(valueOf("f") ?? "")?.[0])
  const columns = /^(\d+)-(\d*)$/.exec(valueOf("bc") ?? "")
  const places = /^\d+(?:,\d+)*$/.exec(valueOf("bc") ?? "")?.[0]
  const eachLine = (change: (line: string) => string) => input.split("\n").map(change).join("\n")
  if (columns !== null) {
    const end = columns[2] === "" ? undefined : Number(columns[2])
    return eachLine((line) => line.slice(Number(columns[1]) - 1, end))
  }
  if (places !== undefined) {
    const numbers = [...new Set(places.split(",").map(Number))].sort((a, b) => a - b)
    return eachLine((line) => numbers.map((number) => line.charAt(number - 1)).join(""))
  }
  return field > 0 ? eachLine((line) => line.split(delimiter)[field - 1] ?? "") : undefined
}

const lines = (name: string, args: ReadonlyArray<string>, input: string): string | undefined => {
  const match = /(?:^| )-(?:n ?|-lines=)?(\+?\d+)/.exec(args.join(" "))
  if (args.some((argument) => /^-[a-z]*c/.test(argument))) return undefined
  const all = input.split("\n")
  if (all.at(-1) === "") all.pop()
  const count = Number((match?.[1] ?? "10").replace("+", ""))
  const kept =
    name === "head"
      ? all.slice(0, count)
      : match?.[1]?.startsWith("+") === true
        ? all.slice(count - 1)
        : all.slice(-count)
  return kept.map((line) => `${line}\n`).join("")
}
