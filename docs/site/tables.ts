/** Tables of the documents. A reader who hears a table needs a heading for each column. */
import { documents, read, type Problems } from "./pages.ts"

const headings = (row: string): ReadonlyArray<string> =>
  row
    .replaceAll("\\|", "")
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())

export const withoutHeading = (): Problems =>
  documents().flatMap((document) =>
    [...read(document).matchAll(/^(\|.*\|)\n\|[\s:|-]+\|$/gm)]
      .map(([, row = ""]) => row)
      .filter((row) => headings(row).includes(""))
      .map((row) => `${document}: a column has no heading: ${row.slice(0, 80)}`)
  )
