/** The UEBA part of the server: the status, the datasets with their trainings, and the active dataset. */
import * as Analysis from "@privx-kit/ueba/Analysis"
import { Dataset, trainingState } from "@privx-kit/ueba/Dataset"
import type { Histogram } from "@privx-kit/ueba/TrainingResult"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as DomainServer from "../domain/DomainServer.ts"

const Nothing = Schema.NullOr(Schema.String)

const Status = Schema.Struct({
  service: Schema.String.annotate({ description: "RUNNING, WARNING, ERROR, PENDING, or what PrivX says" }),
  message: Nothing,
  version: Nothing,
  training: Nothing.annotate({ description: "What PrivX says of the training; null: nothing" }),
  analysis: Nothing.annotate({ description: "What PrivX says of the analysis; null: nothing" }),
  issues: Schema.Array(Schema.Struct({ severity: Schema.String, message: Schema.String }))
}).annotate({ identifier: "UebaStatus" })

const Losses = Schema.Array(Schema.NullOr(Schema.Finite))

const Model = Schema.Struct({
  name: Schema.String,
  status: Schema.String,
  connections: Schema.NullOr(Schema.Finite).annotate({ description: "How many it was trained with" }),
  error: Nothing,
  trainingLoss: Losses.annotate({ description: "By epoch; null: PrivX has no number" }),
  validationLoss: Losses,
  histogram: Schema.Array(Schema.Struct({ from: Schema.Finite, to: Schema.Finite, count: Schema.Finite })).annotate({
    description: "How many validated connections have which anomaly score"
  })
})

const ShownDataset = Schema.Struct({
  id: Schema.String,
  state: Schema.Literals(["untrained", "training", "trained", "failed"]),
  active: Schema.Boolean.annotate({ description: "Whether connections are analyzed with its models" }),
  start: Schema.NullOr(Schema.DateTimeUtcFromString),
  end: Schema.NullOr(Schema.DateTimeUtcFromString),
  comment: Nothing,
  models: Schema.Array(Model)
}).annotate({ identifier: "UebaDataset" })

const shown = (dataset: Dataset): typeof ShownDataset.Type => ({
  id: dataset.id,
  state: trainingState(dataset),
  active: dataset.is_active,
  start: dataset.time_range_settings.start ?? null,
  end: dataset.time_range_settings.end ?? null,
  comment: dataset.comment ?? null,
  models: dataset.training_results.map((result) => ({
    name: result.feature_config_name,
    status: result.status,
    connections: result.num_connections ?? null,
    error: result.error_details ?? result.error_code ?? null,
    trainingLoss: result.training_dataset_loss,
    validationLoss: result.validation_dataset_loss,
    histogram: barsOf(result.validation_dataset_histogram)
  }))
})

/** The complete bins. */
const barsOf = (histogram: Histogram | undefined) =>
  (histogram?.hist ?? []).flatMap((count, index) => {
    const from = histogram?.bin_edges[index] ?? null
    const to = histogram?.bin_edges[index + 1] ?? null
    return count === null || from === null || to === null ? [] : [{ from, to, count }]
  })

/** Maximum number of bins in a histogram on the page. */
const binCount = 40

const dataset = (id: string) =>
  Ueba.use((ueba) => ueba.getDataset(id, { binCount })).pipe(Effect.map(shown), Effect.provide(Ueba.layer()))

export const server: DomainServer.DomainServer = {
  title: "UEBA",
  endpoints: [
    DomainServer.endpoint({
      name: "status",
      method: "GET",
      path: "/status",
      right: "look",
      summary: "Show the status of UEBA",
      success: Status,
      run: () =>
        Effect.gen(function* () {
          const ueba = yield* Ueba
          const service = yield* ueba.status
          // An older PrivX has no such endpoint, and a stopped service may not respond there.
          const internal = yield* ueba.internalStatus.pipe(
            Effect.catchIf(
              (failure) => "status" in failure && failure.status === 404,
              () => Effect.succeed(null)
            )
          )
          return {
            service: service.status ?? "unknown",
            message: service.status_message ?? null,
            version: service.version === "" ? null : service.version,
            training: internal?.training_status ?? null,
            analysis: internal?.inference_status ?? null,
            issues: service.issues.map(({ code = "", message = code, severity = "issue" }) => ({ severity, message }))
          }
        }).pipe(Effect.provide(Ueba.layer()))
    }),
    DomainServer.endpoint({
      name: "datasets",
      method: "GET",
      path: "/datasets",
      right: "look",
      summary: "List the datasets of UEBA with their trainings",
      success: Schema.Struct({ datasets: Schema.Array(ShownDataset) }),
      run: () =>
        Ueba.use((ueba) => ueba.listDatasets()).pipe(
          Effect.map(({ items }) => ({ datasets: items.map(shown) })),
          Effect.provide(Ueba.layer())
        )
    }),
    DomainServer.endpoint({
      name: "dataset",
      method: "GET",
      path: "/datasets/:id",
      right: "look",
      summary: "Show a dataset with the losses and the histogram of each model",
      success: ShownDataset,
      run: ({ id = "" }) => dataset(id)
    }),
    DomainServer.endpoint({
      name: "activate",
      method: "POST",
      path: "/datasets/:id/activate",
      right: "submit",
      summary: "Analyze connections with the models of a dataset, in place of the active one",
      success: ShownDataset,
      run: ({ id = "" }) =>
        Analysis.switchTo(id, { interval: "1 second" }).pipe(Effect.provide(Ueba.layer()), Effect.andThen(dataset(id)))
    })
  ]
}
