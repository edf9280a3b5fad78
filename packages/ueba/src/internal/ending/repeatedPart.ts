/**
 * Detects lines that occur twice in a row: a transfer that was resumed before the place where it had stopped.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { TailFinding } from "./tailFinding.ts"

/** The minimum number of lines, and of characters of code, that must repeat. */
const minimumLines = 3
const minimumCode = 60

/** @param starts the offsets of the statements at the top level: authors repeat lines within blocks */
export const repeatedPart = (source: string, starts: ReadonlySet<number>): TailFinding | undefined => {
  /** Where each text was last seen. */
  const seen = new Map<string, number>()
  const lines = source.split("\n")
  const offsets: Array<number> = []
  let offset = 0
  /** The distance between a line and the same line before, as long as it stays the same. */
  let distance = 0
  let repeated = 0
  let code = 0
  for (const [at, line] of lines.entries()) {
    offsets.push(offset)
    const before = line === "" ? (distance > 0 ? at - distance : undefined) : seen.get(line)
    const same = before !== undefined && lines[before] === line ? at - before : 0
    if (same > 0 && same === distance) repeated += 1
    else {
      distance = same
      repeated = same > 0 ? 1 : 0
      code = 0
    }
    if (same > 0 && !/^\s*(?:#|$)/.test(line.slice(0, 200))) code += line.trim().length
    const start = at - repeated + 1
    // The line at which two parts were joined may differ.
    if (
      repeated >= minimumLines &&
      code >= minimumCode &&
      repeated >= distance - 1 &&
      repeated <= distance &&
      starts.has(offsets[start] ?? offset) &&
      starts.has(offsets[start - distance] ?? offset)
    ) {
      return { message: "lines before this one come a second time", offset: offsets[start] ?? offset }
    }
    seen.set(line, at)
    offset += line.length + 1
  }
  return undefined
}
