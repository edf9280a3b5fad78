/** A simulated PrivX, and the connection to it. */
import * as Connection from "@privx-kit/http/Connection"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { type Options, Simulator } from "@privx-kit/simulator/Simulator"
import { Ueba } from "@privx-kit/ueba/Ueba"
import type { HostServices } from "@privx-kit/settings/PrivxHosts"
import * as DomainList from "../../src/domain/DomainList.ts"
import { builtIn } from "../../src/Domains.ts"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The shipped policy with pauses that a test can wait for. */
export const impatient: RetryPolicy.Policy = {
  ...RetryPolicy.defaults,
  base: Duration.millis(2),
  cap: Duration.millis(20)
}

/** The connection to a simulator, with a token that it issued. */
export const client = (
  simulator: Simulator["Service"],
  options: Partial<Connection.Options> = {}
): Layer.Layer<HostServices> =>
  Layer.unwrap(
    Effect.map(simulator.issueToken(), (token) =>
      Transport.layer.pipe(
        Layer.provideMerge(TokenProvider.layerStatic(token)),
        Layer.provideMerge(Connection.Connection.layer({ baseUrl: simulator.url, ca: simulator.ca, ...options }))
      )
    )
  )

/** The UEBA operations of a simulator. */
export const ueba = (simulator: Simulator["Service"], options: Partial<Connection.Options> = {}): Layer.Layer<Ueba> =>
  Ueba.layer().pipe(Layer.provide(client(simulator, options)))

/** The domains of privx-kit. */
export const domains = DomainList.layer(builtIn)

export const start = (options: Options = {}) => Effect.orDie(Simulator.make(options))

export const patience = Layer.succeed(RetryPolicy.RetryPolicy, impatient)

/**
 * Enough attempts for hundreds of setups with a third of the calls failing: with five, one of 150 setups would fail.
 */
export const perseverance = Layer.succeed(RetryPolicy.RetryPolicy, { ...impatient, attempts: 20 })

/** The number of requests of an operation. */
export const count = (simulator: Simulator["Service"], operation: string) =>
  Effect.map(simulator.requests, (requests) => requests.filter((request) => request.operation === operation).length)
