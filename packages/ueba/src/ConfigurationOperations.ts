/**
 * The operations of the configuration: the input of the setup script, and the handling of anomalies.
 *
 * @since 0.1.0
 */
import * as Endpoint from "@privx-kit/http/Endpoint"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Transport } from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import type { AnomalySettings, AnomalySettingsUpdate } from "./AnomalySettings.ts"
import type { UebaApi } from "./UebaApi.ts"
import type { ConfigurationUpdate, UebaConfiguration } from "./UebaConfiguration.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface ConfigurationOperations {
  /**
   * Returns the configuration from which PrivX generates the setup script: the address and the trust anchors of the
   * UEBA server.
   *
   * **When to use**: before a setup, and for the checks `configuredAddress` and `configuredTrustAnchors`.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat. A field that PrivX does not send is empty.
   *
   * **Errors**: those of every operation.
   *
   * Source: path and shape from the official SDKs.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const isConfigured = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   const { address, trust_anchors } = yield* ueba.configuration
   *   return address !== "" && trust_anchors !== ""
   * })
   * ```
   */
  readonly configuration: Effect.Effect<UebaConfiguration, PrivxFailure>
  /**
   * Sets the configuration from which PrivX generates the setup script.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat: it sets the same values again.
   *
   * **Gotchas**: a previously downloaded script contains the old configuration. Whether an omitted field keeps its
   * value is not documented: send both.
   *
   * **Errors**: those of every operation.
   *
   * Source: path and shape from the official SDKs.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const configure = (trustAnchors: string) =>
   *   Effect.gen(function* () {
   *     const ueba = yield* Ueba
   *     yield* ueba.setConfiguration({ address: "ueba.example.com:8443", trust_anchors: trustAnchors })
   *   })
   * ```
   */
  readonly setConfiguration: (update: ConfigurationUpdate) => Effect.Effect<void, PrivxFailure>
  /**
   * Returns what PrivX does with a connection that UEBA classifies as an anomaly, and how strict UEBA is.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat. The threshold ranges from 0.0 (loose) to 1.0
   * (strict).
   *
   * **Errors**: those of every operation.
   *
   * Source: path and shape from the official SDKs.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const isBlocking = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   const { action } = yield* ueba.anomalySettings
   *   return action === "BLOCK"
   * })
   * ```
   */
  readonly anomalySettings: Effect.Effect<AnomalySettings, PrivxFailure>
  /**
   * Sets what PrivX does with anomalies.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat: it sets the same values again.
   *
   * **Gotchas**: `BLOCK` with a strict threshold blocks people who do something unusual. Start with `AUDIT`.
   *
   * **Errors**: those of every operation. `TransportError` (`invalidRequest`) for a threshold outside 0 to 1, which is not sent.
   *
   * Source: path and shape from the official SDKs.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const auditOnly = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   yield* ueba.setAnomalySettings({ action: "AUDIT", threshold: 0.5 })
   * })
   * ```
   */
  readonly setAnomalySettings: (update: AnomalySettingsUpdate) => Effect.Effect<void, PrivxFailure>
}

/** @internal */
export const make = (api: UebaApi): Effect.Effect<ConfigurationOperations, never, Transport> =>
  Effect.gen(function* () {
    const configuration = yield* Endpoint.call(api, { group: "configuration", endpoint: "configuration" })
    const setConfiguration = yield* Endpoint.call(api, { group: "configuration", endpoint: "setConfiguration" })
    const anomalySettings = yield* Endpoint.call(api, { group: "configuration", endpoint: "anomalySettings" })
    const setAnomalySettings = yield* Endpoint.call(api, { group: "configuration", endpoint: "setAnomalySettings" })
    return {
      configuration: configuration(),
      setConfiguration: (payload) => setConfiguration({ payload }),
      anomalySettings: anomalySettings(),
      setAnomalySettings: (payload) => setAnomalySettings({ payload })
    }
  })
