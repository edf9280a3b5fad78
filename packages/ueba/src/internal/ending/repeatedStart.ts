/**
 * Detects a script whose beginning occurs twice: a download that was resumed at the wrong offset, or two responses in one
 * file.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { TailFinding } from "./tailFinding.ts"

/** The minimum number of lines of code, and of characters, that must repeat. */
const linesAgain = 3
const textAgain = 40

/** @param isData whether a place is within data, such as a here-document */
export const repeatedStart = (source: string, isData: (offset: number) => boolean): TailFinding | undefined => {
  const glued = gluedShebang(source, isData)
  if (glued !== undefined) return glued
  const start = firstCode(source)
  if (start === undefined) return undefined
  let end = start
  let lines = 0
  while (end < source.length && end - start < 2000 && (lines < linesAgain || end - start < textAgain)) {
    const next = source.indexOf("\n", end)
    if (next === -1) return undefined
    if (/^[ \t]*[^\s#]/.test(source.slice(end, Math.min(next, end + 200)))) lines += 1
    end = next + 1
  }
  // In the worst case, the search costs the length of the searched text for each part of the script.
  if (lines < linesAgain || end - start < textAgain || end - start > 4000) return undefined
  const at = source.indexOf(`\n${source.slice(start, end)}`, end - 1)
  return at === -1 || isData(at + 1)
    ? undefined
    : { message: "the beginning of the script comes a second time", offset: at + 1 }
}

/** The first line of the script, repeated after other text on a line. */
const gluedShebang = (source: string, isData: (offset: number) => boolean): TailFinding | undefined => {
  if (!source.startsWith("#!")) return undefined
  const first = source.slice(0, Math.min(source.length, 200)).split("\n", 2).join("\n")
  if (first.length < 12) return undefined
  for (let at = source.indexOf(first, first.length); at !== -1; at = source.indexOf(first, at + first.length)) {
    if (/[^\s"'`]/.test(source.charAt(at - 1)) && !isData(at))
      return { message: "the script begins a second time", offset: at }
  }
  return undefined
}

/** The offset of the first line that is neither empty nor a comment. */
const firstCode = (source: string): number | undefined => {
  let at = 0
  while (at < source.length) {
    const next = source.indexOf("\n", at)
    if (next === -1) return undefined
    if (/^[ \t]*[^\s#]/.test(source.slice(at, Math.min(next, at + 200)))) return at
    at = next + 1
  }
  return undefined
}
