/**
 * What is demanded of a set-up script: for each check whether a finding fails the verification, only warns, or is not
 * looked for at all, and what the checks compare the script with.
 *
 * A policy is plain data: it is written down in a file, and goes into the journal of a run as it is.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as DetachedSignature from "./DetachedSignature.ts"
import { embedded } from "./internal/certificates.ts"
import { KnownDigest } from "./PinFile.ts"

/**
 * - `demanded`: as `required`; and what the check compares with must be given, and the check must have looked: one that is
 *   skipped fails the verification
 * - `required`: what the check finds wrong fails the verification
 * - `warned`: it is reported, and the verification goes on
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
 * The names of the checks, in the order in which they run and are reported: what tells most about a wrong file first.
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
  "knownShebang",
  "shellSyntax",
  "complete",
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
 * Check → requirement; a check that is left out keeps its own. A name that no check has does not decode: a policy with a
 * slip of the pen must not pass for one that demands less.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CheckRequirements = Schema.Record(Schema.String, Requirement)
  .check(Schema.isPropertyNames(CheckName))
  .pipe(Schema.decodeTo(Schema.Record(CheckName, Schema.optionalKey(Requirement))))

/**
 * @since 0.1.0
 * @category models
 */
export interface CheckRequirements extends Schema.Schema.Type<typeof CheckRequirements> {}

/**
 * What PrivX says that the script is made from (`Ueba.configuration`): an address, and PEM certificates.
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
 * What the checks need of an answer of `Ueba.configuration`, and nothing else of it: the address without credentials, and of
 * the trust anchors the certificates alone. People paste more than that into such fields, and this is written down: in
 * journals, manifests and reports. What cannot be read stays recognisable as that, without its text.
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

const AbsolutePath = Schema.String.check(Schema.isPattern(/^\//, { message: "Expected an absolute path" }))

/**
 * The places that a script may write to where the policy names no others, with all that is below them.
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
  /** What is demanded beyond, or less than, what each check has for itself. */
  checks: Schema.optionalKey(CheckRequirements),
  /** The digests of scripts that are known to be good: for `knownDigest`. */
  knownDigests: Schema.optionalKey(Schema.Array(KnownDigest)),
  /** A detached signature and the key that must have made it: for `signature`. */
  signature: Schema.optionalKey(DetachedSignature.DetachedSignature),
  /** Where the script may write, instead of {@link defaultWritePlaces}: for `expectedWrites`. */
  writePlaces: Schema.optionalKey(Schema.Array(AbsolutePath)),
  /** For `configuredAddress`, `configuredTrustAnchors` and `certificateNames`. */
  configuration: Schema.optionalKey(ExpectedConfiguration)
}

/**
 * All of it is optional, and nothing else is allowed: a key that is not known does not decode.
 *
 * @since 0.1.0
 * @category schemas
 */
export const VerificationPolicy = Schema.Record(Schema.String, Schema.Json)
  .check(Schema.isPropertyNames(Schema.Literals(Object.keys(fields))))
  .pipe(Schema.decodeTo(Schema.Struct(fields)))
  .annotate({ identifier: "VerificationPolicy" })

/**
 * @since 0.1.0
 * @category models
 */
export interface VerificationPolicy extends Schema.Schema.Type<typeof VerificationPolicy> {}
