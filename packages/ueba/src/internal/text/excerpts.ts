/** Lines of a script for a report: shortened around a place, without control characters that a terminal interprets. */
import * as Failure from "@privx-kit/core/Failure"
import * as Result from "effect/Result"
import type { Position } from "../../Position.ts"

const longest = 100

/** Splits the text only when the first excerpt is requested: most scripts have no finding. */
export const excerpts = (text: Result.Result<string, unknown>): ((position: Position) => string | undefined) => {
  let lines: ReadonlyArray<string> | undefined
  return ({ column, line }) => {
    if (Result.isFailure(text)) return undefined
    lines ??= text.success.split("\n")
    const whole = lines[line - 1] ?? ""
    // Columns count characters and this counts code units, which is close enough to keep the place visible.
    const start = column > longest ? column - 1 - longest / 2 : 0
    const part = whole.slice(start, start + longest).trim()
    if (part === "") return undefined
    return Failure.singleLine(
      `${start > 0 ? "… " : ""}${part}${start + longest < whole.length ? " …" : ""}`,
      longest + 4
    )
  }
}
