/**
 * A verification report as a person reads it: what the script does; the checks that failed or warned, each with its places, the reason why it
 * matters and what to do; the required checks that could not examine the script; and the counts. With `verbose`, every check.
 */
import {
  type CheckReport,
  explanation,
  heading,
  inReadingOrder,
  type Outcome,
  renderCapabilities,
  renderCounts,
  renderFinding,
  renderRequirement,
  type VerificationReport
} from "@privx-kit/ueba/VerificationReport"
import type { Style } from "../../terminal/Style.ts"
import * as Text from "../../terminal/Text.ts"

interface Options {
  readonly style: Style
  /** The maximum number of columns of a line. */
  readonly columns: number
  /** Whether passed checks are shown as well. */
  readonly verbose: boolean
}

export const lines = (report: VerificationReport, options: Options): ReadonlyArray<string> => {
  const checks = inReadingOrder(report)
  const complaints = checks.filter(({ outcome }) => outcome === "failed" || outcome === "warned")
  const others = options.verbose ? checks.filter((check) => !complaints.includes(check)) : []
  return [
    ...Text.wrap(renderCapabilities(report), options.columns),
    ...complaints.filter(({ notLooked }) => notLooked !== true).flatMap((check) => complaint(check, options)),
    ...blind(
      complaints.filter(({ notLooked }) => notLooked === true),
      options
    ),
    ...listed(others, options),
    `${sign(complaints[0]?.outcome ?? "passed", options.style)} ${renderCounts(report)}`
  ]
}

const complaint = (check: CheckReport, { columns, style }: Options): ReadonlyArray<string> => [
  `${sign(check.outcome, style)} ${style.bold(heading(check))} ${style.dim(renderRequirement(check))}`,
  ...[renderFinding(check), ...explanation(check)]
    .flatMap((line) => Text.wrap(line, columns - 4))
    .map((line) => `    ${line}`)
]

/** Checks that could not examine the script usually share a reason, so they are grouped by reason. */
const blind = (checks: ReadonlyArray<CheckReport>, { columns, style }: Options): ReadonlyArray<string> => {
  const groups = Map.groupBy(checks, ({ detail, outcome }) => `${outcome} ${detail}`)
  return [...groups.values()].flatMap((group) => {
    const [{ detail, outcome } = { detail: "", outcome: "warned" as const }] = group
    const what = `${group.length} ${outcome === "failed" ? "required " : ""}${group.length === 1 ? "check" : "checks"}`
    return [
      ...Text.wrap(`${what} ${detail}`, columns - 2).map((line, at) =>
        at === 0 ? `${sign(outcome, style)} ${style.bold(line)}` : `  ${style.bold(line)}`
      ),
      ...Text.wrap(group.map(({ name }) => name).join(", "), columns - 4).map((line) => `    ${line}`)
    ]
  })
}

const listed = (checks: ReadonlyArray<CheckReport>, { style }: Options): ReadonlyArray<string> => {
  const width = Math.max(0, ...checks.map((check) => heading(check).length))
  return checks.map(
    (check) => `${sign(check.outcome, style)} ${Text.padEnd(heading(check), width)}  ${style.dim(renderFinding(check))}`
  )
}

/** The counts of a report: `2 failed, 22 passed, 4 not applicable`. */
export const verdict = renderCounts

/** Returns the sign before a check. */
export const sign = (outcome: Outcome, { dim, green, red, sign, yellow }: Style): string => {
  switch (outcome) {
    case "passed":
      return green(sign.ok)
    case "failed":
      return red(sign.failed)
    case "warned":
      return yellow(sign.warning)
    case "notApplicable":
    case "off":
      return dim(sign.skipped)
  }
}
