/** Shows what `Doctor` found. */
import * as Effect from "effect/Effect"
import * as Doctor from "../Doctor.ts"
import * as Lookup from "../settings/Lookup.ts"
import * as Settings from "../settings/Settings.ts"
import type { Pane } from "../terminal/Screen.ts"
import type { Style } from "../terminal/Style.ts"
import * as Text from "../terminal/Text.ts"
import type { ConnectionInput } from "./ConnectionFlags.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"

export interface Input extends ConnectionInput, Globals {
  readonly json: boolean
}

interface Report {
  readonly inspection: Settings.Inspection
  readonly checks: ReadonlyArray<Doctor.Check>
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const inspection = yield* Settings.inspect(input, Settings.thisHost())
    const checks = yield* Doctor.examine(inspection, input)
    return { inspection, checks }
  }).pipe(
    Outcome.report<Report>({
      command: "doctor",
      json: input.json,
      verbose: input.verbose,
      toJson,
      toPerson,
      exitName: ({ checks }) => checks.find(({ exitName }) => exitName !== undefined)?.exitName ?? "ok"
    })
  )

const toJson = ({ checks, inspection }: Report) => ({
  healthy: checks.every(({ outcome }) => outcome !== "failed"),
  settings: inspection.rows.map(({ hidden, source, title, value }) => ({
    name: title,
    value,
    source: source === undefined ? null : source,
    hidden
  })),
  warnings: inspection.warnings,
  checks: checks.map(({ advice, exitName, ...check }) => ({
    ...check,
    advice: advice ?? null,
    exitName: exitName ?? null
  }))
})

const toPerson = Effect.fnUntraced(function* ({ checks, inspection }: Report, out: Pane) {
  const { style } = out
  const columns = Math.min(out.columns(), 120)
  yield* out.line(style.bold("Settings"))
  const title = Math.max(...inspection.rows.map((row) => row.title.length))
  const value = Math.min(48, Math.max(...inspection.rows.map((row) => row.value.length)))
  for (const row of inspection.rows) {
    const shown = row.source === undefined ? style.dim(row.value) : row.value
    const source = row.source === undefined ? "" : style.dim(Lookup.describe(row.source))
    const hidden = row.hidden.length === 0 ? "" : style.dim(` (hides ${row.hidden.map(Lookup.describe).join(", ")})`)
    yield* out.line(`  ${Text.padEnd(row.title, title)}  ${Text.padEnd(shown, value)}  ${source}${hidden}`.trimEnd())
  }
  yield* out.line()
  yield* out.line(style.bold("Checks"))
  const left = Math.max(...checks.map(({ name }) => name.length))
  for (const check of checks) {
    const advice = check.advice === undefined ? [] : Text.wrap(check.advice, columns - left - 8)
    const indent = " ".repeat(left + 6)
    const [first = "", ...rest] = Text.wrap(check.detail, columns - left - 8)
    yield* out.line(`  ${sign(check, style)} ${Text.padEnd(check.name, left)}  ${first}`)
    for (const line of rest) yield* out.line(`${indent}${line}`)
    for (const [index, line] of advice.entries()) {
      yield* out.line(`${indent}${index === 0 ? style.yellow(style.sign.arrow) : " "} ${line}`)
    }
  }
})

const sign = (check: Doctor.Check, { cyan, dim, green, red, sign, yellow }: Style): string => {
  switch (check.outcome) {
    case "ok":
      return green(sign.ok)
    case "warning":
      return yellow(sign.warning)
    case "failed":
      return red(sign.failed)
    case "skipped":
      return dim(cyan(sign.skipped))
  }
}
