/**
 * What PrivX does with a connection that UEBA classifies as an anomaly, and how strict UEBA is.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Tolerant from "./internal/tolerant.ts"

/**
 * The actions that the reference lists: block the connection, or only write it to the audit log.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownAction = Schema.Literals(["BLOCK", "AUDIT"])

/**
 * @since 0.1.0
 * @category models
 */
export type KnownAction = typeof KnownAction.Type

/**
 * The response of `Ueba.anomalySettings`. `action` is open on the wire: see {@link KnownAction} for the documented
 * ones. A field that the server does not send is absent. Source: the official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AnomalySettings = Schema.Struct({
  action: Tolerant.optionalText,
  /** From 0.0 (loose) to 1.0 (strict). */
  threshold: Tolerant.optional(Schema.Finite)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface AnomalySettings extends Schema.Schema.Type<typeof AnomalySettings> {}

/**
 * The settings for `Ueba.setAnomalySettings`; both fields are required. Source: the official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AnomalySettingsUpdate = Schema.Struct({
  action: KnownAction,
  /** From 0.0 (loose) to 1.0 (strict). */
  threshold: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface AnomalySettingsUpdate extends Schema.Schema.Type<typeof AnomalySettingsUpdate> {}
