/**
 * The checks of a setup script.
 *
 * @since 0.1.0
 */
import type { Check } from "./Check.ts"
import { notEmpty, notErrorBody, notHtml } from "./internal/bodyChecks.ts"
import { allowedCapabilities } from "./internal/capabilityChecks.ts"
import {
  expectedWrites,
  noBroadRemoval,
  noFetchedCode,
  noReaderTricks,
  noSensitiveChanges
} from "./internal/commandChecks.ts"
import { complete, endsInCommand, finalNewline, nothingAppended } from "./internal/completenessChecks.ts"
import {
  noBidirectionalControls,
  noByteOrderMark,
  noControlCharacters,
  noInvisibleCharacters,
  noLookalikes,
  unixLineEnds
} from "./internal/encodingChecks.ts"
import { announcedLength, knownDigest, sha256Pin, signature, withinSizeLimits } from "./internal/integrityChecks.ts"
import { knownShebang, payload, shellDialect, shellSyntax, utf8Text } from "./internal/shellChecks.ts"
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
  payload,
  knownShebang,
  shellSyntax,
  complete,
  nothingAppended,
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
  noSensitiveChanges,
  noReaderTricks,
  allowedCapabilities,
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
 * The check with that name, if there is one.
 *
 * @since 0.1.0
 * @category getters
 */
export const get = (name: string): Check | undefined => all.find((check) => check.name === name)
