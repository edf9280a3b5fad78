/**
 * The simulator for programs and tests without Effect.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Simulator } from "./Simulator.ts"
import type { SimulatorDomain } from "./SimulatorDomain.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Whether to serve HTTPS, with certificates of a generated CA. Default `false`. */
  readonly tls?: boolean | undefined
  /** Default: a free port. */
  readonly port?: number | undefined
  /** Lifetime of tokens, in milliseconds. Default: 5 minutes. */
  readonly tokenLifetime?: number | undefined
  /** The faults, in their text form, e.g. `createSession:503/MAX_LOAD*2`. */
  readonly faults?: ReadonlyArray<string> | undefined
  /** Further domains. Default: none. */
  readonly domains?: ReadonlyArray<SimulatorDomain> | undefined
}

/**
 * A running simulator, and the settings for its clients.
 *
 * @since 0.1.0
 * @category models
 */
export interface StartedSimulator extends AsyncDisposable {
  readonly baseUrl: string
  /** The certificate of its CA (PEM); empty without TLS. */
  readonly ca: ReadonlyArray<string>
  readonly apiClient: {
    readonly clientId: string
    readonly clientSecret: string
    readonly oauthClientId: string
    readonly oauthClientSecret: string
  }
  /** Starts a playback session, by default with a random id, and returns its id. */
  readonly addPlaybackSession: (id?: string) => Promise<string>
  /** The requested operations, in order, e.g. `Ueba.createSession`. */
  readonly operations: () => Promise<ReadonlyArray<string | undefined>>
  /** Stops the simulator and closes every connection at once. */
  readonly close: () => Promise<void>
}

/**
 * Starts a simulator.
 *
 * **Errors**: rejects with `SimulatorError` if the port is in use, and with `FaultSyntaxError` if a fault cannot be
 * parsed.
 *
 * @example
 * ```ts
 * import { startSimulator } from "@privx-kit/simulator"
 *
 * const main = async () => {
 *   await using simulator = await startSimulator({ tls: true })
 *   console.log(simulator.baseUrl)
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const startSimulator = async ({
  domains = [],
  faults,
  port,
  tls,
  tokenLifetime
}: Options = {}): Promise<StartedSimulator> => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  try {
    const simulator = await Effect.runPromise(
      Scope.provide(
        Simulator.make({
          domains,
          ...(tls === undefined ? undefined : { tls }),
          ...(port === undefined ? undefined : { port }),
          ...(tokenLifetime === undefined ? undefined : { tokenLifetime }),
          ...(faults === undefined ? undefined : { faults })
        }),
        scope
      )
    )
    const { apiClient } = simulator
    return {
      baseUrl: simulator.url.href,
      ca: simulator.ca,
      apiClient: {
        clientId: apiClient.clientId,
        clientSecret: Redacted.value(apiClient.clientSecret),
        oauthClientId: apiClient.oauthClientId,
        oauthClientSecret: Redacted.value(apiClient.oauthClientSecret)
      },
      addPlaybackSession: (id) => Effect.runPromise(Effect.map(simulator.addPlaybackSession(id), Redacted.value)),
      operations: () =>
        Effect.runPromise(Effect.map(simulator.requests, (requests) => requests.map(({ operation }) => operation))),
      close,
      [Symbol.asyncDispose]: close
    }
  } catch (error) {
    await close()
    throw error
  }
}
