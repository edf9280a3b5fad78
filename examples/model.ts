/** From a running UEBA service to an active model, with the simulator instead of a PrivX host. */
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as ConnectionCount from "@privx-kit/ueba/ConnectionCount"
import * as Dataset from "@privx-kit/ueba/Dataset"
import * as TimeRange from "@privx-kit/ueba/TimeRange"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

// #region model
/** Trains a model with the connections of the last 30 days and makes it the active one. */
const activateModel = Effect.fn("activateModel")(function* () {
  const ueba = yield* Ueba
  const now = yield* DateTime.now
  const time_range_settings = TimeRange.between(DateTime.subtract(now, { days: 30 }), now)
  const { count } = yield* ueba.countConnections(time_range_settings)
  if (count < ConnectionCount.recommendedMinimum) return yield* Console.log(`Only ${count} connections yet`)

  const { id } = yield* ueba.createDataset({ time_range_settings, comment: "the last 30 days" })
  yield* ueba.trainDataset(id)
  const trained = yield* ueba
    .getDataset(id)
    .pipe(
      Effect.delay("100 millis"),
      Effect.repeat({ until: (dataset) => Dataset.trainingState(dataset) !== "training" })
    )
  if (Dataset.trainingState(trained) === "failed") return yield* Console.log("The training failed")

  yield* ueba.stopAnalyzing
  yield* ueba.startAnalyzing(id)
  yield* Console.log(`A model of ${count} connections is active`)
})
// #endregion

const program = Effect.gen(function* () {
  const simulator = yield* Simulator.make({ trainingDuration: "300 millis" })
  yield* simulator.ueba.runScript
  yield* activateModel().pipe(
    Effect.provide(
      Ueba.layer().pipe(
        Layer.provide(Transport.layer),
        Layer.provide(TokenProvider.layerApiClient(simulator.apiClient)),
        Layer.provide(Connection.layer({ baseUrl: simulator.url, ca: simulator.ca }))
      )
    )
  )
})

await Effect.runPromise(Effect.scoped(program))
