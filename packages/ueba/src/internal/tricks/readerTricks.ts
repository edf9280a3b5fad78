/**
 * Text that a reader sees differently than a shell: characters that look like operators, quotes or dashes, and code
 * far outside the visible window.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { SyntaxNode, Word } from "unbash"

/** Characters that look like shell syntax but are not. */
const lookalikes: ReadonlyArray<readonly [pattern: RegExp, what: string]> = [
  [
    /[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u02bc\u02ee\u00b4\uff02\uff07\uff40\u02cb]/,
    "a typographic quote, which is none to a shell"
  ],
  [/[\u00ab\u00bb]/, "a quote of another language, which is none to a shell"],
  [
    /^--?[\w-]*[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u,
    "a letter of another script in an option"
  ],
  [/^[\p{Pd}\u2212\u2043\u02d7\u207b\u208b\u2796\u23af\u2500](?=.)/u, "a dash that begins no option"],
  [/[\u037e\uff1b\u204f\ufe54]/, "looks like ; and is none"],
  [/[\uff5c\u2223\u01c0\u2502\u2758\u23d0\u05c0\u2016\u2f01\u2f02]/, "looks like | and is none"],
  [/[\uff06\ufe60\ua778]/, "looks like & and is none"],
  [/[\u2044\u2215\u29f8\u2571\u27cb\uff0f\u3033]/, "looks like / and is none"],
  [/[\uff1e\u203a\u02c3\u276f\u3009\ufe65\uff1c\u2039\u02c2\u276e\u3008\ufe64]/, "looks like < or > and is none"],
  [/[\uff04\ufe69]/, "looks like $ and is none"],
  [/[\uff03\ufe5f]/, "looks like # and is none"],
  [/[\u2024\uff0e\ufe52\ua4f8]/, "looks like . and is none"],
  [/[\u2217\uff0a\ufe61\u204e\u066d]/, "looks like * and is none"],
  [/[\uff08\uff09\u2768\u2769\ufe59\ufe5a\uff5b\uff5d\uff3b\uff3d]/, "looks like a bracket and is none"],
  [/[\uff1d\ufe66\ua78a\u2a75\u2a74\u1400]/, "looks like = and is none"],
  [/[\u223c\u02dc\uff5e\u2053]/, "looks like ~ and is none"],
  [/[\ua4f9\u201a\uff0c]/, "looks like , and is none"],
  [/(?![0-9])\p{Nd}/u, "a digit of another script"],
  [/[A-Za-z]\p{M}/u, "a letter with a mark that another character adds"]
]

/** Why an unquoted word is misleading, if it is. */
export const trickInWord = (word: Word): string | undefined => {
  const { parts, text } = word
  if (!/[^\0-\x7f]/.test(text)) return undefined
  const open = parts === undefined ? (/^["']|^\$["']/.test(text) ? "" : text) : parts.map(unquoted).join("")
  return lookalikes.find(([pattern]) => pattern.test(open))?.[1]
}

const unquoted = (part: SyntaxNode): string => (part.type === "Literal" ? part.value : "")

/** The number of consecutive blanks on one line that push code out of sight. */
const blankLimit = 120
/** The number of consecutive lines without a visible character: more than most windows show. */
const emptyLimit = 35

/** Code after so many blanks or empty lines that a reader does not scroll there. */
export const hiddenByBlanks = (text: string): ReadonlyArray<{ readonly message: string; readonly offset: number }> => {
  const found: Array<{ readonly message: string; readonly offset: number }> = []
  let blanks = 0
  let lines = 0
  for (let at = 0; at < text.length && found.length < 20; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x20 || code === 0x09) {
      // A tab is as wide as eight blanks.
      blanks += code === 0x09 ? 8 : 1
    } else if (code === 0x0a || code === 0x0d) {
      if (code === 0x0a) lines += 1
      blanks = 0
    } else {
      if (blanks >= blankLimit && code !== 0x5c) found.push({ message: `text behind ${blanks} blanks`, offset: at })
      else if (lines > emptyLimit) found.push({ message: `text behind ${lines - 1} empty lines`, offset: at })
      blanks = 0
      lines = 0
    }
  }
  return found
}

/** A long row of the same character, with code behind it on the same line. */
const filler = /([^\w\s])\1{99}/

/** Code that a row of characters pushes out of sight. */
export const hiddenByFiller = (text: string): ReadonlyArray<{ readonly message: string; readonly offset: number }> => {
  const found: Array<{ readonly message: string; readonly offset: number }> = []
  let offset = 0
  for (const line of text.split("\n")) {
    const row = line.length < 100 || /^[ \t]*#/.test(line.slice(0, 200)) ? null : filler.exec(line)
    if (row !== null && found.length < 20) {
      const behind = /["']\s{0,20}(?:;|&&|\|\|)\s{0,20}[A-Za-z/.$]/.exec(line.slice(row.index, row.index + 5000))
      if (behind !== null)
        found.push({ message: "a command behind a long row of characters", offset: offset + row.index + behind.index })
    }
    offset += line.length + 1
  }
  return found
}
