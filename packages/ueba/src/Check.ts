/**
 * One verification rule for a setup script. A check is independent of the other checks and of the policy, which decides
 * the consequence of its finding.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { CapabilityRules } from "./CapabilityRules.ts"
import type { SetupScript } from "./SetupScript.ts"
import type { Sha256 } from "./Sha256.ts"
import type { ShellSyntax } from "./ShellSyntax.ts"
import type { DetachedSignature } from "./DetachedSignature.ts"
import type { KnownDigest } from "./PinFile.ts"
import type { CheckName, ExpectedConfiguration, Requirement } from "./VerificationPolicy.ts"
import type { Position } from "./Position.ts"
import type { Place } from "./VerificationReport.ts"

/**
 * The input of a check: the script, and the facts about it from other sources.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input {
  readonly script: SetupScript
  readonly expected: Expected
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Expected {
  /** Bytes that the server announced; `"unknown"` if the script was downloaded and the server announced no length. */
  readonly announcedLength: number | "unknown" | undefined
  /** The required digest of the script: that of the baseline or of the approved script. */
  readonly sha256: Sha256 | undefined
  /** The digests of known good scripts, if there is such a list. */
  readonly knownDigests: ReadonlyArray<KnownDigest> | undefined
  readonly signature: DetachedSignature | undefined
  /** The UEBA configuration, if it was requested from PrivX. */
  readonly configuration: ExpectedConfiguration | undefined
  /** Why PrivX did not return the configuration, in one line. */
  readonly configurationUnknown: string | undefined
  /** Where the script may write: absolute paths, with everything below them. */
  readonly writePlaces: ReadonlyArray<string>
  /** The rules of the policy for capabilities, if it has any. */
  readonly capabilities: CapabilityRules | undefined
  /** Bytes, inclusive. */
  readonly minBytes: number
  /** Bytes, inclusive. */
  readonly maxBytes: number
}

/**
 * The outcome of a check:
 *
 * - `passed`: nothing is wrong
 * - `failed`: something is wrong
 * - `warned`: something is unusual and should be reviewed by a person
 * - `notApplicable`: the check had nothing to examine or to compare with
 * - `notLooked`: the check could not examine the script, so its result is unknown
 *
 * @since 0.1.0
 * @category models
 */
export interface Finding {
  readonly outcome: "passed" | "failed" | "warned" | "notApplicable" | "notLooked"
  /** A short description of the finding. It may quote the script; it is sanitized to one line before it is reported. */
  readonly detail: string
  readonly position?: Position
  /** The single occurrences, for a finding that is a list. The first ones are sufficient. */
  readonly places?: ReadonlyArray<Place>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Check {
  /** Stable id, used by reports, policies and documentation. */
  readonly name: CheckName
  /** The title of the check: `Shell syntax`. Always shown together with {@link name}. */
  readonly title: string
  /** What the check examines, what it finds, and what it cannot find. */
  readonly documentation: string
  /** Why a finding matters to a person who is about to run the script as root, in one sentence. */
  readonly why: string
  /** What to do about a finding: one line. */
  readonly hint: string
  /** The default requirement. */
  readonly requirement: Requirement
  /** Examines the script. Returns an `Effect` if that takes more than a moment. It must not depend on another check. */
  readonly run: (input: Input) => Finding | Effect.Effect<Finding>
}

/**
 * Makes the `run` of a check that examines the text.
 *
 * **When to use**: for a check that needs no syntax tree. For commands, use {@link overSyntax}.
 *
 * **Details**: if the script has no text, for example because it is a binary file, the outcome is `notLooked`.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const run = Check.overText((text) =>
 *   text.includes("\t") ? Check.warned("contains tabs") : Check.passed("contains no tabs")
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const overText =
  (look: (text: string, input: Input) => Finding | Effect.Effect<Finding>): Check["run"] =>
  (input) =>
    Result.match(input.script.text, {
      onFailure: ({ detail }) => notLooked(detail),
      onSuccess: (text) => look(text, input)
    })

/**
 * Makes the `run` of a check that examines the syntax tree.
 *
 * **Details**: the script is parsed once for all checks. If it was not parsed, the outcome is `notLooked`.
 *
 * **Gotchas**: a script with a syntax error has a tree as well, whose lists may be incomplete. Its `error` says what is
 * wrong.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const run = Check.overSyntax(({ facts }) =>
 *   facts.some(({ kind }) => kind === "downloads")
 *     ? Check.failed("downloads something")
 *     : Check.passed("downloads nothing")
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const overSyntax = (look: (syntax: ShellSyntax, input: Input) => Finding): Check["run"] =>
  overText((_, input) =>
    Effect.map(input.script.syntax, Result.match({ onFailure: notLooked, onSuccess: (syntax) => look(syntax, input) }))
  )

/**
 * Makes the finding of a check that found nothing wrong.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const finding = Check.passed("valid UTF-8")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const passed = (detail: string): Finding => ({ outcome: "passed", detail })

/**
 * Makes the finding that something is wrong, with its position if it has one.
 *
 * **When to use**: for a single finding. {@link failedAt} lists several positions.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const finding = Check.failed("expected 'fi' to close 'if'", { line: 12, column: 1 })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const failed = (detail: string, position?: Position): Finding => ({
  outcome: "failed",
  detail,
  ...(position === undefined ? undefined : { position })
})

/**
 * Makes a failure that lists several positions; its own position is the first.
 *
 * **Details**: without places, it is a failure without a position.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const run = Check.overSyntax(({ broadRemovals }) =>
 *   broadRemovals.length === 0
 *     ? Check.passed("removes nothing broad")
 *     : Check.failedAt(`${broadRemovals.length} broad removals`, broadRemovals)
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const failedAt = (detail: string, places: ReadonlyArray<Place>): Finding => ({
  ...failed(detail, places[0]?.position),
  places
})

/**
 * Makes a warning that lists several positions; its own position is the first.
 *
 * **Details**: without places, it is a warning without a position.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const run = Check.overSyntax(({ bashOnly }) =>
 *   bashOnly.length === 0 ? Check.passed("plain sh") : Check.warnedAt("uses syntax of Bash", bashOnly)
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const warnedAt = (detail: string, places: ReadonlyArray<Place>): Finding => ({
  ...warned(detail, places[0]?.position),
  places
})

/**
 * Makes the finding that something is unusual and should be reviewed by a person, with its position if it has one.
 *
 * **When to use**: for a single finding. {@link warnedAt} lists several positions.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const finding = Check.warned("the shell is at an unusual path", { line: 1, column: 1 })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const warned = (detail: string, position?: Position): Finding => ({
  outcome: "warned",
  detail,
  ...(position === undefined ? undefined : { position })
})

/**
 * Makes the finding of a check that has nothing to examine or to compare with.
 *
 * **Gotchas**: it fails the verification if the requirement of the check is `demanded`.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const run: Check.Check["run"] = ({ expected: { sha256 }, script }) => {
 *   if (sha256 === undefined) return Check.notApplicable("no digest is required")
 *   return script.sha256 === sha256 ? Check.passed("has the required digest") : Check.failed("has another digest")
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const notApplicable = (detail: string): Finding => ({ outcome: "notApplicable", detail })

/**
 * Makes the finding of a check that could not examine the script, so that its result is unknown.
 *
 * **When to use**: if the check could not examine the script. {@link notApplicable} is for a check that has nothing to
 * examine.
 *
 * **Gotchas**: it fails the verification unless the requirement of the check is `warned`.
 *
 * @example
 * ```ts
 * import * as Check from "@privx-kit/ueba/Check"
 *
 * export const finding = Check.notLooked("not read: larger than 4194304 bytes")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const notLooked = (detail: string): Finding => ({ outcome: "notLooked", detail })
