/**
 * A verification report as a person reads it: a line for each check, with what it holds the script to and what it found, and
 * below it where, when it found several things.
 */
import {
  type CheckReport,
  type Outcome,
  renderFinding,
  type VerificationReport
} from "@privx-kit/ueba/VerificationReport"
import type { Style } from "./Style.ts"
import * as Text from "./Text.ts"

/** So many places of one check are shown: who wants to read more than that reads the script. */
const shownPlaces = 10

/** @param columns how many there are for the lines; those of the places keep to it */
export const lines = (report: VerificationReport, style: Style, columns: number): ReadonlyArray<string> => {
  const width = Math.max(0, ...report.checks.map(({ title }) => title.length))
  return report.checks.flatMap((check) => [
    `${sign(check.outcome, style)} ${Text.padEnd(check.title, width)}  ${style.dim(finding(check))}`,
    ...places(check, style, columns)
  ])
}

const places = (check: CheckReport, style: Style, columns: number): ReadonlyArray<string> => {
  const all = listed(check)
  const rows = all
    .slice(0, shownPlaces)
    .map(({ message, position }) => [style.dim(`line ${position.line}`), message] as const)
  const more = all.length - shownPlaces
  return [
    ...Text.columns(rows, { indent: 4, columns }),
    ...(more > 0 ? [style.dim(`    ${style.sign.ellipsis} and ${more} more, which --json and the manifest list`)] : [])
  ]
}

/** What the finding does not say itself. */
const listed = ({ detail, places = [] }: CheckReport) =>
  places.length === 1 && places.every(({ message }) => detail.includes(message)) ? [] : places

/** `2 of 10 checks failed` */
export const verdict = ({ checks }: VerificationReport): string =>
  `${checks.filter(({ outcome }) => outcome === "failed").length} of ${checks.length} checks failed`

/** What stands before a check. */
export const sign = (outcome: Outcome, { dim, green, red, sign, yellow }: Style): string => {
  switch (outcome) {
    case "passed":
      return green(sign.ok)
    case "failed":
      return red(sign.failed)
    case "warned":
      return yellow(sign.warning)
    case "skipped":
      return dim(sign.skipped)
  }
}

const finding = (check: CheckReport): string => (listed(check).length === 0 ? renderFinding(check) : check.detail)
