/**
 * What PrivX says that the set-up script is made from, as a run keeps it: in its journal and its manifest, to compare the
 * script with, now and offline later.
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
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Or why it is not known, in one line. */
export const UebaConfiguration = Schema.Union([
  ExpectedConfiguration,
  Schema.Struct({ unknown: Schema.String.annotate({ description: "Why PrivX did not say" }) })
])

export type UebaConfiguration = typeof UebaConfiguration.Type

/** The checks that compare with it. */
const comparing: ReadonlyArray<CheckName> = ["certificateNames", "configuredAddress", "configuredTrustAnchors"]

/** Whether PrivX has to be asked: not where the policy says what it is, or that nobody wants to know. */
export const isWanted = ({ checks = {}, configuration }: VerificationPolicy = {}): boolean =>
  configuration === undefined && comparing.some((name) => checks[name] !== "off")

/**
 * Asks PrivX. That it will not say, because the account may not ask or it knows no such thing, is an answer as well: whether
 * the script is good enough without it is for the policy. A PrivX that is out of order or cannot be reached is none.
 */
export const ask: Effect.Effect<UebaConfiguration, PrivxFailure, Ueba> = Effect.flatMap(Ueba, (ueba) =>
  Effect.map(ueba.configuration, known)
).pipe(
  Effect.catch((failure) =>
    failure._tag === "TransportError" || RetryPolicy.isRetryable(failure, true)
      ? Effect.fail(failure)
      : Effect.succeed({ unknown: reasonOf(failure) })
  )
)

/** What was made of the last answer: reading certificates takes long, and a PrivX says the same each time. */
let last: { readonly answer: string; readonly configuration: ExpectedConfiguration } | undefined

const known = (answer: Parameters<typeof configurationOf>[0]): ExpectedConfiguration => {
  const text = JSON.stringify(answer)
  if (last?.answer !== text) last = { answer: text, configuration: configurationOf(answer) }
  return last.configuration
}

const reasonOf = ({ message }: PrivxFailure): string =>
  Failure.singleLine(message.replace(/^Ueba\.configuration failed: /, "").replace(/\.$/, ""), 200)

/** As the verification takes it. */
export const toOptions = (configuration: UebaConfiguration | undefined) =>
  configuration === undefined
    ? {}
    : "unknown" in configuration
      ? { configurationUnknown: configuration.unknown }
      : { configuration }
