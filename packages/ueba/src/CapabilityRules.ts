/**
 * Rules of a policy for the capabilities of a script: each kind is allowed, forbidden, or allowed for some subjects.
 *
 * ```json
 * {
 *   "runsFetchedCode": "forbidden",
 *   "writes": { "allowed": ["/etc/ueba", "/opt/ueba"] },
 *   "downloads": { "forbidden": ["http://*"] },
 *   "others": "allowed"
 * }
 * ```
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { Capability } from "./Capabilities.ts"
import { names } from "./internal/closedStruct.ts"
import { FactKind } from "./ScriptFacts.ts"

const Pattern = Schema.NonEmptyString.check(Schema.isMaxLength(1000)).annotate({
  description:
    "A subject; * matches any characters. A path also matches everything below it. Other text, such as a URL, is compared as a whole",
  expected: "a subject such as /etc/ueba, https://example.com/* or nginx"
})

/**
 * A list of patterns for subjects.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Patterns = Schema.Array(Pattern)
  .check(Schema.isMaxLength(1000))
  .annotate({ expected: "a list of subjects" })

/** A misspelled name does not decode: without its list, the rule would allow everything. */
const lists = { allowed: Schema.optionalKey(Patterns), forbidden: Schema.optionalKey(Patterns) }

const Lists = Schema.Record(Schema.String, Patterns)
  .check(names(lists))
  .pipe(Schema.decodeTo(Schema.Struct(lists)))

/**
 * - `"allowed"`, `"forbidden"`: the whole kind
 * - `allowed`: only these subjects. A subject that is known only when the script runs is not allowed
 * - `forbidden`: not these subjects, even if they are allowed
 *
 * @since 0.1.0
 * @category schemas
 */
export const CapabilityRule = Schema.Union([Schema.Literals(["allowed", "forbidden"]), Lists]).annotate({
  description: "Whether scripts may do this: allowed, forbidden, or a table with allowed and forbidden subjects",
  expected: 'allowed, forbidden, or a table with "allowed" and "forbidden" lists'
})

/**
 * @since 0.1.0
 * @category models
 */
export type CapabilityRule = typeof CapabilityRule.Type

/**
 * The names of the rules: the kinds of capability, and `others` for kinds without a rule.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RuleName = Schema.Literals([...FactKind.literals, "others"])

/**
 * A rule for each kind. A kind without a rule follows `others`, whose default is `allowed`. An unknown name does not
 * decode: a policy with a typo must not forbid less than intended.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CapabilityRules = Schema.Record(Schema.String, CapabilityRule)
  .check(names(Object.fromEntries(RuleName.literals.map((name) => [name, Schema.optionalKey(CapabilityRule)]))))
  .pipe(Schema.decodeTo(Schema.Record(RuleName, Schema.optionalKey(CapabilityRule))))

/**
 * @since 0.1.0
 * @category models
 */
export interface CapabilityRules extends Schema.Schema.Type<typeof CapabilityRules> {}

/**
 * Returns the capabilities that the rules do not allow, in the given order.
 *
 * **When to use**: to apply rules to a report that exists. A verification applies the rules of its policy in the check
 * `allowedCapabilities`.
 *
 * **Details**: a kind without a rule follows `others`, and is allowed without that rule. `forbidden` takes precedence
 * over `allowed`.
 *
 * **Gotchas**: a subject that is known only when the script runs matches no `allowed` pattern except `*`, and may also
 * escape a `forbidden` pattern. To be sure, list the allowed subjects.
 *
 * @example
 * ```ts
 * import * as CapabilityRules from "@privx-kit/ueba/CapabilityRules"
 * import type { VerificationReport } from "@privx-kit/ueba/VerificationReport"
 *
 * const rules: CapabilityRules.CapabilityRules = { runsFetchedCode: "forbidden", writes: { allowed: ["/etc/ueba"] } }
 *
 * export const notAllowed = ({ capabilities = [] }: VerificationReport) =>
 *   CapabilityRules.violations(rules, capabilities)
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const violations = (
  rules: CapabilityRules,
  capabilities: ReadonlyArray<Capability>
): ReadonlyArray<Capability> =>
  capabilities.filter(({ kind, subject }) => {
    const rule = rules[kind] ?? rules.others ?? "allowed"
    if (typeof rule === "string") return rule === "forbidden"
    if (rule.forbidden?.some((pattern) => matches(pattern, subject)) === true) return true
    return rule.allowed !== undefined && !rule.allowed.some((pattern) => isWithin(pattern, subject))
  })

/** Whether every possible value of the subject matches the pattern. */
const isWithin = (pattern: string, subject: string): boolean => {
  if (pattern === "*") return true
  // An unknown part may contain `..` and so leave any directory.
  return !subject.includes("$…") && !subject.split("/").includes("..") && matches(pattern, subject)
}

const matches = (pattern: string, subject: string): boolean => {
  const whole = pattern.length > 1 && pattern.endsWith("/") ? pattern.slice(0, -1) : pattern
  return wildcard(whole, subject) || (whole.startsWith("/") && wildcard(whole === "/" ? "/*" : `${whole}/*`, subject))
}

/** Matches `*` with any characters, in time at most proportional to the product of the lengths. */
const wildcard = (pattern: string, text: string): boolean => {
  const parts = pattern.split("*")
  const [first = ""] = parts
  const last = parts.at(-1) ?? ""
  if (parts.length === 1) return text === pattern
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}
