/**
 * The checks of a set-up script.
 *
 * @since 0.1.0
 */
import type { Check } from "./Check.ts"
import { notEmpty, notErrorBody, notHtml } from "./internal/bodyChecks.ts"
import { expectedWrites, noBroadRemoval, noFetchedCode } from "./internal/commandChecks.ts"
import { complete, endsInCommand, finalNewline } from "./internal/completenessChecks.ts"
import {
  noBidirectionalControls,
  noByteOrderMark,
  noControlCharacters,
  noInvisibleCharacters,
  noLookalikes,
  unixLineEnds
} from "./internal/encodingChecks.ts"
import { announcedLength, knownDigest, sha256Pin, signature, withinSizeLimits } from "./internal/integrityChecks.ts"
import { knownShebang, shellDialect, shellSyntax, utf8Text } from "./internal/shellChecks.ts"
import { certificateNames, certificates, configuredAddress, configuredTrustAnchors } from "./internal/trustChecks.ts"
import type { CheckName } from "./VerificationPolicy.ts"

const byName: { readonly [Name in CheckName]: Check } = {
  notEmpty,
  notErrorBody,
  notHtml,
  withinSizeLimits,
  announcedLength,
  sha256Pin,
  knownDigest,
  signature,
  utf8Text,
  knownShebang,
  shellSyntax,
  complete,
  endsInCommand,
  finalNewline,
  shellDialect,
  noByteOrderMark,
  unixLineEnds,
  noBidirectionalControls,
  noInvisibleCharacters,
  noControlCharacters,
  noLookalikes,
  noFetchedCode,
  noBroadRemoval,
  expectedWrites,
  certificates,
  certificateNames,
  configuredAddress,
  configuredTrustAnchors
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
