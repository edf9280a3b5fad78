/**
 * Waiting for the end of a dataset's training, and its failure.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Poll from "@privx-kit/http/Poll"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Dataset, trainingState, type View } from "./Dataset.ts"
import * as TrainingResult from "./TrainingResult.ts"
import { Ueba } from "./Ueba.ts"

/**
 * A training ended without a usable model.
 *
 * @since 0.1.0
 * @category errors
 */
export class TrainingFailed extends Failure.Class<TrainingFailed>()(
  "TrainingFailed",
  {
    datasetId: Schema.String,
    /** The models that failed. */
    models: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        code: Schema.optionalKey(Schema.String),
        details: Schema.optionalKey(Schema.String)
      })
    )
  },
  {
    message: ({ datasetId, models }) =>
      `The training of dataset ${datasetId} failed: ${models.map(describe).join("; ")}.`,
    hint: "Train the dataset again. If it fails again, choose a longer time range or check its training log."
  }
) {}

const describe = ({
  code,
  details,
  name
}: {
  readonly name: string
  readonly code?: string
  readonly details?: string
}): string =>
  [name === "" ? "a model" : name, [code, details].filter((text) => text !== undefined).join(": ")]
    .filter((text) => text !== "")
    .join(" ")

/**
 * Returns the failure of a dataset whose training failed; `undefined` for every other dataset.
 *
 * **When to use**: for a dataset that you have requested. {@link awaitEnd} fails with it.
 *
 * **Details**: a dataset has not failed as long as one of its models is being trained.
 *
 * @example
 * ```ts
 * import type { Dataset } from "@privx-kit/ueba/Dataset"
 * import * as Training from "@privx-kit/ueba/Training"
 *
 * export const message = (dataset: Dataset) => Training.failureOf(dataset)?.message
 * ```
 *
 * @since 0.1.0
 * @category inspecting
 */
export const failureOf = (dataset: Dataset): TrainingFailed | undefined =>
  trainingState(dataset) === "failed"
    ? new TrainingFailed({
        datasetId: dataset.id,
        models: dataset.training_results
          .filter((result) => TrainingResult.stateOf(result) === "failed")
          .map(({ error_code, error_details, feature_config_name }) => ({
            name: feature_config_name,
            ...(error_code === undefined ? undefined : { code: error_code }),
            ...(error_details === undefined ? undefined : { details: error_details })
          }))
      })
    : undefined

/**
 * @since 0.1.0
 * @category models
 */
export interface AwaitOptions extends Pick<Poll.Options<Dataset>, "interval" | "onAnswer" | "onFailure"> {
  readonly view?: View | undefined
}

/**
 * Waits until no model of a dataset is being trained, and returns the dataset.
 *
 * **When to use**: after `Ueba.trainDataset`, which returns when the training has started.
 *
 * **Details**: polls every 5 seconds, or every `interval`. Transient failures do not end the wait. The wait has no time
 * limit: bound it with `Effect.timeout`.
 *
 * **Errors**: {@link TrainingFailed}; the failures of `Ueba.getDataset` that are not transient.
 *
 * @example
 * ```ts
 * import * as Training from "@privx-kit/ueba/Training"
 * import { Ueba } from "@privx-kit/ueba/Ueba"
 * import * as Effect from "effect/Effect"
 *
 * const trained = (id: string) =>
 *   Effect.gen(function* () {
 *     const ueba = yield* Ueba
 *     yield* ueba.trainDataset(id)
 *     return yield* Training.awaitEnd(id, { interval: "1 minute" })
 *   })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const awaitEnd = Effect.fn("Training.awaitEnd")(function* (
  id: string,
  { view, ...options }: AwaitOptions = {}
): Effect.fn.Return<Dataset, PrivxFailure | TrainingFailed, Ueba> {
  const ueba = yield* Ueba
  const dataset = yield* Poll.until(ueba.getDataset(id, view), {
    ...options,
    isDone: (dataset) => trainingState(dataset) !== "training"
  })
  const failure = failureOf(dataset)
  return failure === undefined ? dataset : yield* failure
})
