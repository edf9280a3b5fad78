/**
 * The verification of a set-up script before anybody runs it.
 *
 * Every check always runs, or says why it did not; the policy then decides what their findings mean. Nothing of the script
 * is executed, and no input, however hostile, makes this fail otherwise than typed.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { type Check, failed, type Finding, type Input, skipped } from "./Check.ts"
import * as Checks from "./Checks.ts"
import * as SetupScript from "./SetupScript.ts"
import type { Sha256 } from "./Sha256.ts"
import { VerificationFailed } from "./VerificationFailed.ts"
import type { DetachedSignature } from "./DetachedSignature.ts"
import type { KnownDigest } from "./PinFile.ts"
import {
  defaultWritePlaces,
  type ExpectedConfiguration,
  type Requirement,
  type VerificationPolicy
} from "./VerificationPolicy.ts"
import type { CheckReport, Outcome, Place, VerificationReport } from "./VerificationReport.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Bytes that the server announced (`Download.contentLength`). */
  readonly announcedLength?: number | undefined
  /** The digest of the script that was approved. */
  readonly sha256?: Sha256 | undefined
  /** Smallest size in bytes that is taken for a script; 1 unless given. */
  readonly minBytes?: number | undefined
  /** Largest size in bytes that is taken for a script and read; {@link defaultMaxBytes} unless given. */
  readonly maxBytes?: number | undefined
  /** The digests of scripts that are known to be good; counts before those of the policy. */
  readonly knownDigests?: ReadonlyArray<KnownDigest> | undefined
  /** A detached signature and the public key that must have made it; counts before that of the policy. */
  readonly signature?: DetachedSignature | undefined
  /** What PrivX says that the script is made from (`Ueba.configuration`); counts before that of the policy. */
  readonly configuration?: ExpectedConfiguration | undefined
  /** Why PrivX did not say, for the reports of the checks that would compare with it: one line. */
  readonly configurationUnknown?: string | undefined
  /** What is demanded beyond, or less than, what each check has for itself. */
  readonly policy?: VerificationPolicy | undefined
}

/**
 * 4 MiB. A set-up script is a few kilobytes; one that carries certificates and a packed payload may be much larger.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultMaxBytes = 4 * 1024 * 1024

/**
 * Looks at a set-up script, and reports.
 *
 * Fails with `VerificationFailed`, which carries the report, when a required check finds something wrong.
 *
 * @since 0.1.0
 * @category verification
 */
export const verifySetupScript = Effect.fn("Ueba.verifySetupScript")(function* (
  bytes: Uint8Array,
  options: Options = {}
): Effect.fn.Return<VerificationReport, VerificationFailed> {
  const report = yield* inspectSetupScript(bytes, options)
  return report.verified ? report : yield* new VerificationFailed({ report })
})

/**
 * The same, for who wants the report of a script that is wrong as well: never fails.
 *
 * @since 0.1.0
 * @category verification
 */
export const inspectSetupScript = Effect.fn("Ueba.inspectSetupScript")(function* (
  bytes: Uint8Array,
  options: Options = {}
): Effect.fn.Return<VerificationReport> {
  const { announcedLength, maxBytes = defaultMaxBytes, minBytes = 1, policy = {}, sha256 } = options
  const script = yield* SetupScript.make(bytes, maxBytes)
  const input: Input = {
    script,
    expected: {
      announcedLength,
      sha256,
      knownDigests: options.knownDigests ?? policy.knownDigests,
      signature: options.signature ?? policy.signature,
      configuration: options.configuration ?? policy.configuration,
      configurationUnknown: options.configurationUnknown,
      writePlaces: policy.writePlaces ?? defaultWritePlaces,
      minBytes,
      maxBytes
    }
  }
  const checks = yield* Effect.forEach(Checks.all, (check) =>
    run(check, input, policy.checks?.[check.name] ?? check.requirement)
  )
  return {
    verified: checks.every((check) => check.outcome !== "failed"),
    sha256: script.sha256,
    size: script.size,
    checks
  }
})

const run = Effect.fnUntraced(function* (
  check: Check,
  input: Input,
  requirement: Requirement
): Effect.fn.Return<CheckReport> {
  const finding = requirement === "off" ? skipped("switched off by the policy") : yield* findingOf(check, input)
  return {
    name: check.name,
    title: check.title,
    requirement,
    outcome: outcomeOf(finding, requirement),
    detail: Failure.singleLine(finding.detail, 300),
    ...(finding.position === undefined ? undefined : { position: finding.position }),
    ...(finding.places === undefined ? undefined : { places: finding.places.slice(0, 100).map(safePlace) })
  }
})

const safePlace = ({ message, position }: Place): Place => ({ message: Failure.singleLine(message, 200), position })

/** A check that breaks has found nothing good: it must neither take the process along nor let the script through. */
const findingOf = (check: Check, input: Input): Effect.Effect<Finding> =>
  Effect.suspend(() => {
    const finding = check.run(input)
    return Effect.isEffect(finding) ? finding : Effect.succeed(finding)
  }).pipe(
    Effect.catchCause((cause) =>
      Cause.hasInterrupts(cause)
        ? Effect.failCause(cause)
        : Effect.succeed(failed(`the check broke: ${Cause.squash(cause)}`))
    )
  )

const outcomeOf = (finding: Finding, requirement: Requirement): Outcome => {
  if (finding.outcome === "failed" && requirement === "warned") return "warned"
  return finding.outcome === "skipped" && requirement === "demanded" ? "failed" : finding.outcome
}
