/**
 * The operations of datasets: list, create, get, update, delete.
 *
 * @since 0.1.0
 */
import * as Endpoint from "@privx-kit/http/Endpoint"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Transport } from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import type { CreatedDataset, Dataset, DatasetList, DatasetSettings, View } from "./Dataset.ts"
import type { UebaApi } from "./UebaApi.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface DatasetOperations {
  /**
   * Lists the datasets.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat. `view` requests training logs, and sets the
   * number of bins of the histograms.
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
   * const activeDataset = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   const { items } = yield* ueba.listDatasets()
   *   return items.find((dataset) => dataset.is_active)
   * })
   * ```
   */
  readonly listDatasets: (view?: View) => Effect.Effect<DatasetList, PrivxFailure>
  /**
   * Creates a dataset, and returns its id. It is not trained yet.
   *
   * **Details**: requires the scope `admin` (inferred). Its range should contain at least 5,000 connections: see
   * `countConnections`.
   *
   * **Gotchas**: not safe to repeat. It is retried only if the failure proves that PrivX did not process the request; after any
   * other failure look for the dataset with `listDatasets` before you create it again.
   *
   * **Errors**: those of every operation.
   *
   * Source: path and shape from the official SDKs.
   *
   * @example
   * ```ts
   * import * as TimeRange from "@privx-kit/ueba/TimeRange"
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const createDataset = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   return yield* ueba.createDataset({
   *     time_range_settings: TimeRange.between("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"),
   *     comment: "first quarter"
   *   })
   * })
   * ```
   */
  readonly createDataset: (settings: DatasetSettings) => Effect.Effect<CreatedDataset, PrivxFailure>
  /**
   * Returns a dataset with the results of its training.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat. `Dataset.trainingState` says how far its training is.
   *
   * **Errors**: those of every operation; a 404 if no dataset has this id.
   *
   * Source: path and shape from the official SDKs.
   *
   * @example
   * ```ts
   * import * as Dataset from "@privx-kit/ueba/Dataset"
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const isTrained = (id: string) =>
   *   Effect.gen(function* () {
   *     const ueba = yield* Ueba
   *     const dataset = yield* ueba.getDataset(id, { logs: true, binCount: 50 })
   *     return Dataset.trainingState(dataset) === "trained"
   *   })
   * ```
   */
  readonly getDataset: (id: string, view?: View) => Effect.Effect<Dataset, PrivxFailure>
  /**
   * Replaces the settings of a dataset.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat: it sets the same values again.
   *
   * **Gotchas**: an active dataset cannot be updated. A dataset whose range has changed must be trained again.
   *
   * **Errors**: those of every operation; a 404 if no dataset has this id.
   *
   * Source: path and shape from the official SDKs; the gotchas from the vendor's guide to UEBA.
   *
   * @example
   * ```ts
   * import * as TimeRange from "@privx-kit/ueba/TimeRange"
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const extend = (id: string) =>
   *   Effect.gen(function* () {
   *     const ueba = yield* Ueba
   *     const time_range_settings = TimeRange.between("2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z")
   *     yield* ueba.updateDataset(id, { time_range_settings })
   *   })
   * ```
   */
  readonly updateDataset: (id: string, settings: DatasetSettings) => Effect.Effect<void, PrivxFailure>
  /**
   * Deletes a dataset and its models.
   *
   * **Details**: requires the scope `admin` (inferred). Safe to repeat.
   *
   * **Gotchas**: an active dataset cannot be deleted. If the response to the first request is lost, the retry fails
   * with a 404 although the dataset was deleted.
   *
   * **Errors**: those of every operation; a 404 if no dataset has this id.
   *
   * Source: path from the official SDKs; the first gotcha from the vendor's guide to UEBA.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const deleteDataset = (id: string) =>
   *   Effect.gen(function* () {
   *     const ueba = yield* Ueba
   *     yield* ueba.deleteDataset(id)
   *   })
   * ```
   */
  readonly deleteDataset: (id: string) => Effect.Effect<void, PrivxFailure>
}

/** @internal */
export const make = (api: UebaApi): Effect.Effect<DatasetOperations, never, Transport> =>
  Effect.gen(function* () {
    const listDatasets = yield* Endpoint.call(api, { group: "datasets", endpoint: "listDatasets" })
    const createDataset = yield* Endpoint.call(api, { group: "datasets", endpoint: "createDataset" })
    const getDataset = yield* Endpoint.call(api, { group: "datasets", endpoint: "getDataset" })
    const updateDataset = yield* Endpoint.call(api, { group: "datasets", endpoint: "updateDataset" })
    const deleteDataset = yield* Endpoint.call(api, { group: "datasets", endpoint: "deleteDataset" })
    return {
      listDatasets: (view) => listDatasets({ query: toQuery(view) }),
      createDataset: (payload) => createDataset({ payload }),
      getDataset: (dataset_id, view) => getDataset({ params: { dataset_id }, query: toQuery(view) }),
      updateDataset: (dataset_id, payload) => updateDataset({ params: { dataset_id }, payload }),
      deleteDataset: (dataset_id) => deleteDataset({ params: { dataset_id } })
    }
  })

const toQuery = ({ binCount, logs }: View = {}) => ({
  ...(logs === undefined ? undefined : { logs }),
  ...(binCount === undefined ? undefined : { bin_count: binCount })
})
