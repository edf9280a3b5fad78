/**
 * The result of training one model of a dataset: its status, its loss over time, and how it scores connections.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Tolerant from "./internal/tolerant.ts"

/** A number, or `null` for a value that JSON does not support, such as NaN. */
const Numbers = Schema.Array(Schema.NullOr(Schema.Finite))

/**
 * The number of scores in each bin. There is one more edge than there are counts.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Histogram = Schema.Struct({
  hist: Tolerant.withDefault(Numbers, []),
  bin_edges: Tolerant.withDefault(Numbers, [])
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Histogram extends Schema.Schema.Type<typeof Histogram> {}

/**
 * A training result. `status` is open: the only known value is `TRAINING`. Source: the official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TrainingResult = Schema.Struct({
  /** Name of the feature configuration, i.e. of the model. */
  feature_config_name: Tolerant.withDefault(Schema.String, ""),
  status: Tolerant.withDefault(Schema.String, ""),
  dataset_id: Tolerant.optionalText,
  created: Tolerant.optionalTime,
  /** Why the training failed. */
  error_code: Tolerant.optionalText,
  error_details: Tolerant.optionalText,
  /** The number of connections that the model was trained with. */
  num_connections: Tolerant.optional(Schema.Finite),
  mean: Tolerant.optional(Schema.Finite),
  std: Tolerant.optional(Schema.Finite),
  quantile_99: Tolerant.optional(Schema.Finite),
  quantile_999: Tolerant.optional(Schema.Finite),
  /** Sent only if the logs were requested. */
  training_log: Tolerant.optionalText,
  /** Loss on the training data, one value for each epoch. */
  training_dataset_loss: Tolerant.withDefault(Numbers, []),
  /** Loss on the validation data, one value for each epoch. */
  validation_dataset_loss: Tolerant.withDefault(Numbers, []),
  validation_dataset_histogram: Tolerant.optional(Histogram)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface TrainingResult extends Schema.Schema.Type<typeof TrainingResult> {}

/**
 * Returns the state of one training.
 *
 * **When to use**: for a single model. `Dataset.trainingState` combines those of a dataset.
 *
 * **Details**: the reference lists no statuses, so the interpretation prefers waiting: an error code or a status that
 * names an error means `failed`; a status that names an unfinished state, or no status, means `training`; every other
 * status means `trained`.
 *
 * **Gotchas**: the statuses that a real server sends besides `TRAINING` are unverified.
 *
 * @example
 * ```ts
 * import type { Dataset } from "@privx-kit/ueba/Dataset"
 * import * as TrainingResult from "@privx-kit/ueba/TrainingResult"
 *
 * export const unfinished = ({ training_results }: Dataset) =>
 *   training_results.filter((result) => TrainingResult.stateOf(result) === "training")
 * ```
 *
 * @since 0.1.0
 * @category inspecting
 */
export const stateOf = ({
  error_code,
  status
}: Pick<TrainingResult, "error_code" | "status">): "training" | "trained" | "failed" => {
  if (error_code !== undefined || /fail|error|abort|cancel/i.test(status)) return "failed"
  if (
    status === "" ||
    /^(training|retraining|pending|queued|waiting|start|running|in.?progress|unfinished)/i.test(status)
  ) {
    return "training"
  }
  return "trained"
}
