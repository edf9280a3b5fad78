/** The script of a run next to the approved one, with the findings of the checks at their lines. */
import { useMemo, useState } from "react"
import type { Check } from "../api/Client.ts"
import { plain } from "../parts/Plain.tsx"
import { alone, compare, type Row, stretches } from "./Diff.ts"
import { highlighted } from "./Highlight.tsx"

export interface Finding {
  readonly line: number
  readonly check: Check
  readonly message: string
}

/** The number of lines of a long script that are shown initially, and added by each "show more". */
const portion = 1000

export const ScriptDiff = ({
  approved,
  basis,
  findings,
  script
}: {
  readonly script: string
  /** `undefined` if there is no script to compare with. */
  readonly approved: string | undefined
  /** Whether a person approved the other script, or it was trusted on first use. */
  readonly basis: "baseline" | "approved" | undefined
  readonly findings: ReadonlyArray<Finding>
}) => {
  const { compared, rows } = useMemo(() => {
    const lines = script.split("\n")
    const compared = approved === undefined ? undefined : compare(approved.split("\n"), lines)
    return { rows: compared ?? alone(lines), compared: compared !== undefined }
  }, [approved, script])
  const right = useMemo(() => highlighted(script), [script])
  const left = useMemo(() => highlighted(approved ?? ""), [approved])
  const byLine = useMemo(() => Map.groupBy(findings, ({ line }) => line), [findings])
  const folds = useMemo(
    () => (compared ? stretches(rows, new Set(byLine.keys())) : [{ from: 0, to: rows.length, folded: false }]),
    [byLine, compared, rows]
  )
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set())
  const [limit, setLimit] = useState(portion)
  let room = limit
  const other = basis === "baseline" ? "baseline (no one has approved it)" : "approved script"
  const changes = rows.filter(({ change }) => change !== "same").length
  return (
    <div className={compared ? "diff compared" : "diff"}>
      <p className="quiet">
        {compared
          ? changes === 0
            ? `No line differs from the ${other}.`
            : `${changes} changed ${changes === 1 ? "line" : "lines"}. Lines with − are of the ${other}, lines with + of the script of this run.`
          : approved === undefined
            ? basis === undefined
              ? "There is no baseline and no approved script to compare with."
              : "The whole script of this run, without a comparison."
            : "The two scripts are too different, or too large, to be compared line by line."}
      </p>
      <div className="code" role="region" aria-label="Lines of the script" tabIndex={0}>
        {folds.map(({ folded, from, to }) => {
          if (room <= 0) return null
          if (folded && !opened.has(from)) {
            return (
              <button key={from} type="button" className="fold" onClick={() => setOpened(new Set([...opened, from]))}>
                {to - from} unchanged lines
              </button>
            )
          }
          const shown = rows.slice(from, Math.min(to, from + room))
          room -= shown.length
          return (
            <div key={from}>
              {shown.map((row, index) => (
                <Line
                  key={from + index}
                  row={row}
                  left={left}
                  right={right}
                  findings={row.right === undefined ? [] : (byLine.get(row.right) ?? [])}
                />
              ))}
            </div>
          )
        })}
      </div>
      {room <= 0 && (
        <button type="button" onClick={() => setLimit(limit + portion)}>
          Show more lines
        </button>
      )}
    </div>
  )
}

const names = { same: "", changed: "changed", added: "added", removed: "removed" } as const

const Line = ({
  findings,
  left,
  right,
  row
}: {
  readonly row: Row
  readonly left: (line: number) => React.ReactNode
  readonly right: (line: number) => React.ReactNode
  readonly findings: ReadonlyArray<Finding>
}) => (
  <>
    <div className={`row ${row.change}`} data-stop={row.change !== "same" || findings.length > 0 ? "" : undefined}>
      {row.change !== "same" && <span className="hidden">{names[row.change]}: </span>}
      <span className="left">
        <span className="number">{row.left ?? ""}</span>
        <span className="text">{row.left === undefined ? "" : left(row.left)}</span>
      </span>
      <span className="right">
        <span className="number">{row.right ?? ""}</span>
        <span className="text">{row.right === undefined ? "" : right(row.right)}</span>
      </span>
    </div>
    {findings.map(({ check, message }, index) => (
      <div key={index} className={`finding ${check.outcome}`}>
        <strong>{check.title}</strong>: {plain(message)}
      </div>
    ))}
  </>
)
