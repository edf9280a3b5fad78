/** A simulated PrivX, and the way to it. */
import * as Connection from "@privx-kit/http/Connection"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { type Options, Simulator } from "@privx-kit/simulator/Simulator"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The shipped policy with pauses that a test can wait for. */
export const impatient: RetryPolicy.Policy = {
  ...RetryPolicy.defaults,
  base: Duration.millis(2),
  cap: Duration.millis(20)
}

/** Operations of a simulator, with a token that it gave. */
export const ueba = (simulator: Simulator["Service"], options: Partial<Connection.Options> = {}): Layer.Layer<Ueba> =>
  Layer.unwrap(
    Effect.map(simulator.issueToken(), (token) =>
      Ueba.layer().pipe(
        Layer.provide(Transport.layer),
        Layer.provide(TokenProvider.layerStatic(token)),
        Layer.provide(Connection.Connection.layer({ baseUrl: simulator.url, ca: simulator.ca, ...options }))
      )
    )
  )

export const start = (options: Options = {}) => Effect.orDie(Simulator.make(options))

export const patience = Layer.succeed(RetryPolicy.RetryPolicy, impatient)

/** How often an operation was asked for. */
export const count = (simulator: Simulator["Service"], operation: string) =>
  Effect.map(simulator.requests, (requests) => requests.filter((request) => request.operation === operation).length)
