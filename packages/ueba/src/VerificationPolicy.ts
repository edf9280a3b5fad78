/**
 * The requirements of an administrator for a setup script: for each check whether a finding fails the verification,
 * only warns, or the check is off, and the values with which the checks compare the script.
 *
 * A policy is plain data: it is read from a file and stored unchanged in the journal of a run.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as DetachedSignature from "./DetachedSignature.ts"
import { CapabilityRules } from "./CapabilityRules.ts"
import { names } from "./internal/closedStruct.ts"
import { embedded } from "./internal/text/certificates.ts"
import { KnownDigest } from "./PinFile.ts"

/**
 * - `demanded`: the check must pass. A warning or an inapplicable check fails the verification as well
 * - `required`: the verification fails if the check fails or could not examine the script
 * - `warned`: findings are reported but do not fail the verification
 * - `off`: the check is not run
 *
 * @since 0.1.0
 * @category schemas
 */
export const Requirement = Schema.Literals(["demanded", "required", "warned", "off"])

/**
 * @since 0.1.0
 * @category models
 */
export type Requirement = typeof Requirement.Type

/**
 * The names of the checks, in the order in which they run: those that best identify a wrong file first.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CheckName = Schema.Literals([
  "notEmpty",
  "notErrorBody",
  "notHtml",
  "withinSizeLimits",
  "announcedLength",
  "sha256Pin",
  "knownDigest",
  "signature",
  "utf8Text",
  "payload",
  "knownShebang",
  "shellSyntax",
  "complete",
  "nothingAppended",
  "endsInCommand",
  "finalNewline",
  "shellDialect",
  "noByteOrderMark",
  "unixLineEnds",
  "noBidirectionalControls",
  "noInvisibleCharacters",
  "noControlCharacters",
  "noLookalikes",
  "noFetchedCode",
  "noBroadRemoval",
  "expectedWrites",
  "noSensitiveChanges",
  "noReaderTricks",
  "allowedCapabilities",
  "certificates",
  "certificateNames",
  "configuredAddress",
  "configuredTrustAnchors"
])

/**
 * @since 0.1.0
 * @category models
 */
export type CheckName = typeof CheckName.Type

/**
 * The requirement of each check; an omitted check keeps its default. An unknown name does not decode: a policy with a
 * typo must not require less than intended.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CheckRequirements = Schema.Record(Schema.String, Requirement)
  .check(names(Object.fromEntries(CheckName.literals.map((name) => [name, Schema.optionalKey(Requirement)]))))
  .pipe(Schema.decodeTo(Schema.Record(CheckName, Schema.optionalKey(Requirement))))

/**
 * @since 0.1.0
 * @category models
 */
export interface CheckRequirements extends Schema.Schema.Type<typeof CheckRequirements> {}

/**
 * The UEBA configuration (`Ueba.configuration`): an address, and PEM certificates.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExpectedConfiguration = Schema.Struct({ address: Schema.String, trust_anchors: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export interface ExpectedConfiguration extends Schema.Schema.Type<typeof ExpectedConfiguration> {}

/**
 * Reduces a response of `Ueba.configuration` to what the checks need: the address without credentials, and only the
 * certificates of the trust anchors.
 *
 * **When to use**: before a response is stored or passed to a verification. People paste other text into such fields,
 * and the result is stored in journals, manifests and reports.
 *
 * **Details**: unreadable certificates remain recognizable as such, without their text.
 *
 * @example
 * ```ts
 * import { Ueba } from "@privx-kit/ueba/Ueba"
 * import * as VerificationPolicy from "@privx-kit/ueba/VerificationPolicy"
 * import * as Effect from "effect/Effect"
 *
 * export const expected = Ueba.use((ueba) => Effect.map(ueba.configuration, VerificationPolicy.configurationOf))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const configurationOf = ({ address, trust_anchors }: ExpectedConfiguration): ExpectedConfiguration => {
  const found = embedded(trust_anchors)
  return {
    // `user:password@` before the host, with or without a scheme.
    address: address.trim().replace(/^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, ""),
    trust_anchors:
      found.length === 0 && trust_anchors.trim() !== ""
        ? "unreadable"
        : found
            .map(({ certificate }) =>
              Result.isSuccess(certificate)
                ? certificate.success.toString()
                : "-----BEGIN CERTIFICATE-----\nunreadable\n-----END CERTIFICATE-----\n"
            )
            .join("")
  }
}

const AbsolutePath = Schema.String.check(Schema.isPattern(/^\//u, { message: "Expected an absolute path" }))

/**
 * The places to which a script may write by default, including everything below them.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultWritePlaces: ReadonlyArray<string> = [
  "/etc",
  "/opt",
  "/var/lib",
  "/var/log",
  "/usr/local",
  "/run",
  "/tmp",
  "/var/tmp"
]

const fields = {
  /** Requirements that differ from the defaults of the checks. */
  checks: Schema.optionalKey(CheckRequirements),
  /** The digests of known good scripts, for `knownDigest`. */
  knownDigests: Schema.optionalKey(Schema.Array(KnownDigest)),
  /** A detached signature and the key that verifies it, for `signature`. */
  signature: Schema.optionalKey(DetachedSignature.DetachedSignature),
  /** Where the script may write, instead of {@link defaultWritePlaces}: for `expectedWrites`. */
  writePlaces: Schema.optionalKey(Schema.Array(AbsolutePath)),
  /** What the script may do: for `allowedCapabilities`. */
  capabilities: Schema.optionalKey(CapabilityRules),
  /** For `configuredAddress`, `configuredTrustAnchors` and `certificateNames`. */
  configuration: Schema.optionalKey(ExpectedConfiguration)
}

/**
 * All fields are optional. An unknown key does not decode.
 *
 * @since 0.1.0
 * @category schemas
 */
export const VerificationPolicy = Schema.Record(Schema.String, Schema.Json)
  .check(names(fields))
  .annotate({ identifier: "VerificationPolicy" })
  .pipe(Schema.decodeTo(Schema.Struct(fields)))

/**
 * @since 0.1.0
 * @category models
 */
export interface VerificationPolicy extends Schema.Schema.Type<typeof VerificationPolicy> {}
