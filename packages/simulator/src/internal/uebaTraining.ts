/** A simulated training: its progress at a point in time, and its results. */
import type { TrainingResult } from "@privx-kit/ueba/TrainingResult"
import * as DateTime from "effect/DateTime"
import { generator, seedOf } from "./random.ts"

export interface Training {
  readonly datasetId: string
  /** Milliseconds since the epoch, in the time of the simulated UEBA host. */
  readonly begin: number
  readonly end: number
  readonly connections: number
  /** Whether it fails. */
  readonly fails: boolean
  /** Whether the dataset becomes active when the training succeeds. */
  readonly activates: boolean
  /** Seed of its curves. */
  readonly seed: number
}

/** The models of each dataset. The names are a choice. */
const models = ["connections_basic", "connections_extended"] as const

const epochs = 30

/** Unverified: `TRAINING` is the only known status; the vendor's guide calls a trained model "Ready". */
const statusOf = (training: Training, now: number): string =>
  now < training.end ? "TRAINING" : training.fails ? "FAILED" : "READY"

export const results = (
  training: Training,
  now: number,
  view: { readonly logs: boolean; readonly bins: number }
): ReadonlyArray<TrainingResult> =>
  models.map((model) => {
    const status = statusOf(training, now)
    const random = generator(seedOf(training.seed, model))
    const progress = Math.min(1, (now - training.begin) / Math.max(1, training.end - training.begin))
    const curve = losses(random).slice(0, Math.floor(progress * epochs))
    const log = { training_log: curve.map(([loss], epoch) => `epoch ${epoch + 1} loss ${loss}\n`).join("") }
    const common = {
      feature_config_name: model,
      status,
      dataset_id: training.datasetId,
      created: DateTime.makeUnsafe(training.begin),
      num_connections: training.connections,
      training_dataset_loss: curve.map(([loss]) => loss),
      validation_dataset_loss: curve.map(([, loss]) => loss),
      ...(view.logs ? log : undefined)
    }
    if (status === "FAILED") {
      return { ...common, error_code: "TRAINING_FAILED", error_details: "simulated: the loss does not converge" }
    }
    return status === "TRAINING" ? common : { ...common, ...scores(random, training.connections, view.bins) }
  })

/** Loss on the training and on the validation data, epoch by epoch: falling, with some noise. */
const losses = (random: () => number): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: epochs }, (_, epoch) => {
    const falling = 0.05 + Math.exp(-epoch / 6)
    return [rounded(falling * (0.95 + random() / 10)), rounded(falling * (1.05 + random() / 5))] as const
  })

/** The scores of the validation data: a normal distribution and its statistics. */
const scores = (random: () => number, connections: number, bins: number) => {
  const mean = 0.15 + random() / 10
  const std = 0.03 + random() / 50
  const low = mean - 4 * std
  const width = (8 * std) / bins
  const edges = Array.from({ length: bins + 1 }, (_, index) => rounded(low + index * width))
  const weights = Array.from({ length: bins }, (_, index) =>
    Math.exp(-0.5 * ((low + (index + 0.5) * width - mean) / std) ** 2)
  )
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return {
    mean: rounded(mean),
    std: rounded(std),
    quantile_99: rounded(mean + 2.326 * std),
    quantile_999: rounded(mean + 3.09 * std),
    validation_dataset_histogram: {
      hist: weights.map((weight) => Math.round((weight / sum) * connections * 0.2)),
      bin_edges: edges
    }
  }
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6
