/** Formats numbers, widths and columns as text for people. */
import { stripVTControlCharacters } from "node:util"

/** `1.2 s`, `340 ms`, `2 min 05 s`. A negative duration, after a clock was set back, counts as zero. */
export const duration = (length: number): string => {
  const millis = Math.max(0, length)
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 59_950) return `${(millis / 1000).toFixed(1)} s`
  const seconds = Math.round(millis / 1000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`
}

/** Seconds with two digits, for columns: `0.34 s`. */
export const seconds = (millis: number): string => `${(Math.max(0, millis) / 1000).toFixed(2)} s`

const units = ["kB", "MB", "GB", "TB"]

/** Decimal units, as for disks and networks: `20.5 kB`. */
export const bytes = (count: number): string => {
  if (count < 1000) return `${count} B`
  let value = count
  let unit = -1
  do {
    value /= 1000
    unit++
  } while (value >= 999.95 && unit < units.length - 1)
  return `${value.toFixed(1)} ${units[unit]}`
}

/** Digits in groups of three: `1 234 567`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, " ")

/** Width of a text in columns, without colors. */
export const width = (text: string): number => [...stripVTControlCharacters(text)].length

export const padEnd = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - width(text)))

/** Shortens a text without colors to a number of columns. */
export const cut = (text: string, columns: number, ellipsis: string): string => {
  const characters = [...text]
  return characters.length <= columns
    ? text
    : characters.slice(0, Math.max(0, columns - [...ellipsis].length)).join("") + ellipsis
}

/** Wraps a text at spaces to at most `columns`; longer words are not broken. Keeps line breaks. */
export const wrap = (text: string, columns: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((paragraph) => {
    const lines: Array<string> = []
    let line = ""
    for (const word of paragraph.split(" ")) {
      if (line !== "" && width(line) + 1 + width(word) > columns) {
        lines.push(line)
        line = word
      } else {
        line = line === "" ? word : `${line} ${word}`
      }
    }
    return [...lines, line]
  })

/** Like {@link wrap}, but breaks words that are too long, such as paths. */
export const broken = (text: string, columns: number): ReadonlyArray<string> =>
  wrap(text, columns).flatMap((line) => {
    const characters = [...line]
    const lines: Array<string> = []
    for (let from = 0; from === 0 || from < characters.length; from += columns) {
      lines.push(characters.slice(from, from + columns).join(""))
    }
    return lines
  })

/**
 * Arranges rows in two columns. The second one wraps; a text that is too long for the first one gets a separate line.
 */
export const columns = (
  rows: ReadonlyArray<readonly [left: string, right: string]>,
  options: { readonly indent: number; readonly columns: number; readonly maxLeft?: number }
): ReadonlyArray<string> => {
  const indent = " ".repeat(options.indent)
  const left = Math.min(options.maxLeft ?? 29, Math.max(0, ...rows.map(([text]) => width(text))))
  const right = Math.max(24, options.columns - options.indent - left - 2)
  const gap = " ".repeat(options.indent + left + 2)
  return rows.flatMap(([first, second]) => {
    const lines = wrap(second, right)
    if (second === "") return [indent + first]
    return width(first) > left
      ? [indent + first, ...lines.map((line) => gap + line)]
      : lines.map((line, index) => (index === 0 ? `${indent}${padEnd(first, left)}  ${line}` : gap + line))
  })
}

/**
 * Arranges cells as a table of at most `columns`. Cells of `flexible` columns are shortened, starting with the last one
 * of the map.
 */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  options: {
    readonly columns: number
    /** Columns that may be shortened, with their minimum number of characters. They contain no colors. */
    readonly flexible: ReadonlyMap<number, number>
    readonly ellipsis: string
  }
): ReadonlyArray<string> => {
  const widths: Array<number> = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell))
  }
  const gap = 2
  let excess = widths.reduce((sum, one) => sum + (one === 0 ? 0 : one + gap), -gap) - options.columns
  for (const [column, least] of [...options.flexible].toReversed()) {
    const before = widths[column] ?? 0
    const after = Math.max(Math.min(before, least), before - Math.max(0, excess))
    widths[column] = after
    excess -= before - after
  }
  return rows.map((row) =>
    row
      .flatMap((cell, column) => {
        const room = widths[column] ?? 0
        if (room === 0) return []
        return [padEnd(options.flexible.has(column) ? cut(cell, room, options.ellipsis) : cell, room)]
      })
      .join(" ".repeat(gap))
      .trimEnd()
  )
}
