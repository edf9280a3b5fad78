/**
 * The operations of the status: the status of the UEBA service, and its current activity.
 *
 * @since 0.1.0
 */
import * as Endpoint from "@privx-kit/http/Endpoint"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Transport } from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import type { InternalStatus } from "./InternalStatus.ts"
import type { ServiceStatus } from "./ServiceStatus.ts"
import type { UebaApi } from "./UebaApi.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface StatusOperations {
  /**
   * Returns the status of the UEBA service.
   *
   * **When to use**: after the setup script has run on the UEBA host, to wait until the service is running.
   *
   * **Details**: requires the scope `admin`. Safe to repeat. Documented statuses are `RUNNING`, `WARNING`, `ERROR` and
   * `PENDING`; a newer server may have others.
   *
   * **Errors**: those of every operation.
   *
   * Source: the official SDKs and the vendor's reference.
   *
   * @example
   * ```ts
   * import * as ServiceStatus from "@privx-kit/ueba/ServiceStatus"
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const isRunning = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   return ServiceStatus.isRunning(yield* ueba.status)
   * })
   * ```
   */
  readonly status: Effect.Effect<ServiceStatus, PrivxFailure>
  /**
   * Returns the current activity of the UEBA service: whether it trains and analyzes, with which dataset and which
   * models.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat. Its statuses are not documented.
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
   * const activeModels = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   const { instances } = yield* ueba.internalStatus
   *   return instances.map((instance) => instance.feature_config_name)
   * })
   * ```
   */
  readonly internalStatus: Effect.Effect<InternalStatus, PrivxFailure>
}

/** @internal */
export const make = (api: UebaApi): Effect.Effect<StatusOperations, never, Transport> =>
  Effect.gen(function* () {
    const status = yield* Endpoint.call(api, { group: "status", endpoint: "status" })
    const internalStatus = yield* Endpoint.call(api, { group: "status", endpoint: "internalStatus" })
    return { status: status(), internalStatus: internalStatus() }
  })
