/**
 * The operations of the analysis: count connections, train, start and stop analyzing.
 *
 * @since 0.1.0
 */
import * as Endpoint from "@privx-kit/http/Endpoint"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Transport } from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import type { ConnectionCount } from "./ConnectionCount.ts"
import type { TimeRange } from "./TimeRange.ts"
import type { UebaApi } from "./UebaApi.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface AnalysisOperations {
  /**
   * Counts the connections in a range of time.
   *
   * **When to use**: before creating a dataset, which should contain at least `ConnectionCount.recommendedMinimum`
   * connections.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat: it is a POST but changes nothing.
   *
   * **Errors**: those of every operation.
   *
   * Source: path and shape from the official SDKs.
   *
   * @example
   * ```ts
   * import * as ConnectionCount from "@privx-kit/ueba/ConnectionCount"
   * import * as TimeRange from "@privx-kit/ueba/TimeRange"
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const isEnough = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   const { count } = yield* ueba.countConnections(TimeRange.between("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"))
   *   return count >= ConnectionCount.recommendedMinimum
   * })
   * ```
   */
  readonly countConnections: (range: TimeRange) => Effect.Effect<ConnectionCount, PrivxFailure>
  /**
   * Starts the training of a dataset, or trains it again. Returns the number of connections that it is trained with.
   *
   * **Details**: requires the scope `admin` (inferred). Returns when the training has started. A training takes long:
   * to wait for its end, poll `getDataset` and check `Dataset.trainingState`. With `setActiveAfterTraining` the dataset
   * becomes active automatically when the training succeeds.
   *
   * **Gotchas**: not safe to repeat. It is retried only if the failure proves that PrivX did not process the request;
   * after any other failure check the dataset first.
   *
   * **Errors**: those of every operation; a 404 if no dataset has this id.
   *
   * Source: path and shape from the official SDKs.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const train = (id: string) =>
   *   Effect.gen(function* () {
   *     const ueba = yield* Ueba
   *     const { count } = yield* ueba.trainDataset(id, { setActiveAfterTraining: false })
   *     return `training with ${count} connections`
   *   })
   * ```
   */
  readonly trainDataset: (
    id: string,
    options?: { readonly setActiveAfterTraining?: boolean | undefined }
  ) => Effect.Effect<ConnectionCount, PrivxFailure>
  /**
   * Makes a trained dataset the active one: UEBA then analyzes connections with its models.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat: the same dataset is active afterwards.
   *
   * **Gotchas**: fails if the training of the dataset is unfinished or has failed. Stop the active dataset first, which
   * can take minutes.
   *
   * **Errors**: those of every operation; a 404 if no dataset has this id.
   *
   * Source: path from the official SDKs; the gotchas from the vendor's guide to UEBA.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const switchTo = (id: string) =>
   *   Effect.gen(function* () {
   *     const ueba = yield* Ueba
   *     yield* ueba.stopAnalyzing
   *     yield* ueba.startAnalyzing(id)
   *   })
   * ```
   */
  readonly startAnalyzing: (id: string) => Effect.Effect<void, PrivxFailure>
  /**
   * Stops analyzing connections. No dataset is active afterwards.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat.
   *
   * **Gotchas**: it can take minutes until the models have stopped: see `internalStatus`.
   *
   * **Errors**: those of every operation.
   *
   * Source: path from the official SDKs; the gotcha from the vendor's guide to UEBA.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const stop = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   yield* ueba.stopAnalyzing
   * })
   * ```
   */
  readonly stopAnalyzing: Effect.Effect<void, PrivxFailure>
}

/** @internal */
export const make = (api: UebaApi): Effect.Effect<AnalysisOperations, never, Transport> =>
  Effect.gen(function* () {
    const countConnections = yield* Endpoint.call(api, { group: "analysis", endpoint: "countConnections" })
    const trainDataset = yield* Endpoint.call(api, { group: "analysis", endpoint: "trainDataset" })
    const startAnalyzing = yield* Endpoint.call(api, { group: "analysis", endpoint: "startAnalyzing" })
    const stopAnalyzing = yield* Endpoint.call(api, { group: "analysis", endpoint: "stopAnalyzing" })
    return {
      countConnections: (payload) => countConnections({ payload }),
      trainDataset: (dataset_id, { setActiveAfterTraining } = {}) =>
        trainDataset({
          params: { dataset_id },
          query: setActiveAfterTraining === undefined ? {} : { set_active_after_training: setActiveAfterTraining }
        }),
      startAnalyzing: (dataset_id) => startAnalyzing({ params: { dataset_id } }),
      stopAnalyzing: stopAnalyzing()
    }
  })
