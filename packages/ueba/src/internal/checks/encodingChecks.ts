/** Checks whether a reader sees the same text as a shell. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Check, failed, failedAt, type Finding, overText, passed, warned, warnedAt } from "../../Check.ts"
import type { Place } from "../../VerificationReport.ts"
import { locator } from "../syntax/locator.ts"

/** The maximum number of reported hits. */
const shown = 20

/** Maximum number of counted hits. */
const most = 10_000

interface Hits {
  readonly count: number
  /** The first hits. */
  readonly places: ReadonlyArray<Place>
}

/** All matches of the global `pattern` that `describe` returns a text for. */
const hitsOf = (text: string, pattern: RegExp, describe: (match: string, offset: number) => string | undefined): Hits =>
  collect(text, matchesOf(text, pattern), describe)

function* matchesOf(text: string, pattern: RegExp): Generator<{ readonly word: string; readonly offset: number }> {
  for (const match of text.matchAll(pattern)) yield { word: match[0], offset: match.index }
}

const collect = (
  text: string,
  matches: Iterable<{ readonly word: string; readonly offset: number }>,
  describe: (word: string, offset: number) => string | undefined
): Hits => {
  const at = locator(text)
  const places: Array<Place> = []
  let count = 0
  for (const { offset, word } of matches) {
    const message = describe(word, offset)
    if (message === undefined) continue
    count += 1
    // Further matches would only cost time.
    if (count >= most) break
    if (count <= shown) places.push({ message, position: at(offset) })
  }
  return { count, places }
}

/** Runs only if the text has non-ASCII characters. */
const beyondAscii = (look: (text: string) => Finding) =>
  overText((text, { script }) => (script.ascii ? passed("the whole script is ASCII") : look(text)))

const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`

const several = (count: number, one: string, many: string): string =>
  count === 1 ? one : `${count >= most ? "more than " : ""}${count} ${many}`

export const noByteOrderMark: Check = {
  name: "noByteOrderMark",
  title: "No byte order mark",
  documentation: "The file does not start with a byte order mark (U+FEFF).",
  why: "Linux does not recognize #! after a byte order mark, so another shell than the named one may run the script.",
  hint: "A program saved the file as “UTF-8 with BOM”. Get the file unchanged.",
  requirement: "required",
  run: overText((text) =>
    text.startsWith("\ufeff") ? failed("starts with a byte order mark", { line: 1, column: 1 }) : passed("none")
  )
}

export const unixLineEnds: Check = {
  name: "unixLineEnds",
  title: "Unix line endings",
  documentation: "No line ends with a carriage return or contains one.",
  why: "A shell treats a carriage return as part of the last word, and a terminal overwrites the text before it.",
  hint: "A program converted the line endings. Transfer the file in binary mode.",
  requirement: "warned",
  run: overText((text) => {
    if (!text.includes("\r")) return passed("no carriage return")
    const { count, places } = hitsOf(text, /\r+\n?/g, (match) =>
      match.endsWith("\n") ? "carriage return at the end of the line" : "carriage return within the line"
    )
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
    return failedAt(`${several(count, "a carriage return", "carriage returns")}, and ${lines} lines`, places)
  })
}

/** Embeddings, overrides and isolates, which reorder the surrounding text. */
const reordering = /[\u202a-\u202e\u2066-\u2069]/g
/** Marks, which only set the direction of neutral characters. */
const directionMarks = /[\u200e\u200f\u061c]/g

export const noBidirectionalControls: Check = {
  name: "noBidirectionalControls",
  title: "No bidirectional controls",
  documentation:
    "No character makes a reader see the text in another order than the shell (“Trojan Source”, CVE-2021-42574): " +
    "embeddings, overrides and isolates fail, in comments as well. Direction marks cause a warning.",
  why: "The author has probably hidden what the script does.",
  hint: "Do not run the script. Inspect it with cat -v or a hex viewer.",
  requirement: "required",
  run: beyondAscii((text) => {
    const controls = hitsOf(text, reordering, codePoint)
    if (controls.count > 0) {
      return failedAt(
        several(controls.count, "a control that reorders text", "controls that reorder text"),
        controls.places
      )
    }
    const marks = hitsOf(text, directionMarks, codePoint)
    return marks.count > 0
      ? warnedAt(several(marks.count, "a direction mark", "direction marks"), marks.places)
      : passed("none")
  })
}

/** Characters without width, and spaces that a shell does not treat as such. Some of them have separate checks. */
const invisible = /\p{Default_Ignorable_Code_Point}|(?! )\p{Zs}|[\ufff9-\ufffc]/gu

export const noInvisibleCharacters: Check = {
  name: "noInvisibleCharacters",
  title: "No invisible characters",
  documentation:
    "No character is invisible or only looks like a space: zero-width and no-break spaces, soft hyphens, " +
    "fillers, tags. Joiners within an emoji are accepted, and a byte order mark at the beginning is left to " +
    "`noByteOrderMark`.",
  why: "A shell treats such a character as part of a word, so the word is not the one that a reader sees.",
  hint: "Inspect these lines with cat -v.",
  requirement: "warned",
  run: beyondAscii((text) => {
    const { count, places } = hitsOf(text, invisible, (match, offset) =>
      (offset === 0 && match === "\ufeff") || isDirection(match) || (isJoiner(match) && afterEmoji(text, offset))
        ? undefined
        : codePoint(match)
    )
    return count === 0
      ? passed("none")
      : failedAt(several(count, "an invisible character", "invisible characters"), places)
  })
}

const isDirection = (character: string): boolean =>
  character.search(reordering) !== -1 || character.search(directionMarks) !== -1

/** Zero-width joiner, and the selector for a picture: most emoji are made with them. */
const isJoiner = (character: string): boolean => character === "\u200d" || character === "\ufe0f"

const emoji = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]/u

/** Without `$` in the pattern: Node 26 does not find a character beyond U+FFFF that is the whole text by `/[…]$/u`. */
const afterEmoji = (text: string, offset: number): boolean =>
  emoji.test(Array.from(text.slice(Math.max(0, offset - 2), offset)).at(-1) ?? "")

// eslint-disable-next-line no-control-regex -- what is looked for
const controls = /\u001b\[[0-?]*[ -/]*[@-~]|[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g

export const noControlCharacters: Check = {
  name: "noControlCharacters",
  title: "No control characters",
  documentation:
    "The file contains no control characters except tab and line break. A script that writes an escape sequence " +
    "as text, such as `\\033[1m`, contains none.",
  why: "An escape sequence can make a terminal show other text than the file contains.",
  hint: "Inspect these lines with cat -v before you trust the output of a terminal.",
  requirement: "warned",
  run: overText((text) => {
    const { count, places } = hitsOf(text, controls, (match) =>
      match.length > 1 ? `escape sequence ESC${match.slice(1)}` : `control character ${codePoint(match)}`
    )
    return count === 0 ? passed("none") : failedAt(several(count, "a control character", "control characters"), places)
  })
}

const foreignLetter = /[^\p{ASCII}\P{Alphabetic}]/gu
const wordCharacter = /[\p{Alphabetic}\p{L}\p{M}\p{N}_-]/u

/**
 * Yields the words with at least one letter beyond ASCII. One pattern for the whole word would scan a long word again from
 * each of its characters; here each character is visited at most twice.
 */
function* foreignWords(text: string): Generator<{ readonly word: string; readonly offset: number }> {
  let previousEnd = 0
  for (const match of text.matchAll(foreignLetter)) {
    if (match.index < previousEnd) continue
    let start = match.index
    for (let before = start; before > previousEnd; start = before) {
      before -= isLowSurrogate(text.charCodeAt(before - 1)) ? 2 : 1
      if (before < previousEnd || !isWordCharacter(text, before)) break
    }
    let end = match.index + match[0].length
    while (end < text.length && isWordCharacter(text, end)) end += isHighSurrogate(text.charCodeAt(end)) ? 2 : 1
    previousEnd = end
    yield { word: text.slice(start, end), offset: start }
  }
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/** What is known of each code unit: 0 nothing, 1 that it belongs to words, 2 that it does not. */
const known = new Uint8Array(0x10000)

const isWordCharacter = (text: string, at: number): boolean => {
  const code = text.codePointAt(at) ?? 0
  if (code > 0xffff) return wordCharacter.test(String.fromCodePoint(code))
  if (known[code] === 0) known[code] = wordCharacter.test(String.fromCharCode(code)) ? 1 : 2
  return known[code] === 1
}

/** Scripts with letters that look like those of another. */
const confusable: ReadonlyArray<readonly [name: string, pattern: RegExp]> = [
  ["Latin", /\p{Script=Latin}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Cherokee", /\p{Script=Cherokee}/u],
  ["Coptic", /\p{Script=Coptic}/u],
  ["Lisu", /\p{Script=Lisu}/u],
  ["Georgian", /\p{Script=Georgian}/u]
]

export const noLookalikes: Check = {
  name: "noLookalikes",
  title: "No look-alike letters",
  documentation:
    "No word mixes letters of scripts that look alike, such as Latin and Cyrillic, none is written in full-width " +
    "or mathematical letters, and the names of commands, functions and variables are ASCII. Text in another " +
    "language is accepted.",
  why: "A command or address that looks familiar may be a different one.",
  hint: "Compare these words letter by letter.",
  requirement: "warned",
  run: overText((text, { script }) => {
    if (script.ascii) return passed("the whole script is ASCII")
    const words = collect(text, foreignWords(text), (word, offset) => disguise(word, text, offset))
    return Effect.map(script.syntax, (syntax) => {
      const names = Result.isFailure(syntax) ? [] : syntax.success.foreignNames
      const lines = new Set(words.places.map(({ position }) => position.line))
      const places = [
        ...words.places,
        ...names
          .filter(({ position }) => !lines.has(position.line))
          .map(({ message, position }) => ({ message: `the name ${message} is not all ASCII`, position }))
      ].sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column)
      const count = words.count + places.length - words.places.length
      if (count > 0)
        return failedAt(several(count, "a word that looks like another", "words that look like others"), places)
      return Result.isFailure(syntax)
        ? warned(`only words were examined, not names: ${syntax.failure}`)
        : passed("none")
    })
  })
}

/** Letters of Cyrillic and Greek that look like Latin ones. */
const twins = /^[асеорхуіјѕһԁԛԝӏьАВЕКМНОРСТХІЈЅѴԌԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρυχκι]+$/u

const disguise = (word: string, text: string, offset: number): string | undefined => {
  if (isStyled(word)) return `${word} is written in letters that only look like ASCII`
  const scripts = confusable.filter(([, pattern]) => pattern.test(word)).map(([name]) => name)
  if (scripts.length > 1) return `${word} mixes ${scripts.join(" and ")}`
  const after = text.slice(offset + word.length, offset + word.length + 2)
  const before = text.slice(Math.max(0, offset - 2), offset)
  return word.length > 2 &&
    word.length < 100 &&
    twins.test(word) &&
    (/^[./@:=][a-z]/.test(after) || /[\w][./@]$/.test(before))
    ? `${word} is written in letters that only look like ASCII`
    : undefined
}

/** Full-width, mathematical, circled or raised letters: ASCII to the eye, and what compatibility mapping makes of them. */
const isStyled = (word: string): boolean => {
  if (word.length > 200) return /[\uff01-\uff5e]|[\u{1d400}-\u{1d7ff}]/u.test(word)
  if (/[\uff21-\uff3a\uff41-\uff5a]|[\u{1d400}-\u{1d7ff}]/u.test(word)) return true
  const letters = Array.from(word)
  return (
    letters.length > 1 &&
    letters.filter((letter) => /[^\0-\x7f]/.test(letter) && /^[A-Za-z]+$/.test(letter.normalize("NFKC"))).length > 1
  )
}
