/** The view of a setup result: the location of the script, and the findings of its verification. */
import * as Effect from "effect/Effect"
import type { SetupResult } from "../../setup/Setups.ts"
import * as ReportView from "./ReportView.ts"
import type { Pane } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"

export const show = Effect.fnUntraced(function* (result: SetupResult, out: Pane, verbose: boolean) {
  yield* out.line()
  for (const [name, value] of rows(result)) yield* out.line(`  ${Text.padEnd(name, 10)}${value}`)
  yield* out.line()
  const options = { style: out.style, columns: out.columns() - 2, verbose }
  for (const line of ReportView.lines(result.report, options)) yield* out.line(`  ${line}`)
})

const rows = (result: SetupResult): ReadonlyArray<readonly [name: string, value: string]> => [
  ["Script", result.delivered ?? result.artifact],
  ["Size", `${Text.grouped(result.bytes)} bytes`],
  ["SHA-256", result.sha256],
  ["Manifest", result.manifest],
  ["Run", result.runId]
]
