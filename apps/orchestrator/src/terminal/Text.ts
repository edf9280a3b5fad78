/** Numbers, widths and columns as text for people. */
import { stripVTControlCharacters } from "node:util"

/** `1.2 s`, `340 ms`, `2 min 05 s`: never longer than it is precise. */
export const duration = (millis: number): string => {
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 59_950) return `${(millis / 1000).toFixed(1)} s`
  const seconds = Math.round(millis / 1000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`
}

/** Seconds with two digits, for columns: `0.34 s`. */
export const seconds = (millis: number): string => `${(millis / 1000).toFixed(2)} s`

const units = ["kB", "MB", "GB", "TB"]

/** Decimal units, as disks and networks count: `20.5 kB`. */
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

/** How many columns a text takes, colours not counted. */
export const width = (text: string): number => [...stripVTControlCharacters(text)].length

export const padEnd = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - width(text)))

/** Cuts a text without colours to a number of columns. */
export const cut = (text: string, columns: number, ellipsis: string): string => {
  const characters = [...text]
  return characters.length <= columns
    ? text
    : characters.slice(0, Math.max(0, columns - [...ellipsis].length)).join("") + ellipsis
}

/** Breaks a text at spaces so that no line is longer than `columns`, unless a word is. Line breaks in the text stay. */
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

/**
 * Rows in two columns, the second wrapped under itself; what is too long for the first column stands on a line of its own.
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
