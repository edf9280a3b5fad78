/**
 * The failure of a setup script that did not pass the verification.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Report from "./VerificationReport.ts"

/**
 * Occurs when a check of a setup script fails. Contains the complete report; its hint is that of the first failed
 * check.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerificationFailed extends Failure.Class<VerificationFailed>()(
  "VerificationFailed",
  {
    report: Report.VerificationReport
  },
  {
    message: (self) => {
      const failed = Report.checksThat("failed", self.report)
      const looked = failed.filter(({ notLooked }) => notLooked !== true)
      const blind = failed.length - looked.length
      const findings = looked.map((check) => `${Report.heading(check)}: ${Report.renderFinding(check)}`)
      const rest =
        blind === 0 ? [] : [`${blind} required ${blind === 1 ? "check" : "checks"} could not examine the script`]
      return `The setup script is not verified: ${failed.length} of ${self.report.checks.length} checks failed. ${[...findings, ...rest].join("; ")}.`
    },
    hint: (self) => {
      const [first] = Report.checksThat("failed", self.report)
      return first?.hint ?? "Do not run the script. The report says what is wrong with it."
    }
  }
) {}
