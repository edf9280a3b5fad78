/**
 * Here-documents that end elsewhere than a reader thinks.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { HereDoc } from "unbash"

/** Letters and digits that look alike, as one of them. */
const folded = (text: string): string =>
  text
    .trim()
    .toUpperCase()
    .replaceAll("0", "O")
    .replace(/[1|]/g, "I")
    .replaceAll("5", "S")
    .replaceAll("L", "I")
    .normalize("NFKD")
    // Cyrillic and Greek letters of the same form.
    .replace(/[\u0415\u0395]/g, "E")
    .replace(/[\u041e\u039f]/g, "O")
    .replace(/[\u0422\u03a4]/g, "T")

/** The maximum number of lines that are compared. */
const lineLimit = 10_000

/** Why a reader misses where a here-document ends, if so. */
export const hiddenEnd = ({ body, delimiter, operator }: HereDoc): string | undefined => {
  if (delimiter === undefined) return undefined
  const { value } = delimiter
  if (value.trim() === "") return "a here-document that an empty line ends"
  if (/\s/.test(value) || /[^\0-\x7f]/.test(value)) return "a here-document whose end contains blanks or other letters"
  const look = folded(value)
  if (look.length < 2) return undefined
  for (const line of body.text.split("\n", lineLimit)) {
    if (line.length > value.length + 20 || line === value || folded(line) !== look) continue
    // Text of a program may be indented, and contain a here-document of its own.
    if (operator === "<<" && line.trim() === value && /^[ \t]{2,}/.test(line)) continue
    return `a line that looks like the end of the here-document ${value} and is not`
  }
  return undefined
}
