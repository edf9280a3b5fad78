/** A table of text: first column to the left, the others to the right. */

export type Row = ReadonlyArray<string | number>

export const render = (title: string, head: Row, rows: ReadonlyArray<Row>): string => {
  const all = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd()
  const [first = [], ...others] = all
  const rule = widths.map((width) => "-".repeat(width)).join("  ")
  return ["", title, "", line(first), rule, ...others.map(line), ""].join("\n")
}
