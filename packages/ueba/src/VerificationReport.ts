/**
 * The report of the verification of a setup script: every check with its outcome.
 *
 * A report is plain data, stored unchanged in the journal, in `--json` output and in failures.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Capabilities from "./Capabilities.ts"
import { Position } from "./Position.ts"
import { Sha256 } from "./Sha256.ts"
import { Requirement } from "./VerificationPolicy.ts"

/**
 * A finding and its position.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Place = Schema.Struct({
  /** One line. */
  message: Schema.String,
  position: Position,
  /** The line of the script, shortened around the position; absent where `message` quotes it. */
  excerpt: Schema.optionalKey(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Place extends Schema.Schema.Type<typeof Place> {}

/**
 * - `passed`: nothing is wrong
 * - `failed`: something is wrong, or the check could not examine the script, and the verification depends on it
 * - `warned`: something is wrong or unusual, but the verification does not depend on it
 * - `notApplicable`: the check had nothing to examine or to compare with
 * - `off`: the policy disables the check
 *
 * @since 0.1.0
 * @category schemas
 */
export const Outcome = Schema.Literals(["passed", "failed", "warned", "notApplicable", "off"])

/**
 * @since 0.1.0
 * @category models
 */
export type Outcome = typeof Outcome.Type

/**
 * One check's part of the report. `name` is open, so that a report of a version with other checks still decodes.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CheckReport = Schema.Struct({
  name: Schema.String,
  /** The title of the check. */
  title: Schema.String,
  /** The outcome of the check under the policy. */
  requirement: Requirement,
  outcome: Outcome,
  /** `true` if the check could not examine the script, so that its result is unknown. */
  notLooked: Schema.optionalKey(Schema.Literal(true)),
  /** What was found, in one line. */
  detail: Schema.String,
  /** The position of the finding, if it has one. */
  position: Schema.optionalKey(Position),
  /** The line of the script at `position`, shortened. */
  excerpt: Schema.optionalKey(Schema.String),
  /** The single findings in the order of the script, if there are several; at most 100. */
  places: Schema.optionalKey(Schema.Array(Place)),
  /** Why the finding matters; only for checks that failed or warned. */
  why: Schema.optionalKey(Schema.String),
  /** What to do about the finding; only for checks that failed or warned. */
  hint: Schema.optionalKey(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CheckReport extends Schema.Schema.Type<typeof CheckReport> {}

/**
 * The report of one verification: the digest and size of the script, the outcome of every check, and what the script
 * does.
 *
 * @since 0.1.0
 * @category schemas
 */
export const VerificationReport = Schema.Struct({
  /** Whether no check failed. */
  verified: Schema.Boolean,
  sha256: Sha256,
  /** Bytes. */
  size: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  checks: Schema.Array(CheckReport),
  /** What the script does to a host, at most 500 capabilities; absent if the script could not be parsed. */
  capabilities: Schema.optionalKey(Schema.Array(Capabilities.Capability)),
  /** `true` if the script does more than could be followed, so that `capabilities` is incomplete. */
  capabilitiesIncomplete: Schema.optionalKey(Schema.Literal(true))
}).annotate({ identifier: "VerificationReport" })

/**
 * @since 0.1.0
 * @category models
 */
export interface VerificationReport extends Schema.Schema.Type<typeof VerificationReport> {}

/**
 * Returns the checks with this outcome, in the order of the report.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const failedNames = (report: VerificationReport.VerificationReport) =>
 *   VerificationReport.checksThat("failed", report).map(({ name }) => name)
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const checksThat = (outcome: Outcome, report: VerificationReport): ReadonlyArray<CheckReport> =>
  report.checks.filter((check) => check.outcome === outcome)

/** The order in which a person reads the outcomes. */
const order: ReadonlyArray<Outcome> = ["failed", "warned", "passed", "notApplicable", "off"]

/**
 * Returns the checks in the order in which a person reads them: failed, warned, passed, not applicable, off.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const rows = (report: VerificationReport.VerificationReport) =>
 *   VerificationReport.inReadingOrder(report).map((check) => [check.title, check.outcome, check.detail])
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const inReadingOrder = (report: VerificationReport): ReadonlyArray<CheckReport> =>
  order.flatMap((outcome) => checksThat(outcome, report))

/**
 * Returns how many checks ended with each outcome.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const hasWarnings = (report: VerificationReport.VerificationReport): boolean =>
 *   VerificationReport.counts(report).warned > 0
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const counts = (report: VerificationReport): { readonly [O in Outcome]: number } => ({
  failed: checksThat("failed", report).length,
  warned: checksThat("warned", report).length,
  passed: checksThat("passed", report).length,
  notApplicable: checksThat("notApplicable", report).length,
  off: checksThat("off", report).length
})

/**
 * Renders the counts that are not zero: `24 passed, 4 not applicable`.
 *
 * **Details**: the counts are in the order of {@link inReadingOrder}. A report without checks is rendered as `no
 * checks`.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const title = (report: VerificationReport.VerificationReport): string =>
 *   `Verification: ${VerificationReport.renderCounts(report)}`
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const renderCounts = (report: VerificationReport): string => {
  const number = counts(report)
  const parts = order.filter((outcome) => number[outcome] > 0).map((outcome) => `${number[outcome]} ${words[outcome]}`)
  return parts.length === 0 ? "no checks" : parts.join(", ")
}

/**
 * The texts of the outcomes.
 *
 * @since 0.1.0
 * @category rendering
 */
export const words: { readonly [O in Outcome]: string } = {
  failed: "failed",
  warned: "warned",
  passed: "passed",
  notApplicable: "not applicable",
  off: "off"
}

/**
 * Renders the report in one line: `verified: 24 passed, 4 not applicable (312 bytes, SHA-256 …)`. Checks that failed or
 * warned are named.
 *
 * **When to use**: for a log. {@link render} explains the findings to a person.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 * import { inspectSetupScript } from "@privx-kit/ueba/VerifySetupScript"
 * import * as Effect from "effect/Effect"
 *
 * export const logged = (script: Uint8Array) =>
 *   Effect.flatMap(inspectSetupScript(script), (report) => Effect.log(VerificationReport.renderLine(report)))
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const renderLine = (report: VerificationReport): string => {
  const named = (["failed", "warned"] as const).flatMap((outcome) => {
    const names = checksThat(outcome, report).map((check) => check.name)
    return names.length === 0 ? [] : [`; ${outcome}: ${names.join(", ")}`]
  })
  return `${verdict(report)}: ${renderCounts(report)}${named.join("")} (${bytes(report.size)}, SHA-256 ${report.sha256})`
}

/**
 * Renders the report for a person: the verdict with size, digest and counts; what the script does; then each check that
 * failed or warned with position, excerpt, reason and advice; then one line for each other check.
 *
 * **When to use**: for a terminal or a file. {@link renderLine} renders the report for a log.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 * import { inspectSetupScript } from "@privx-kit/ueba/VerifySetupScript"
 * import * as Effect from "effect/Effect"
 *
 * export const text = (script: Uint8Array) => Effect.map(inspectSetupScript(script), VerificationReport.render)
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: VerificationReport): string => {
  const width = Math.max(0, ...report.checks.map((check) => heading(check).length))
  return [
    `${verdict(report)}, ${bytes(report.size)}, SHA-256 ${report.sha256}`,
    renderCounts(report),
    renderCapabilities(report),
    ...inReadingOrder(report).flatMap((check) => [
      `  ${words[check.outcome].padEnd(14)}  ${heading(check).padEnd(width)}  ${renderRequirement(check).padEnd(12)}  ${renderFinding(check)}`,
      ...explanation(check).map((line) => `${" ".repeat(18)}${line}`)
    ])
  ].join("\n")
}

/**
 * Renders what the script does in one sentence, or says that it is unknown.
 *
 * **Details**: if the capabilities are incomplete, a second sentence says so.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const question = (report: VerificationReport.VerificationReport): string =>
 *   `${VerificationReport.renderCapabilities(report)} Do you approve it?`
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const renderCapabilities = ({ capabilities, capabilitiesIncomplete }: VerificationReport): string =>
  capabilities === undefined
    ? "It is unknown what this script does, because it could not be parsed."
    : `${Capabilities.sentence(capabilities)}${capabilitiesIncomplete === true ? " This list is incomplete, because the script calls more than could be followed." : ""}`

/**
 * Renders a check's title together with its id: `Shell syntax (shellSyntax)`.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const headings = ({ checks }: VerificationReport.VerificationReport) => checks.map(VerificationReport.heading)
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const heading = ({ name, title }: CheckReport): string => `${title} (${name})`

/**
 * Renders whether the verification depends on a check: `required`, `demanded`, `not required`, `off`.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const label = (check: VerificationReport.CheckReport): string =>
 *   `${VerificationReport.heading(check)}, ${VerificationReport.renderRequirement(check)}`
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const renderRequirement = ({ requirement }: CheckReport): string =>
  requirement === "warned" ? "not required" : requirement

/** Maximum number of positions that are shown for a check; the report itself contains more. */
const shownPlaces = 10

/**
 * Returns the lines that explain a check that failed or warned: positions with their excerpts, why it matters, what to
 * do.
 *
 * **Details**: at most 10 positions are shown, and the others are counted. There are no lines for other checks, nor for
 * checks that could not examine the script: another check explains why.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const explained = (check: VerificationReport.CheckReport): string =>
 *   [VerificationReport.renderFinding(check), ...VerificationReport.explanation(check)].join("\n")
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const explanation = (check: CheckReport): ReadonlyArray<string> => {
  if ((check.outcome !== "failed" && check.outcome !== "warned") || check.notLooked === true) return []
  const places = listedPlaces(check)
  const more = places.length - shownPlaces
  return [
    ...(places.length === 0 && check.excerpt !== undefined && check.position !== undefined
      ? [`line ${check.position.line}: ${check.excerpt}`]
      : []),
    ...places.slice(0, shownPlaces).map(renderPlace),
    ...(more > 0 ? [`and ${more} more places`] : []),
    ...(check.why === undefined ? [] : [`Why: ${check.why}`]),
    ...(check.hint === undefined ? [] : [`What to do: ${check.hint}`])
  ]
}

/** The positions, unless there is only one and the detail describes it. */
const listedPlaces = ({ detail, places = [] }: CheckReport): ReadonlyArray<Place> =>
  places.length === 1 && places.every(({ excerpt, message }) => excerpt === undefined && detail.includes(message))
    ? []
    : places

const renderPlace = ({ excerpt, message, position }: Place): string =>
  `line ${position.line}: ${message}${excerpt === undefined ? "" : ` – ${excerpt}`}`

/**
 * Renders the finding of a check with its position: `expected 'fi' to close 'if' (line 12, column 1)`.
 *
 * @example
 * ```ts
 * import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
 *
 * export const firstFailure = (report: VerificationReport.VerificationReport) =>
 *   VerificationReport.checksThat("failed", report).map(VerificationReport.renderFinding).at(0)
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const renderFinding = (check: CheckReport): string =>
  check.position === undefined
    ? check.detail
    : `${check.detail} (line ${check.position.line}, column ${check.position.column})`

const verdict = (report: VerificationReport): string => (report.verified ? "verified" : "not verified")

const bytes = (size: number): string => (size === 1 ? "1 byte" : `${size} bytes`)
