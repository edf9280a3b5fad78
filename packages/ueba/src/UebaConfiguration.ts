/**
 * The configuration of UEBA, from which PrivX generates the setup script.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Tolerant from "./internal/tolerant.ts"

/**
 * PrivX's description of a trust anchor. Source: the official Go SDK. Any field may be absent.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TrustAnchorInfo = Schema.Struct({
  subject: Tolerant.optionalText,
  issuer: Tolerant.optionalText,
  serial: Tolerant.optionalText,
  not_before: Tolerant.optionalText,
  not_after: Tolerant.optionalText,
  fingerprint_sha1: Tolerant.optionalText,
  fingerprint_sha256: Tolerant.optionalText
})

/**
 * @since 0.1.0
 * @category models
 */
export interface TrustAnchorInfo extends Schema.Schema.Type<typeof TrustAnchorInfo> {}

/**
 * The response of `Ueba.configuration`. The reference marks no field as required; absent fields are empty here. Source:
 * the official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UebaConfiguration = Schema.Struct({
  /** Of the UEBA server; empty if none is configured. */
  address: Tolerant.withDefault(Schema.String, ""),
  /** PEM certificates one after another; empty if none are configured. */
  trust_anchors: Tolerant.withDefault(Schema.String, ""),
  /** PrivX's descriptions of the trust anchors, for people; an entry may be any JSON. */
  trust_anchors_info: Tolerant.optional(Schema.Array(Schema.Json))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface UebaConfiguration extends Schema.Schema.Type<typeof UebaConfiguration> {}

/**
 * Decodes an entry of `trust_anchors_info`; `undefined` if it is not an object with the documented fields.
 *
 * @example
 * ```ts
 * import * as UebaConfiguration from "@privx-kit/ueba/UebaConfiguration"
 *
 * const subjects = ({ trust_anchors_info = [] }: UebaConfiguration.UebaConfiguration) =>
 *   trust_anchors_info.map((entry) => UebaConfiguration.trustAnchorInfo(entry)?.subject)
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const trustAnchorInfo = (entry: Schema.Json): TrustAnchorInfo | undefined => {
  const decoded = decodeInfo(entry)
  return decoded._tag === "Success" ? decoded.value : undefined
}

const decodeInfo = Schema.decodeUnknownExit(TrustAnchorInfo)

/**
 * The settings for `Ueba.setConfiguration`. The effect of an omitted field is not documented. Source: the official
 * SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ConfigurationUpdate = Schema.Struct({
  address: Schema.optionalKey(Schema.String),
  /** PEM certificates one after another. */
  trust_anchors: Schema.optionalKey(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ConfigurationUpdate extends Schema.Schema.Type<typeof ConfigurationUpdate> {}
