/** Two scripts side by side, line by line. */
import { diffArrays } from "diff"

export interface Row {
  readonly change: "same" | "changed" | "added" | "removed"
  /** Line numbers, from 1. */
  readonly left: number | undefined
  readonly right: number | undefined
}

/** Time limit of a comparison in milliseconds. */
const patience = 3000

/** Rows without a comparison: a single script. */
export const alone = (lines: ReadonlyArray<string>): ReadonlyArray<Row> =>
  lines.map((_, index) => ({ change: "same", left: undefined, right: index + 1 }))

/** `undefined` if the two differ too much to be compared in time. */
export const compare = (
  before: ReadonlyArray<string>,
  after: ReadonlyArray<string>
): ReadonlyArray<Row> | undefined => {
  const parts = diffArrays([...before], [...after], { timeout: patience })
  if (parts === undefined) return undefined
  const rows: Array<Row> = []
  let left = 1
  let right = 1
  let removed: Array<number> = []
  const flush = () => {
    for (const line of removed) rows.push({ change: "removed", left: line, right: undefined })
    removed = []
  }
  for (const part of parts) {
    const length = part.value.length
    if (part.removed) {
      flush()
      removed = Array.from({ length }, () => left++)
    } else if (part.added) {
      for (let index = 0; index < length; index++) {
        const before = removed.shift()
        rows.push({ change: before === undefined ? "added" : "changed", left: before, right: right++ })
      }
      flush()
    } else {
      flush()
      for (let index = 0; index < length; index++) rows.push({ change: "same", left: left++, right: right++ })
    }
  }
  flush()
  return rows
}

/** A range of rows: shown, or unchanged and folded. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly folded: boolean
}

const context = 3

/** Folds rows that are far from a change or a finding. */
export const stretches = (rows: ReadonlyArray<Row>, findings: ReadonlySet<number>): ReadonlyArray<Stretch> => {
  const shown = new Uint8Array(rows.length)
  rows.forEach((row, index) => {
    if (row.change === "same" && !(row.right !== undefined && findings.has(row.right))) return
    shown.fill(1, Math.max(0, index - context), index + context + 1)
  })
  const found: Array<Stretch> = []
  for (let from = 0; from < rows.length;) {
    let to = from
    while (to < rows.length && shown[to] === shown[from]) to++
    found.push({ from, to, folded: shown[from] === 0 && to - from > context })
    from = to
  }
  return found
}
