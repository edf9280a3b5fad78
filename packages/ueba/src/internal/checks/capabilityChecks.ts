/** The check that compares the capabilities of a script with the rules of the policy. */
import * as Capabilities from "../../Capabilities.ts"
import { violations } from "../../CapabilityRules.ts"
import { type Check, failedAt, notApplicable, notLooked, overSyntax, passed } from "../../Check.ts"

export const allowedCapabilities: Check = {
  name: "allowedCapabilities",
  title: "Allowed capabilities",
  documentation:
    "The script does nothing that the policy forbids: it downloads, writes, removes, installs packages, creates users, " +
    "changes services and so on only as allowed by the rules of the policy. Not applicable without rules. The effects of " +
    "programs that the script calls are unknown.",
  why: "The policy forbids this for setup scripts.",
  hint: "Review each command. If the script may do this, allow it in the policy.",
  requirement: "required",
  run: (input) => {
    const rules = input.expected.capabilities
    if (rules === undefined) return notApplicable("the policy has no rules for capabilities")
    return overSyntax(({ facts, incomplete }) => {
      const capabilities = Capabilities.fromFacts(facts)
      const wrong = violations(rules, capabilities)
      if (wrong.length === 0) {
        return incomplete
          ? notLooked("the script calls more than can be followed")
          : passed(`${capabilities.length} capabilities, all allowed`)
      }
      const phrases = Capabilities.describeEach(wrong)
      return failedAt(
        `not allowed: ${phrases.slice(0, 3).join("; ")}${wrong.length > 3 ? `; and ${wrong.length - 3} more` : ""}`,
        wrong.map(({ position }, at) => ({ message: phrases[at] ?? "", position }))
      )
    })(input)
  }
}
