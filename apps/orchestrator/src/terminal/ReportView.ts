/** A verification report as a person reads it: a line for each check, with what it holds the script to and what it found. */
import type { Outcome, VerificationReport } from "@privx-kit/ueba/VerificationReport"
import type { Style } from "./Style.ts"
import * as Text from "./Text.ts"

export const lines = (report: VerificationReport, style: Style): ReadonlyArray<string> => {
  const width = Math.max(0, ...report.checks.map(({ title }) => title.length))
  return report.checks.map(
    (check) => `${sign(check.outcome, style)} ${Text.padEnd(check.title, width)}  ${style.dim(finding(check))}`
  )
}

/** `2 of 10 checks failed` */
export const verdict = ({ checks }: VerificationReport): string =>
  `${checks.filter(({ outcome }) => outcome === "failed").length} of ${checks.length} checks failed`

const sign = (outcome: Outcome, { dim, green, red, sign, yellow }: Style): string => {
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

const finding = ({ detail, position }: VerificationReport["checks"][number]): string =>
  position === undefined ? detail : `${detail} (line ${position.line}, column ${position.column})`
