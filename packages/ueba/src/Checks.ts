/**
 * The checks of a set-up script.
 *
 * @since 0.1.0
 */
import type { Check } from "./Check.ts"
import { notEmpty, notErrorBody, notHtml } from "./internal/bodyChecks.ts"
import { announcedLength, sha256Pin, withinSizeLimits } from "./internal/integrityChecks.ts"
import { knownShebang, shellDialect, shellSyntax, utf8Text } from "./internal/shellChecks.ts"
import type { CheckName } from "./VerificationPolicy.ts"

const byName: { readonly [Name in CheckName]: Check } = {
  notEmpty,
  notErrorBody,
  notHtml,
  withinSizeLimits,
  announcedLength,
  sha256Pin,
  utf8Text,
  knownShebang,
  shellSyntax,
  shellDialect
}

/**
 * Every check, in the order in which they run and are reported.
 *
 * @since 0.1.0
 * @category constants
 */
export const all: ReadonlyArray<Check> = Object.values(byName)

/**
 * The check of that name, if there is one.
 *
 * @since 0.1.0
 * @category getters
 */
export const get = (name: string): Check | undefined => all.find((check) => check.name === name)
