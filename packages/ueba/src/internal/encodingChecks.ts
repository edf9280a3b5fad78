/**
 * Checks of the characters: whether what a reader sees is what a shell reads.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Check, failed, failedAt, type Finding, passed, skipped, warned, warnedAt } from "../Check.ts"
import type { SetupScript } from "../SetupScript.ts"
import type { Place } from "../VerificationReport.ts"
import { locator } from "./locator.ts"

/** Enough for a reader to know what is going on. */
const shown = 20

interface Hits {
  readonly count: number
  /** The first ones. */
  readonly places: ReadonlyArray<Place>
}

/**
 * Everything that matches `pattern`, a global one, and that `describe` has a word for.
 */
const hitsOf = (
  text: string,
  pattern: RegExp,
  describe: (match: string, offset: number) => string | undefined
): Hits => {
  const at = locator(text)
  const places: Array<Place> = []
  let count = 0
  for (const match of text.matchAll(pattern)) {
    const message = describe(match[0], match.index)
    if (message === undefined) continue
    count += 1
    if (count <= shown) places.push({ message, position: at(match.index) })
  }
  return { count, places }
}

const overText =
  (look: (text: string, script: SetupScript) => Finding) =>
  ({ script }: { readonly script: SetupScript }) =>
    Result.isFailure(script.text) ? skipped(script.text.failure.detail) : look(script.text.success, script)

/** The same for what ASCII does not have. */
const beyondAscii = (look: (text: string) => Finding) =>
  overText((text, script) => (script.ascii ? passed("all of it is ASCII") : look(text)))

const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`

const several = (count: number, one: string, many: string): string => (count === 1 ? one : `${count} ${many}`)

export const noByteOrderMark: Check = {
  name: "noByteOrderMark",
  title: "has no byte order mark",
  documentation:
    "No byte order mark (U+FEFF) stands at the beginning. With one the kernel does not see #!, and some shell or other " +
    "runs the script, or none.",
  hint: "Something saved the file as “UTF-8 with BOM” on its way: get it unchanged.",
  requirement: "required",
  run: overText((text) =>
    text.startsWith("\ufeff") ? failed("begins with a byte order mark", { line: 1, column: 1 }) : passed("none")
  )
}

export const unixLineEnds: Check = {
  name: "unixLineEnds",
  title: "has line ends of Unix",
  documentation:
    "No line ends with a carriage return, and none stands within a line. A shell takes it for a part of the last word; on a " +
    "terminal, what follows one within a line is written over what stands before it.",
  hint: "Something changed the line ends on the way: get the file unchanged, not as text.",
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

/** Embeddings, overrides and isolates: they reorder what stands around them. */
const reordering = /[\u202a-\u202e\u2066-\u2069]/g
/** Marks: they only settle the direction of what is undecided. */
const directionMarks = /[\u200e\u200f\u061c]/g

export const noBidirectionalControls: Check = {
  name: "noBidirectionalControls",
  title: "reads in the order in which it runs",
  documentation:
    "No character makes a reader see the text in another order than the shell (“Trojan Source”, CVE-2021-42574): " +
    "embeddings, overrides and isolates fail, in comments as well. Mere direction marks are warned of.",
  hint: "Do not run it: somebody has hidden what it does. Look at it with cat -v or a hex viewer.",
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

/** What has no width, or is a space that is none to a shell. Some of it has checks of its own. */
const invisible = /\p{Default_Ignorable_Code_Point}|(?! )\p{Zs}|[\ufff9-\ufffb]/gu

export const noInvisibleCharacters: Check = {
  name: "noInvisibleCharacters",
  title: "shows all that is in it",
  documentation:
    "No character is invisible or only looks like a space: zero-width and no-break spaces, soft hyphens, fillers, tags. A " +
    "shell takes each for a part of a word. What holds an emoji together is let be, and so is a byte order mark at the " +
    "beginning, which is for `noByteOrderMark`.",
  hint: "Look at these lines with cat -v: a word there is not the one that it looks like.",
  requirement: "warned",
  run: beyondAscii((text) => {
    const { count, places } = hitsOf(text, invisible, (match, offset) =>
      (offset === 0 && match === "\ufeff") || isDirection(match) || (isJoiner(match) && afterEmoji(text, offset))
        ? undefined
        : codePoint(match)
    )
    return count === 0
      ? passed("none")
      : failedAt(several(count, "a character that is not seen", "characters that are not seen"), places)
  })
}

const isDirection = (character: string): boolean =>
  character.search(reordering) !== -1 || character.search(directionMarks) !== -1

/** Zero-width joiner, and the selector for a picture: most emoji are made with them. */
const isJoiner = (character: string): boolean => character === "\u200d" || character === "\ufe0f"

const afterEmoji = (text: string, offset: number): boolean =>
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]$/u.test(text.slice(Math.max(0, offset - 2), offset))

// eslint-disable-next-line no-control-regex -- what is looked for
const controls = /\u001b\[[0-?]*[ -/]*[@-~]|[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g

export const noControlCharacters: Check = {
  name: "noControlCharacters",
  title: "leaves the terminal alone",
  documentation:
    "No control character but tab and line break stands in the file: with an escape sequence it shows on a terminal " +
    "something else than it holds. A script that writes one out as `\\033[1m` has none.",
  hint: "Look at these lines with cat -v before you believe what the terminal shows.",
  requirement: "warned",
  run: overText((text) => {
    const { count, places } = hitsOf(text, controls, (match) =>
      match.length > 1 ? `escape sequence ESC${match.slice(1)}` : `control character ${codePoint(match)}`
    )
    return count === 0 ? passed("none") : failedAt(several(count, "a control character", "control characters"), places)
  })
}

/** Words with at least one letter beyond ASCII. */
const foreignWord = /[\p{L}\p{M}\p{N}_-]*[^\p{ASCII}\P{L}][\p{L}\p{M}\p{N}_-]*/gu

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

/** Full-width and mathematical letters and digits: ASCII to the eye. */
const styled = /[\uff01-\uff5e]|[\u{1d400}-\u{1d7ff}]/u

export const noLookalikes: Check = {
  name: "noLookalikes",
  title: "has no letters in disguise",
  documentation:
    "No word mixes letters of scripts that look alike, such as Latin and Cyrillic, none is written in full-width or " +
    "mathematical letters, and the names of commands, functions and variables are ASCII. Text in another language is let be.",
  hint: "Compare these words letter by letter: one of them may not be the command or address that it looks like.",
  requirement: "warned",
  run: ({ script }) => {
    if (Result.isFailure(script.text)) return skipped(script.text.failure.detail)
    if (script.ascii) return passed("all of it is ASCII")
    const words = hitsOf(script.text.success, foreignWord, disguise)
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
      if (count > 0) return failedAt(several(count, "a word in disguise", "words in disguise"), places)
      return Result.isFailure(syntax) ? warned(`only looked at words, not at names: ${syntax.failure}`) : passed("none")
    })
  }
}

const disguise = (word: string): string | undefined => {
  if (styled.test(word)) return `${word} is written in letters that only look like ASCII`
  const scripts = confusable.filter(([, pattern]) => pattern.test(word)).map(([name]) => name)
  return scripts.length > 1 ? `${word} mixes ${scripts.join(" and ")}` : undefined
}
