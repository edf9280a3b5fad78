/** Converts offsets in a text to lines and columns. */
import type { Position } from "../../Position.ts"

/**
 * Creates a function that converts offsets to positions. Offsets in ascending order cost one pass over the text in total,
 * regardless of line length. An offset before the previous one restarts from the beginning.
 */
export const locator = (text: string): ((offset: number) => Position) => {
  let line = 1
  let column = 1
  let reached = 0
  let lineEnd = endOfLine(text, 0)
  return (offset) => {
    if (offset < reached) {
      line = 1
      column = 1
      reached = 0
      lineEnd = endOfLine(text, 0)
    }
    const end = Math.min(offset, text.length)
    while (lineEnd < end) {
      line += 1
      column = 1
      reached = lineEnd + 1
      lineEnd = endOfLine(text, reached)
    }
    // A surrogate pair counts as one character, at its first half.
    for (; reached < end; reached++) {
      const unit = text.charCodeAt(reached)
      if (!(unit >= 0xdc00 && unit <= 0xdfff)) column += 1
    }
    return { line, column }
  }
}

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf("\n", from)
  return end === -1 ? text.length : end
}
