/**
 * What is demanded of a set-up script: for each check whether a finding fails the verification, only warns, or is not
 * looked for at all.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * - `required`: what the check finds wrong fails the verification
 * - `warned`: it is reported, and the verification goes on
 * - `off`: the check is not run
 *
 * @since 0.1.0
 * @category schemas
 */
export const Requirement = Schema.Literals(["required", "warned", "off"])

/**
 * @since 0.1.0
 * @category models
 */
export type Requirement = typeof Requirement.Type

/**
 * The names of the checks, in the order in which they run and are reported: what tells most about a wrong file first.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CheckName = Schema.Literals([
  "notEmpty",
  "notErrorBody",
  "notHtml",
  "withinSizeLimits",
  "announcedLength",
  "sha256Pin",
  "utf8Text",
  "knownShebang",
  "shellSyntax",
  "shellDialect"
])

/**
 * @since 0.1.0
 * @category models
 */
export type CheckName = typeof CheckName.Type

/**
 * Check → requirement; a check that is left out keeps its own. A name that no check has does not decode: a policy with a
 * slip of the pen must not pass for one that demands less.
 *
 * @since 0.1.0
 * @category schemas
 */
export const VerificationPolicy = Schema.Record(Schema.String, Requirement)
  .check(Schema.isPropertyNames(CheckName))
  .pipe(Schema.decodeTo(Schema.Record(CheckName, Schema.optionalKey(Requirement))))

/**
 * @since 0.1.0
 * @category models
 */
export interface VerificationPolicy extends Schema.Schema.Type<typeof VerificationPolicy> {}
