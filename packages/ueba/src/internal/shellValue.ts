/**
 * The value of a word of a script, as far as the text shows: a few possible texts, and their origins.
 *
 * Runs in a thread of its own as well as in the main one: imports nothing.
 */

/**
 * Stands in a text for an expansion that may be anything, including nothing. No script holds it. May be followed by an id in
 * braces, which is the same wherever the value is.
 */
export const unknown = "\u0000"

/** The same for an expansion that is not empty: `${NAME:?}`. */
export const unknownButSet = "\u0001"

/** A value that is not known, and can be recognised where it is used again. */
export const named = (id: string, mark: typeof unknown | typeof unknownButSet = unknown): Value =>
  constant(`${mark}{${id}}`)

/** The text with the marks alone, without their ids. */
export const plain = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- the marks above
  isOpen(text) ? text.replace(/([\u0000\u0001])\{[^}]*\}/g, "$1") : text

/** Separates the fields that one word expands to. A noncharacter of Unicode, which no text holds. */
export const fieldBreak = "\ufdd0"

/** Stands for the path of the script itself: `$0`. */
export const ownPath = "\ufdd1"

/** Where a text comes from, if it does not stand in the script as a reader sees it. */
export interface Origin {
  /**
   * From the network; or from within the script, but encoded; or read by the script from its own file; or a secret of the
   * host; or the digest of what was fetched.
   */
  readonly kind: "fetched" | "hidden" | "own" | "secret" | "digest"
  /** A URL, a file or a command. */
  readonly source: string
}

export interface Value {
  /** At least one; at most {@link alternativeLimit}. */
  readonly texts: ReadonlyArray<string>
  readonly origin: Origin | undefined
}

/** More alternatives than this are not followed. */
export const alternativeLimit = 16

/** Longer texts that result from an expansion are not followed: scripts could double them without end. */
const lengthLimit = 32 * 1024

export const constant = (text: string, origin?: Origin): Value => ({ texts: [text], origin })

export const empty: Value = constant("")
export const anything: Value = constant(unknown)
export const anythingButEmpty: Value = constant(unknownButSet)

export const withOrigin = (value: Value, origin: Origin | undefined): Value =>
  origin === undefined || value.origin !== undefined ? value : { ...value, origin }

/** Whether only running the script would tell all of the text. */
export const isOpen = (text: string): boolean =>
  text.includes(unknown) || text.includes(unknownButSet) || text.includes(ownPath)

export const isKnown = (value: Value): boolean => !value.texts.some(isOpen)

/** One text after the other, for each pair of alternatives. */
export const concat = (left: Value, right: Value): Value => {
  if (left === empty) return right
  if (right === empty) return left
  const [before = ""] = left.texts
  const [after = ""] = right.texts
  if (left.texts.length === 1 && right.texts.length === 1) {
    const text = before.length + after.length > lengthLimit ? clipped(before, after) : before + after
    return { texts: [text], origin: left.origin ?? right.origin }
  }
  const texts = new Set<string>()
  for (const before of left.texts) {
    for (const after of right.texts) {
      if (texts.size === alternativeLimit) break
      texts.add(before.length + after.length > lengthLimit ? clipped(before, after) : before + after)
    }
  }
  return { texts: [...texts], origin: left.origin ?? right.origin }
}

/** A single part may have any length, because it is part of the script. */
const clipped = (before: string, after: string): string =>
  before === "" || after === "" || before.length > lengthLimit
    ? before || after
    : before.slice(0, lengthLimit) + unknown

/** Either of the two. */
export const either = (left: Value, right: Value): Value => {
  if (left === right) return left
  const texts = [...new Set([...left.texts, ...right.texts])].slice(0, alternativeLimit)
  return { texts, origin: left.origin ?? right.origin }
}

/** Changes each alternative whose text is known; what is not known stays unknown. */
export const mapKnown = (value: Value, change: (text: string) => string | undefined): Value => ({
  texts: [...new Set(value.texts.map((text) => (isOpen(text) ? unknown : (change(text) ?? unknown))))],
  origin: value.origin
})

/** The fields of one alternative. An unquoted word that comes to nothing has none. */
export const fieldsOf = (text: string, quoted: boolean): ReadonlyArray<string> => {
  if (!text.includes(fieldBreak)) return text === "" && !quoted ? [] : [text]
  return text.split(fieldBreak).filter((field) => field !== "" || quoted)
}

/** For a reader. */
export const readable = (text: string): string => {
  const marked = plain(text.slice(0, 1000))
  // eslint-disable-next-line no-control-regex -- the marks above
  const shown = marked.replace(/[\u0000\u0001]+/g, () => "$…")
  return shown
    .replaceAll(ownPath, () => "$0")
    .replaceAll(fieldBreak, " ")
    .slice(0, 300)
}
