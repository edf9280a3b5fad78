/**
 * A dataset: a range of connections with which a UEBA model is trained, and the results of its training.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Tolerant from "./internal/tolerant.ts"
import * as TrainingResults from "./TrainingResult.ts"
import { ReportedTimeRange, TimeRange } from "./TimeRange.ts"

/**
 * The id of a dataset in a path. `.` and `..` are refused because, in a path, they would lead to another endpoint.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DatasetId = Schema.NonEmptyString.check(Schema.isPattern(/^(?!\.{1,2}$)/))

/**
 * A dataset in a response. Source: the official SDKs. Fields that a server omits or sends as `null` are absent or empty
 * here; the id is empty if the server sends none.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Dataset = Schema.Struct({
  id: Tolerant.withDefault(Schema.String, ""),
  time_range_settings: Tolerant.withDefault(ReportedTimeRange, { exclude: [] }),
  /** Whether UEBA analyzes connections with the model of this dataset. */
  is_active: Tolerant.withDefault(Schema.Boolean, false),
  /** Whether it becomes active automatically when a training succeeds. */
  use_for_inference_once_trained: Tolerant.withDefault(Schema.Boolean, false),
  /** One for each feature configuration; empty if the dataset has never been trained. */
  training_results: Tolerant.list(TrainingResults.TrainingResult),
  last_training: Tolerant.optionalTime,
  comment: Tolerant.optionalText,
  created: Tolerant.optionalTime,
  created_by: Tolerant.optionalText,
  updated: Tolerant.optionalTime,
  updated_by: Tolerant.optionalText
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Dataset extends Schema.Schema.Type<typeof Dataset> {}

/**
 * The settings that `Ueba.createDataset` and `Ueba.updateDataset` send. Source: the official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DatasetSettings = Schema.Struct({
  time_range_settings: TimeRange,
  comment: Schema.optionalKey(Schema.String),
  use_for_inference_once_trained: Schema.optionalKey(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface DatasetSettings extends Schema.Schema.Type<typeof DatasetSettings> {}

/**
 * The response of `Ueba.listDatasets`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DatasetList = Schema.Struct({
  /** The total number of datasets. */
  count: Tolerant.withDefault(Schema.Int, 0),
  items: Tolerant.list(Dataset)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface DatasetList extends Schema.Schema.Type<typeof DatasetList> {}

/**
 * The response of `Ueba.createDataset`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreatedDataset = Schema.Struct({ id: DatasetId })

/**
 * @since 0.1.0
 * @category models
 */
export interface CreatedDataset extends Schema.Schema.Type<typeof CreatedDataset> {}

/**
 * What a response with datasets includes.
 *
 * @since 0.1.0
 * @category models
 */
export interface View {
  /** Include the training logs. */
  readonly logs?: boolean | undefined
  /** The number of bins of the histograms of a training. */
  readonly binCount?: number | undefined
}

/**
 * How far the training of a dataset is.
 *
 * - `untrained`: never trained
 * - `training`: at least one model is being trained
 * - `trained`: all models are trained
 * - `failed`: at least one training failed, and none is running
 *
 * @since 0.1.0
 * @category models
 */
export type TrainingState = "untrained" | "training" | "trained" | "failed"

/**
 * Returns the training state of a dataset. The reference does not list the statuses; see `TrainingResult.stateOf` for
 * their interpretation.
 *
 * @example
 * ```ts
 * import * as Dataset from "@privx-kit/ueba/Dataset"
 *
 * const isDone = (dataset: Dataset.Dataset): boolean => Dataset.trainingState(dataset) !== "training"
 * ```
 *
 * @since 0.1.0
 * @category inspecting
 */
export const trainingState = ({ training_results }: Pick<Dataset, "training_results">): TrainingState => {
  const states = training_results.map(TrainingResults.stateOf)
  if (states.length === 0) return "untrained"
  if (states.includes("training")) return "training"
  return states.includes("failed") ? "failed" : "trained"
}
