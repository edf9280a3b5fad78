/**
 * What the verification of a set-up script found: every check with its outcome, whether it passed or not.
 *
 * Plain data: it goes into the journal, into `--json` output and into a failure as it is.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Sha256 } from "./Sha256.ts"
import { Requirement } from "./VerificationPolicy.ts"

/**
 * A place in the script: lines and columns count from 1, columns in characters.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Position = Schema.Struct({
  line: Schema.Int.check(Schema.isGreaterThan(0)),
  column: Schema.Int.check(Schema.isGreaterThan(0))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Position extends Schema.Schema.Type<typeof Position> {}

/**
 * Something that was found, and where.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Place = Schema.Struct({
  /** One line. */
  message: Schema.String,
  position: Position
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Place extends Schema.Schema.Type<typeof Place> {}

/**
 * - `passed`: nothing wrong was found
 * - `failed`: something is wrong, and the check is required
 * - `warned`: something is wrong or odd, and the verification does not depend on it
 * - `skipped`: the check was switched off, does not apply, or could not look; `detail` says which
 *
 * @since 0.1.0
 * @category schemas
 */
export const Outcome = Schema.Literals(["passed", "failed", "warned", "skipped"])

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
  /** What the check holds the script to, in a few words. */
  title: Schema.String,
  /** What the policy made of the check. */
  requirement: Requirement,
  outcome: Outcome,
  /** One line: what was found. */
  detail: Schema.String,
  /** Where, when the finding has a place. */
  position: Schema.optionalKey(Position),
  /** Each thing that was found, in the order of the script, where the finding is a list; at most 100. */
  places: Schema.optionalKey(Schema.Array(Place))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CheckReport extends Schema.Schema.Type<typeof CheckReport> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const VerificationReport = Schema.Struct({
  /** Whether no required check failed. */
  verified: Schema.Boolean,
  sha256: Sha256,
  /** Bytes. */
  size: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  checks: Schema.Array(CheckReport)
}).annotate({ identifier: "VerificationReport" })

/**
 * @since 0.1.0
 * @category models
 */
export interface VerificationReport extends Schema.Schema.Type<typeof VerificationReport> {}

/**
 * The checks that ended with `outcome`, in the order of the report.
 *
 * @since 0.1.0
 * @category getters
 */
export const checksThat = (outcome: Outcome, report: VerificationReport): ReadonlyArray<CheckReport> =>
  report.checks.filter((check) => check.outcome === outcome)

/**
 * One line for a person, e.g. `verified: 8 of 10 checks passed, skipped sha256Pin, announcedLength (312 bytes, SHA-256 …)`.
 *
 * @since 0.1.0
 * @category rendering
 */
export const renderLine = (report: VerificationReport): string => {
  const others = (["failed", "warned", "skipped"] as const).flatMap((outcome) => {
    const names = checksThat(outcome, report).map((check) => check.name)
    return names.length === 0 ? [] : [`, ${outcome} ${names.join(", ")}`]
  })
  const passed = `${checksThat("passed", report).length} of ${report.checks.length} checks passed`
  return `${verdict(report)}: ${passed}${others.join("")} (${bytes(report.size)}, SHA-256 ${report.sha256})`
}

/**
 * Several lines for a person: the verdict, size and digest, and a line for each check and for each thing
 * that one found.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: VerificationReport): string => {
  const width = Math.max(0, ...report.checks.map((check) => check.name.length))
  return [
    `${verdict(report)}, ${bytes(report.size)}, SHA-256 ${report.sha256}`,
    ...report.checks.flatMap((check) => [
      `  ${check.outcome.padEnd(7)}  ${check.name.padEnd(width)}  ${renderFinding(check)}`,
      ...(check.places ?? []).map(
        ({ message, position }) => `${" ".repeat(width + 15)}line ${position.line}: ${message}`
      )
    ])
  ].join("\n")
}

/**
 * What a check found, with its place: `expected 'fi' to close 'if' (line 12, column 1)`.
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
