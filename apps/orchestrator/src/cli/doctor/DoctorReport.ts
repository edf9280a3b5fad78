/** Shows the findings of `Doctor`. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as ServerFlags from "../flags/ServerFlags.ts"
import * as Doctor from "./Doctor.ts"
import * as Lookup from "@privx-kit/settings/Lookup"
import * as Settings from "@privx-kit/settings/Settings"
import { Domains } from "../../domain/Domains.ts"
import type { Pane } from "../../terminal/Screen.ts"
import type { Style } from "../../terminal/Style.ts"
import * as Text from "../../terminal/Text.ts"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"

export interface Input extends ConnectionInput, Globals {
  readonly server: string | undefined
  readonly json: boolean
}

export interface Report {
  readonly inspection: Settings.Inspection
  readonly checks: ReadonlyArray<Doctor.Check>
}

/** Every setting with its source, and every check. */
export const examine = Effect.fnUntraced(function* (input: Input) {
  const inspection = yield* Settings.inspect(input, Settings.thisHost())
  const server = ServerFlags.isServer(input) ? input : undefined
  const checks = yield* Doctor.examine(inspection, input, server, databaseUrl(input))
  const rows = [...inspection.rows, serverRow(input), projectRow(yield* Domains)]
  const report: Report = { inspection: { ...inspection, rows }, checks }
  return report
})

export const run = (input: Input) =>
  examine(input).pipe(
    Outcome.report<Report>({
      command: "doctor",
      json: input.json,
      verbose: input.verbose,
      toJson,
      toPerson,
      exitName: ({ checks }) => checks.find(({ exitName }) => exitName !== undefined)?.exitName ?? "ok"
    })
  )

/** A given data directory takes precedence over the environment. */
const databaseUrl = ({ dataDir }: Input): Redacted.Redacted | undefined => {
  const url = process.env[Catalogue.ownEnvironment.databaseUrl.name] ?? ""
  return url === "" || dataDir !== undefined ? undefined : Redacted.make(url, { label: "database URL" })
}

/** The loaded config file, and the domains that it adds. */
const projectRow = ({ configFile, names }: Domains["Service"]): Settings.Row => ({
  title: "domains",
  value: names.join(", "),
  source: configFile === undefined ? undefined : { kind: "file", path: configFile, key: "domains" },
  hidden: []
})

const serverRow = ({ dataDir, server }: Input): Settings.Row => {
  const { name } = Catalogue.ownEnvironment.server
  const variable = process.env[name] ?? ""
  const title = "server"
  if (server !== undefined) {
    return { title, value: server, source: { kind: "flag", name: "--server" }, hidden: [] }
  }
  return variable === "" || dataDir !== undefined
    ? { title, value: "none: the data directory is used", source: undefined, hidden: [] }
    : { title, value: variable, source: { kind: "environment", name }, hidden: [] }
}

export const toJson = ({ checks, inspection }: Report) => ({
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
  const room = columns - title - 4
  const value = Math.min(room, Math.max(...inspection.rows.map((row) => row.value.length)))
  for (const row of inspection.rows) {
    const source = row.source === undefined ? "" : Lookup.describe(row.source)
    const hidden = row.hidden.length === 0 ? "" : ` (hides ${row.hidden.map(Lookup.describe).join(", ")})`
    const from = `${source}${hidden}`.trim()
    const paint = row.source === undefined ? style.dim : (text: string) => text
    const lines =
      row.value.length <= value && value + 2 + from.length <= room
        ? [`${Text.padEnd(paint(row.value), value)}  ${style.dim(from)}`]
        : [...Text.broken(row.value, room).map(paint), ...Text.broken(from, room).map(style.dim)]
    for (const [index, line] of lines.entries()) {
      yield* out.line(`  ${Text.padEnd(index === 0 ? row.title : "", title)}  ${line}`.trimEnd())
    }
  }
  yield* out.line()
  yield* out.line(style.bold("Checks"))
  const left = Math.max(...checks.map(({ name }) => name.length))
  for (const check of checks) {
    const advice = check.advice === undefined ? [] : Text.broken(check.advice, columns - left - 8)
    const indent = " ".repeat(left + 6)
    const [first = "", ...rest] = Text.broken(check.detail, columns - left - 8)
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
