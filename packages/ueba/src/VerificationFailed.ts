/**
 * The failure of a set-up script that is not what it should be.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.ts"
import * as Report from "./VerificationReport.ts"

/**
 * Carries the whole report, not the first finding. Its hint is that of the first failed check, which tells most.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerificationFailed extends Failure.rendered<object>({
  message: (self) => message(self as VerificationFailed),
  hint: (self) => hint(self as VerificationFailed)
})(
  Schema.TaggedError<VerificationFailed, { readonly hint: string }>()("VerificationFailed", {
    report: Report.VerificationReport
  })
) {}

const message = (self: VerificationFailed): string => {
  const failed = Report.checksThat("failed", self.report)
  const findings = failed.map((check) => `${check.name} (${Report.renderFinding(check)})`)
  return `The set-up script is not verified: ${failed.length} of ${self.report.checks.length} checks failed: ${findings.join("; ")}.`
}

const hint = (self: VerificationFailed): string => {
  const [first] = Report.checksThat("failed", self.report)
  return (
    (first === undefined ? undefined : Checks.get(first.name)?.hint) ??
    "Do not run the script; look at the report for what is wrong with it."
  )
}
