/**
 * The checks of a setup script.
 *
 * @since 0.1.0
 */
import type { Check } from "./Check.ts"
import { notEmpty, notErrorBody, notHtml } from "./internal/checks/bodyChecks.ts"
import { allowedCapabilities } from "./internal/checks/capabilityChecks.ts"
import {
  expectedWrites,
  noBroadRemoval,
  noFetchedCode,
  noReaderTricks,
  noSensitiveChanges
} from "./internal/checks/commandChecks.ts"
import { complete, endsInCommand, finalNewline, nothingAppended } from "./internal/checks/completenessChecks.ts"
import {
  noBidirectionalControls,
  noByteOrderMark,
  noControlCharacters,
  noInvisibleCharacters,
  noLookalikes,
  unixLineEnds
} from "./internal/checks/encodingChecks.ts"
import {
  announcedLength,
  knownDigest,
  sha256Pin,
  signature,
  withinSizeLimits
} from "./internal/checks/integrityChecks.ts"
import { knownShebang, payload, shellDialect, shellSyntax, utf8Text } from "./internal/checks/shellChecks.ts"
import {
  certificateNames,
  certificates,
  configuredAddress,
  configuredTrustAnchors
} from "./internal/checks/trustChecks.ts"
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
 * Returns the check with this name; `undefined` if there is none.
 *
 * **When to use**: to explain a check of a report, whose names are open: a report of another version may name other
 * checks.
 *
 * @example
 * ```ts
 * import * as Checks from "@privx-kit/ueba/Checks"
 * import type { CheckReport } from "@privx-kit/ueba/VerificationReport"
 *
 * export const documentation = ({ name }: CheckReport) => Checks.get(name)?.documentation
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const get = (name: string): Check | undefined => all.find((check) => check.name === name)
