/**
 * The verification of a setup script before it runs.
 *
 * Every check runs, or says why it did not; the policy then decides the consequence of the findings. A required check
 * that could not examine the script fails the verification. No part of the script is executed, and every input, even a
 * hostile one, results in a report.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Check, failed, type Finding, type Input } from "./Check.ts"
import * as Capabilities from "./Capabilities.ts"
import * as Checks from "./Checks.ts"
import { excerpts } from "./internal/text/excerpts.ts"
import type { Position } from "./Position.ts"
import type { ScriptFact } from "./ScriptFacts.ts"
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
  /** Bytes that the server announced (`Download.contentLength`), or `"unknown"` if it announced no length. */
  readonly announcedLength?: number | "unknown" | undefined
  /** The required digest of the script: that of the baseline or of the approved script. */
  readonly sha256?: Sha256 | undefined
  /** Smallest accepted size in bytes; default 1. */
  readonly minBytes?: number | undefined
  /** Largest accepted size in bytes; a larger script is not read. Default {@link defaultMaxBytes}. */
  readonly maxBytes?: number | undefined
  /** The digests of known good scripts; takes precedence over those of the policy. */
  readonly knownDigests?: ReadonlyArray<KnownDigest> | undefined
  /** A detached signature and the public key that verifies it; takes precedence over that of the policy. */
  readonly signature?: DetachedSignature | undefined
  /** The UEBA configuration (`Ueba.configuration`); takes precedence over that of the policy. */
  readonly configuration?: ExpectedConfiguration | undefined
  /** Why PrivX returned no configuration, in one line, for the checks that would compare with it. */
  readonly configurationUnknown?: string | undefined
  /** The policy of the administrator. */
  readonly policy?: VerificationPolicy | undefined
}

/**
 * 4 MiB. A setup script usually has a few kilobytes; one with certificates and a payload may be much larger.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultMaxBytes = 4 * 1024 * 1024

/**
 * Verifies a setup script, and returns the report.
 *
 * **When to use**: before a script is trusted, delivered or run. Use {@link inspectSetupScript} if the report of a
 * wrong script is a result and not a failure.
 *
 * **Errors**: `VerificationFailed`, which contains the complete report, if a check fails.
 *
 * @example
 * ```ts
 * import { VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
 * import * as Effect from "effect/Effect"
 *
 * const bytes = new TextEncoder().encode("#!/bin/sh\necho hello\n")
 * const program = Effect.map(VerifySetupScript.verifySetupScript(bytes), VerificationReport.renderLine)
 * ```
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
 * Verifies a setup script, and returns the report in any case. Never fails.
 *
 * @example
 * ```ts
 * import { VerifySetupScript } from "@privx-kit/ueba"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.map(VerifySetupScript.inspectSetupScript(new Uint8Array()), ({ verified }) => verified)
 * ```
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
      capabilities: policy.capabilities,
      minBytes,
      maxBytes
    }
  }
  const excerptAt = excerpts(script.text)
  const checks = yield* Effect.forEach(Checks.all, (check) => {
    const report = run(check, input, policy.checks?.[check.name] ?? check.requirement, excerptAt)
    // A large script blocks the event loop for one check at a time, not for all of them.
    return script.size > 256 * 1024 ? Effect.andThen(nextTurn, report) : report
  })
  const syntax = yield* script.syntax
  return {
    verified: checks.every((check) => check.outcome !== "failed"),
    sha256: script.sha256,
    size: script.size,
    checks,
    ...(Result.isSuccess(syntax)
      ? {
          capabilities: capabilitiesOf(syntax.success.facts).slice(0, Capabilities.mostCapabilities),
          ...(syntax.success.incomplete ? { capabilitiesIncomplete: true as const } : undefined)
        }
      : undefined)
  }
})

/**
 * Returns what a setup script does to a host, without verifying it; `undefined` if the script cannot be parsed, or does
 * more than can be followed. Never fails.
 *
 * **When to use**: to compare two scripts with `Capabilities.compare`. The report of a verification contains the same.
 *
 * @example
 * ```ts
 * import { Capabilities, VerifySetupScript } from "@privx-kit/ueba"
 * import * as Effect from "effect/Effect"
 *
 * const bytes = new TextEncoder().encode("#!/bin/sh\nmkdir /opt/ueba\n")
 * const program = Effect.map(VerifySetupScript.capabilities(bytes), (all) => Capabilities.sentence(all ?? []))
 * ```
 *
 * @since 0.1.0
 * @category verification
 */
export const capabilities = Effect.fn("Ueba.capabilities")(function* (
  bytes: Uint8Array,
  options: Pick<Options, "maxBytes"> = {}
): Effect.fn.Return<ReadonlyArray<Capabilities.Capability> | undefined> {
  const script = yield* SetupScript.make(bytes, options.maxBytes ?? defaultMaxBytes)
  const syntax = yield* script.syntax
  return Result.isSuccess(syntax) && !syntax.success.incomplete ? capabilitiesOf(syntax.success.facts) : undefined
})

/** Yields to the event loop. */
const nextTurn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

const run = Effect.fnUntraced(function* (
  check: Check,
  input: Input,
  requirement: Requirement,
  excerptAt: (position: Position) => string | undefined
): Effect.fn.Return<CheckReport> {
  const { name, title, why, hint } = check
  if (requirement === "off") return { name, title, requirement, outcome: "off", detail: "disabled by the policy" }
  const { detail, outcome: found, places, position } = yield* findingOf(check, input)
  const outcome = outcomeOf(found, requirement)
  const excerpt = position === undefined || places !== undefined ? undefined : excerptAt(position)
  return {
    name,
    title,
    requirement,
    outcome,
    ...(found === "notLooked" ? { notLooked: true as const } : undefined),
    detail: Failure.singleLine(found === "notLooked" ? `could not examine the script: ${detail}` : detail, 300),
    ...(position === undefined ? undefined : { position }),
    ...(excerpt === undefined ? undefined : { excerpt }),
    ...(places === undefined
      ? undefined
      : { places: places.slice(0, 100).map((place) => safePlace(place, excerptAt)) }),
    ...(outcome === "failed" || outcome === "warned" ? { why, hint } : undefined)
  }
})

const capabilitiesOf = (facts: ReadonlyArray<ScriptFact>): ReadonlyArray<Capabilities.Capability> =>
  Capabilities.fromFacts(facts).map((capability) => ({
    ...capability,
    subject: Failure.singleLine(capability.subject, 300),
    by: Failure.singleLine(capability.by, 100),
    ...(capability.concern === undefined ? undefined : { concern: Failure.singleLine(capability.concern, 200) })
  }))

const safePlace = (place: Place, excerptAt: (position: Position) => string | undefined): Place => {
  const message = Failure.singleLine(place.message, 200)
  const excerpt = place.excerpt === undefined ? excerptAt(place.position) : Failure.singleLine(place.excerpt, 200)
  return {
    message,
    position: place.position,
    // A message that quotes the command needs no excerpt of the same line.
    ...(excerpt === undefined || message.includes(excerpt.slice(0, 40)) ? undefined : { excerpt })
  }
}

/** A check that throws must neither end the process nor let the script pass. */
const findingOf = (check: Check, input: Input): Effect.Effect<Finding> =>
  Effect.suspend(() => {
    const finding = check.run(input)
    return Effect.isEffect(finding) ? finding : Effect.succeed(finding)
  }).pipe(
    Effect.catchCause((cause) =>
      Cause.hasInterrupts(cause)
        ? Effect.failCause(cause)
        : Effect.succeed(failed(`the check failed with an internal error: ${Cause.squash(cause)}`))
    )
  )

const outcomeOf = (found: Finding["outcome"], requirement: Exclude<Requirement, "off">): Outcome => {
  if (requirement === "demanded") return found === "passed" ? "passed" : "failed"
  if (found === "failed" || found === "notLooked") return requirement === "warned" ? "warned" : "failed"
  return found
}
