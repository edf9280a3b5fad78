/**
 * The UEBA configuration that PrivX reported, as a run records it in its journal and manifest, so that the script can
 * be compared with it, also offline and later.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { Ueba } from "@privx-kit/ueba/Ueba"
import {
  type CheckName,
  configurationOf,
  ExpectedConfiguration,
  type VerificationPolicy
} from "@privx-kit/ueba/VerificationPolicy"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * The configuration that PrivX reported, or why it is unknown, in one line.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UebaConfiguration = Schema.Union([
  ExpectedConfiguration,
  Schema.Struct({ unknown: Schema.String.annotate({ description: "Why PrivX did not report it" }) })
])

/**
 * @since 0.1.0
 * @category models
 */
export type UebaConfiguration = typeof UebaConfiguration.Type

/** The checks that compare with it. */
const comparing: ReadonlyArray<CheckName> = ["certificateNames", "configuredAddress", "configuredTrustAnchors"]

/**
 * Returns whether the configuration must be requested: not if the policy contains one or disables every check that
 * compares with it.
 *
 * **When to use**: before {@link ask}, to save a request that no check needs.
 *
 * @example
 * ```ts
 * import * as RecordedConfiguration from "@privx-kit/ueba/RecordedConfiguration"
 * import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
 * import * as Effect from "effect/Effect"
 *
 * export const configuration = (policy: VerificationPolicy) =>
 *   RecordedConfiguration.isWanted(policy) ? RecordedConfiguration.ask : Effect.undefined
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const isWanted = ({ checks = {}, configuration }: VerificationPolicy = {}): boolean =>
  configuration === undefined && comparing.some((name) => checks[name] !== "off")

/**
 * Requests the configuration from PrivX, reduced by `VerificationPolicy.configurationOf`.
 *
 * **When to use**: right after the download of the script, so that it is the configuration from which PrivX generated
 * the script.
 *
 * **Details**: a refusal, because the account lacks the permission or PrivX has no such endpoint, is recorded as well:
 * the policy decides whether the script is acceptable without the comparison.
 *
 * **Errors**: those of `Ueba.configuration` if PrivX has an error or cannot be reached.
 *
 * @example
 * ```ts
 * import * as RecordedConfiguration from "@privx-kit/ueba/RecordedConfiguration"
 * import * as Effect from "effect/Effect"
 *
 * export const isKnown = Effect.map(RecordedConfiguration.ask, (configuration) => !("unknown" in configuration))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const ask: Effect.Effect<UebaConfiguration, PrivxFailure, Ueba> = Effect.flatMap(Ueba, (ueba) =>
  Effect.flatMap(ueba.configuration, known)
).pipe(
  Effect.catch((failure) =>
    failure._tag === "TransportError" || RetryPolicy.isRetryable(failure, true)
      ? Effect.fail(failure)
      : Effect.succeed({ unknown: reasonOf(failure) })
  )
)

interface LastAnswer {
  parsed: { readonly answer: string; readonly configuration: ExpectedConfiguration } | undefined
}

/** Parsing certificates takes long, and PrivX sends the same response each time. By default all runs of a process share it. */
const LastAnswer = Context.Reference<LastAnswer>("@privx-kit/ueba/RecordedConfiguration/LastAnswer", {
  defaultValue: () => ({ parsed: undefined })
})

const known = (answer: Parameters<typeof configurationOf>[0]): Effect.Effect<ExpectedConfiguration> =>
  Effect.map(LastAnswer, (last) => {
    const text = JSON.stringify(answer)
    if (last.parsed?.answer !== text) last.parsed = { answer: text, configuration: configurationOf(answer) }
    return last.parsed.configuration
  })

const reasonOf = ({ message }: PrivxFailure): string =>
  Failure.singleLine(message.replace(/^Ueba\.configuration failed: /, "").replace(/\.$/, ""), 200)

/**
 * Converts the record to the options of the verification; no options if nothing was recorded.
 *
 * @example
 * ```ts
 * import * as RecordedConfiguration from "@privx-kit/ueba/RecordedConfiguration"
 * import { verifySetupScript } from "@privx-kit/ueba/VerifySetupScript"
 * import * as Effect from "effect/Effect"
 *
 * export const verified = (script: Uint8Array) =>
 *   Effect.flatMap(RecordedConfiguration.ask, (configuration) =>
 *     verifySetupScript(script, RecordedConfiguration.toOptions(configuration))
 *   )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const toOptions = (configuration: UebaConfiguration | undefined) =>
  configuration === undefined
    ? {}
    : "unknown" in configuration
      ? { configurationUnknown: configuration.unknown }
      : { configuration }
