/** Views of datasets and their trainings. */
import { type Dataset, trainingState, type TrainingState } from "@privx-kit/ueba/Dataset"
import type { ReportedTimeRange } from "@privx-kit/ueba/TimeRange"
import { stateOf, type TrainingResult } from "@privx-kit/ueba/TrainingResult"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Pane } from "../../terminal/Screen.ts"
import type { Style } from "../../terminal/Style.ts"
import * as Text from "../../terminal/Text.ts"

export const table = Effect.fnUntraced(function* (datasets: ReadonlyArray<Dataset>, out: Pane) {
  const { style } = out
  if (datasets.length === 0) return yield* out.line(style.dim("No datasets."))
  const rows = datasets.map((dataset) => [
    dataset.id.slice(0, shortest(datasets)),
    `${sign(trainingState(dataset), style)} ${trainingState(dataset)}`,
    dataset.is_active ? "active" : "",
    day(dataset.time_range_settings.start),
    day(dataset.time_range_settings.end),
    connections(dataset),
    dataset.comment ?? ""
  ])
  const [head = "", ...lines] = Text.table(
    [["Dataset", "  Training", "", "From", "To", "Connections", "Comment"], ...rows],
    { columns: out.columns(), flexible: new Map([[6, 8]]), ellipsis: style.sign.ellipsis }
  )
  yield* out.line(style.bold(head))
  for (const line of lines) yield* out.line(line)
})

export const show = Effect.fnUntraced(function* (
  dataset: Dataset,
  out: Pane,
  options: { readonly chart: boolean; readonly logs: boolean }
) {
  const { style } = out
  const { comment, created, created_by, last_training, time_range_settings: range } = dataset
  const rows: ReadonlyArray<readonly [string, string | undefined]> = [
    ["Dataset", dataset.id],
    ["Range", interval(range)],
    ...range.exclude.map((hole) => ["Without", interval(hole)] as const),
    ["Training", `${sign(trainingState(dataset), style)} ${trainingState(dataset)}`],
    ["Trained", last_training === undefined ? undefined : moment(last_training)],
    ["Active", dataset.is_active ? "yes" : dataset.use_for_inference_once_trained ? "once it is trained" : "no"],
    ["Comment", comment],
    [
      "Created",
      created === undefined ? undefined : `${moment(created)}${created_by === undefined ? "" : ` by ${created_by}`}`
    ]
  ]
  for (const [name, value] of rows) if (value !== undefined) yield* out.line(`  ${Text.padEnd(name, 9)}  ${value}`)
  if (dataset.training_results.length === 0) return
  yield* out.line()
  yield* models(dataset.training_results, out)
  if (options.chart) yield* charts(dataset.training_results, out)
  if (!options.logs) return
  for (const { feature_config_name, training_log } of dataset.training_results) {
    if (training_log === undefined) continue
    yield* out.line()
    yield* out.line(style.bold(`  Log of ${feature_config_name}`))
    for (const line of training_log.trimEnd().split("\n")) yield* out.line(`  ${line}`)
  }
})

/** The training state, in one line. */
export const progress = (dataset: Dataset): string =>
  [
    trainingState(dataset),
    ...dataset.training_results.map(({ feature_config_name, training_dataset_loss, validation_dataset_loss }) => {
      const epochs = training_dataset_loss.length
      const loss = validation_dataset_loss.at(-1) ?? training_dataset_loss.at(-1) ?? undefined
      return epochs === 0
        ? feature_config_name
        : `${feature_config_name} epoch ${epochs}${loss === undefined ? "" : ` loss ${loss.toPrecision(3)}`}`
    })
  ].join(", ")

const models = Effect.fnUntraced(function* (results: ReadonlyArray<TrainingResult>, out: Pane) {
  const rows = results.map((result) => [
    `${sign(stateOf(result), out.style)} ${result.feature_config_name}`,
    result.status,
    String(result.training_dataset_loss.length),
    figure(result.training_dataset_loss.at(-1)),
    figure(result.validation_dataset_loss.at(-1)),
    figure(result.quantile_99),
    figure(result.quantile_999),
    [result.error_code, result.error_details].filter((text) => text !== undefined).join(": ")
  ])
  const [head = "", ...lines] = Text.table(
    [["  Model", "Status", "Epochs", "Loss", "Validated", "99 %", "99.9 %", ""], ...rows],
    { columns: out.columns() - 2, flexible: new Map([[7, 10]]), ellipsis: out.style.sign.ellipsis }
  )
  yield* out.line(`  ${out.style.bold(head)}`)
  for (const line of lines) yield* out.line(`  ${line}`)
})

const charts = Effect.fnUntraced(function* (results: ReadonlyArray<TrainingResult>, out: Pane) {
  const Chart = yield* Effect.promise(() => import("./TrainingChart.ts"))
  const size = { columns: out.columns() - 2, style: out.style }
  for (const result of results) {
    for (const chart of [Chart.losses(result, size), Chart.histogram(result, size)]) {
      const [title, ...lines] = chart
      if (title === undefined) continue
      yield* out.line()
      yield* out.line(`  ${out.style.bold(result.feature_config_name)} ${out.style.dim(title)}`)
      for (const line of lines) yield* out.line(`  ${line}`)
    }
  }
})

const sign = (state: TrainingState, { cyan, dim, green, red, sign }: Style): string => {
  switch (state) {
    case "trained":
      return green(sign.ok)
    case "failed":
      return red(sign.failed)
    case "training":
      return cyan(sign.arrow)
    case "untrained":
      return dim(sign.dot)
  }
}

const connections = ({ training_results }: Dataset): string => {
  const count = training_results.find(({ num_connections }) => num_connections !== undefined)?.num_connections
  return count === undefined ? "" : Text.grouped(count)
}

const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? "" : String(Number(value.toPrecision(3)))

const day = (time: DateTime.Utc | undefined): string =>
  time === undefined ? "" : DateTime.formatIso(time).slice(0, 10)

const moment = (time: DateTime.Utc): string => DateTime.formatIso(time).slice(0, 19).replace("T", " ") + " UTC"

const interval = ({ end, start }: Omit<ReportedTimeRange, "exclude">): string =>
  `${start === undefined ? "the beginning" : moment(start)} to ${end === undefined ? "now" : moment(end)}`

/** The number of id characters that distinguish these datasets; at least eight. */
const shortest = (datasets: ReadonlyArray<Dataset>): number => {
  for (let length = 8; length < 36; length += 4) {
    if (new Set(datasets.map(({ id }) => id.slice(0, length))).size === datasets.length) return length
  }
  return 36
}
