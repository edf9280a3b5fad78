/**
 * The value of a word of a script, as far as the text shows: a few possible texts, and their origins.
 *
 * Runs in the parser's thread and in the main thread: imports nothing.
 */

/**
 * Marks an expansion that may have any value, including an empty one. No script contains this character. An id in braces
 * may follow; it is the same wherever the value is used.
 */
export const unknown = "\u0000"

/** Marks an expansion that is not empty: `${NAME:?}`. */
export const unknownButSet = "\u0001"

/** An unknown value that can be recognized where it is used again. */
export const named = (id: string, mark: typeof unknown | typeof unknownButSet = unknown): Value =>
  constant(`${mark}{${id}}`)

/** The device file of a disk of the host. */
export const anyDisk: Value = { texts: [`/dev/${unknownButSet}{disk}`], origin: undefined }

/** The home directory of a user of the host. */
export const anyHome: Value = { texts: [`/home/${unknownButSet}{user}`], origin: undefined }

export const isAnyDisk = (text: string): boolean => text.startsWith(anyDisk.texts[0] ?? "")

/** The text with the marks, without their ids. */
export const plain = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- the marks above
  isOpen(text) ? text.replace(/([\u0000\u0001])\{[^}]*\}/g, "$1") : text

/** Separates the fields that one word expands to. A Unicode noncharacter, which no text contains. */
export const fieldBreak = "\ufdd0"

/** Stands for the path of the script itself: `$0`. */
export const ownPath = "\ufdd1"

/** The origin of a text that the script does not contain in readable form. */
export interface Origin {
  /**
   * From the network; from within the script, but encoded; read by the script from its own file; a secret of the host;
   * the digest of a download; from a file of the host; or printed by a command whose output is not known.
   */
  readonly kind: "fetched" | "hidden" | "own" | "secret" | "digest" | "data" | "printed"
  /** A URL, a file or a command. */
  readonly source: string
}

export interface Value {
  /** At least one; at most {@link alternativeLimit}. */
  readonly texts: ReadonlyArray<string>
  readonly origin: Origin | undefined
}

/** Further alternatives are ignored. */
export const alternativeLimit = 16

/** Longer results of an expansion are ignored: a script could double them without limit. */
const lengthLimit = 32 * 1024

export const constant = (text: string, origin?: Origin): Value => ({ texts: [text], origin })

export const empty: Value = constant("")
export const anything: Value = constant(unknown)
export const anythingButEmpty: Value = constant(unknownButSet)

/** The origin that matters more: any other one, where one is only a file of the host or the output of a command. */
export const strongerOrigin = (left: Origin | undefined, right: Origin | undefined): Origin | undefined =>
  left === undefined || (isWeak(left) && right !== undefined && !isWeak(right)) ? right : left

/** The origin of a text that is made of several. */
export const originAmong = (parts: ReadonlyArray<{ readonly origin: Origin | undefined }>): Origin | undefined =>
  parts.reduce<Origin | undefined>((all, { origin }) => strongerOrigin(all, origin), undefined)

/** Whether the text is not known, though nothing suggests that it is hidden. */
export const isWeak = ({ kind }: Origin): boolean => kind === "data" || kind === "printed"

export const withOrigin = (value: Value, origin: Origin | undefined): Value => {
  const stronger = strongerOrigin(value.origin, origin)
  return stronger === value.origin ? value : { ...value, origin: stronger }
}

/** Whether only running the script would determine the whole text. */
export const isOpen = (text: string): boolean =>
  text.includes(unknown) || text.includes(unknownButSet) || text.includes(ownPath)

/** Whether nothing of a text is known. */
export const isNothingKnown = (text: string): boolean =>
  // eslint-disable-next-line no-control-regex -- the marks above
  text.length < 4096 && /^\s*[\u0000\u0001]+\s*$/.test(plain(text))

export const isKnown = (value: Value): boolean => !value.texts.some(isOpen)

/** Concatenates the texts of each pair of alternatives. */
export const concat = (left: Value, right: Value): Value => {
  if (left === empty) return right
  if (right === empty) return left
  const [before = ""] = left.texts
  const [after = ""] = right.texts
  if (left.texts.length === 1 && right.texts.length === 1) {
    const text = before.length + after.length > lengthLimit ? clipped(before, after) : before + after
    return { texts: [text], origin: strongerOrigin(left.origin, right.origin) }
  }
  const texts = new Set<string>()
  for (const before of left.texts) {
    for (const after of right.texts) {
      if (texts.size === alternativeLimit) break
      texts.add(before.length + after.length > lengthLimit ? clipped(before, after) : before + after)
    }
  }
  return { texts: [...texts], origin: strongerOrigin(left.origin, right.origin) }
}

/** A single part may have any length, because it is part of the script. */
const clipped = (before: string, after: string): string =>
  before === "" || after === "" || before.length > lengthLimit
    ? before || after
    : before.slice(0, lengthLimit) + unknown

/** Combines the alternatives of both values. */
export const either = (left: Value, right: Value): Value => {
  if (left === right) return left
  const texts = [...new Set([...left.texts, ...right.texts])].slice(0, alternativeLimit)
  return { texts, origin: strongerOrigin(left.origin, right.origin) }
}

/** Maps each alternative whose text is known; unknown alternatives stay unknown. */
export const mapKnown = (value: Value, change: (text: string) => string | undefined): Value => ({
  texts: [...new Set(value.texts.map((text) => (isOpen(text) ? unknown : (change(text) ?? unknown))))],
  origin: value.origin
})

/** The fields of one alternative. An unquoted word with an empty expansion has none. */
export const fieldsOf = (text: string, quoted: boolean): ReadonlyArray<string> => {
  if (!text.includes(fieldBreak)) return text === "" && !quoted ? [] : [text]
  return text.split(fieldBreak).filter((field) => field !== "" || quoted)
}

/** The text for a report. */
export const readable = (text: string): string => {
  const marked = plain(text.slice(0, 1000))
  // eslint-disable-next-line no-control-regex -- the marks above
  const shown = marked.replace(/[\u0000\u0001]+/g, () => "$…")
  return shown
    .replaceAll(ownPath, () => "$0")
    .replaceAll(fieldBreak, " ")
    .slice(0, 300)
}
