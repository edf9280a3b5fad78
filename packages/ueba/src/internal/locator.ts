/** From offsets in a text to lines and columns. */
import type { Position } from "../VerificationReport.ts"

/** Cheap for offsets in ascending order, right for all. */
export const locator = (text: string): ((offset: number) => Position) => {
  let line = 1
  let start = 0
  return (offset) => {
    if (offset < start) {
      line = 1
      start = 0
    }
    for (let next = text.indexOf("\n", start); next !== -1 && next < offset; next = text.indexOf("\n", start)) {
      line += 1
      start = next + 1
    }
    return { line, column: characters(text.slice(start, offset)) + 1 }
  }
}

const characters = (text: string): number => {
  let count = 0
  for (const _ of text) count += 1
  return count
}
