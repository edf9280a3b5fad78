/**
 * One thing that is asked of a set-up script. A check knows nothing of the others, and neither of the policy that decides
 * what its finding means.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { SetupScript } from "./SetupScript.ts"
import type { Sha256 } from "./Sha256.ts"
import type { DetachedSignature } from "./DetachedSignature.ts"
import type { KnownDigest } from "./PinFile.ts"
import type { CheckName, ExpectedConfiguration, Requirement } from "./VerificationPolicy.ts"
import type { Place, Position } from "./VerificationReport.ts"

/**
 * What a check looks at: the script, and what is known about it from elsewhere.
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
  /** Bytes that the server announced, where it did. */
  readonly announcedLength: number | undefined
  /** The digest of the script that was approved, where one was. */
  readonly sha256: Sha256 | undefined
  /** The digests of scripts that are known to be good, where there is such a list. */
  readonly knownDigests: ReadonlyArray<KnownDigest> | undefined
  readonly signature: DetachedSignature | undefined
  /** What PrivX says that the script is made from, where that was asked. */
  readonly configuration: ExpectedConfiguration | undefined
  /** Why PrivX did not say, where it was asked and did not: one line. */
  readonly configurationUnknown: string | undefined
  /** Where the script may write: absolute paths, with all that is below them. */
  readonly writePlaces: ReadonlyArray<string>
  /** Bytes, inclusive. */
  readonly minBytes: number
  /** Bytes, inclusive. */
  readonly maxBytes: number
}

/**
 * What a check found. `warned` is for what is odd and not wrong, whatever the policy says; `skipped` for a check that does
 * not apply or could not look.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finding {
  readonly outcome: "passed" | "failed" | "warned" | "skipped"
  /** What was found, in a few words. May quote the script: it is made safe for one line before it is reported. */
  readonly detail: string
  readonly position?: Position
  /** Each thing that was found, for a finding that is a list. The first ones are enough. */
  readonly places?: ReadonlyArray<Place>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Check {
  /** Stable: reports, policies and documentation go by it. */
  readonly name: CheckName
  /** What it holds the script to, in a few words. */
  readonly title: string
  /** What it looks at, what it finds, and what it cannot. */
  readonly documentation: string
  /** What to do about a failure, in one line. */
  readonly hint: string
  /** What holds where the policy does not say otherwise. */
  readonly requirement: Requirement
  /** Looks at the script. An `Effect` where that takes more than a moment; neither may depend on another check. */
  readonly run: (input: Input) => Finding | Effect.Effect<Finding>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const passed = (detail: string): Finding => ({ outcome: "passed", detail })

/**
 * @since 0.1.0
 * @category constructors
 */
export const failed = (detail: string, position?: Position): Finding => ({
  outcome: "failed",
  detail,
  ...(position === undefined ? undefined : { position })
})

/**
 * A finding that is a list: fails with `detail` and where each thing is; the position is that of the first.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failedAt = (detail: string, places: ReadonlyArray<Place>): Finding => ({
  ...failed(detail, places[0]?.position),
  places
})

/**
 * The same for what is odd and not wrong.
 *
 * @since 0.1.0
 * @category constructors
 */
export const warnedAt = (detail: string, places: ReadonlyArray<Place>): Finding => ({
  ...warned(detail, places[0]?.position),
  places
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const warned = (detail: string, position?: Position): Finding => ({
  outcome: "warned",
  detail,
  ...(position === undefined ? undefined : { position })
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const skipped = (detail: string): Finding => ({ outcome: "skipped", detail })
