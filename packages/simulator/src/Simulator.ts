/**
 * A simulated PrivX in the process with the domains of the kit: `SimulatedPrivx` with the UEBA domain, the playback
 * domain, and those of the caller. The kit's two are ordinary entries of the same list; `SimulatorDomain` describes how
 * another package adds its own.
 *
 * It uses the definitions of the endpoints (method, path, schemas, scope) in `UebaApi` and `PlaybackApi`, and no code
 * of their clients.
 *
 * Undocumented behaviour of PrivX is an option here, with a default that is a choice: the lifetime of a setup session
 * and how often it can be used, support of ranges, the codes of 401, 403 and 404, the content type of the script.
 *
 * @since 0.1.0
 */
import type * as SessionId from "@privx-kit/core/SessionId"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as EffectScope from "effect/Scope"
import type { FaultSyntaxError } from "./FaultSyntaxError.ts"
import * as PlaybackSimulator from "./PlaybackSimulator.ts"
import * as SimulatedPrivx from "./SimulatedPrivx.ts"
import type { ControlsOf, SimulatorDomain } from "./SimulatorDomain.ts"
import type { SimulatorError } from "./SimulatorError.ts"
import * as UebaSimulator from "./UebaSimulator.ts"

/**
 * The options of the server and of the kit's two domains, and further domains.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Domains extends ReadonlyArray<SimulatorDomain> = ReadonlyArray<SimulatorDomain>>
  extends
    Omit<SimulatedPrivx.ServerOptions, "paths">,
    Omit<UebaSimulator.Options, "paths">,
    Omit<PlaybackSimulator.Options, "paths"> {
  /** Paths that replace the defaults. A path with a parameter must contain it, e.g. `:session_id`. */
  readonly paths?: NonNullable<SimulatedPrivx.ServerOptions["paths"]> &
    NonNullable<UebaSimulator.Options["paths"]> &
    NonNullable<PlaybackSimulator.Options["paths"]>
  /** Further domains. Default: none. */
  readonly domains?: Domains
}

/**
 * A running simulator: a `SimulatedPrivx`, the controls of its two domains, and shorthands for the most used ones.
 *
 * @since 0.1.0
 * @category services
 */
export class Simulator extends Context.Service<
  Simulator,
  SimulatedPrivx.SimulatedPrivx["Service"] & {
    /** The controls of the UEBA domain. */
    readonly ueba: UebaSimulator.UebaSimulator["Service"]
    /** The controls of the playback domain. */
    readonly playback: PlaybackSimulator.PlaybackSimulator["Service"]
    /** The bytes of the served script. */
    readonly script: Uint8Array
    /** SHA-256 of {@link script}, lower-case hex. */
    readonly scriptSha256: string
    /** Ends all setup sessions. */
    readonly endSetupSessions: Effect.Effect<void>
    /** Starts a playback session, by default with a random id. Fails with `SimulatorError` for an empty id. */
    readonly addPlaybackSession: (id?: string) => Effect.Effect<SessionId.PlaybackSessionId, SimulatorError>
    /** Ends a playback session. Does nothing if no session has that id. */
    readonly endPlaybackSession: (id: SessionId.PlaybackSessionId) => Effect.Effect<void>
  }
>()("@privx-kit/simulator/Simulator") {
  /**
   * Starts a simulator that stops when the scope closes. Stopping closes every connection at once.
   *
   * **Errors**: `SimulatorError` if the port is in use or an option is invalid, and `FaultSyntaxError` if a fault cannot be
   * parsed.
   *
   * @example
   * ```ts
   * import { Simulator } from "@privx-kit/simulator/Simulator"
   * import * as Effect from "effect/Effect"
   *
   * const program = Effect.gen(function* () {
   *   const simulator = yield* Simulator.make({ trainingDuration: "1 second", faults: ["createSession:503/MAX_LOAD*2"] })
   *   yield* simulator.ueba.runScript
   *   return simulator.url
   * }).pipe(Effect.scoped)
   * ```
   */
  static readonly make = <const Domains extends ReadonlyArray<SimulatorDomain> = readonly []>(
    options: Options<Domains> = {}
  ): Effect.Effect<Running<Domains>, SimulatorError | FaultSyntaxError, EffectScope.Scope> =>
    Effect.withSpan(start(options), "Simulator.make")

  /**
   * Starts a simulator as a layer, which also provides the controls of all domains.
   *
   * **Errors**: as {@link make}.
   *
   * @example
   * ```ts
   * import { Simulator } from "@privx-kit/simulator/Simulator"
   * import * as Effect from "effect/Effect"
   *
   * const requests = Simulator.use(({ requests }) => requests).pipe(Effect.provide(Simulator.layer({ tls: true })))
   * ```
   */
  static readonly layer = <const Domains extends ReadonlyArray<SimulatorDomain> = readonly []>(
    options: Options<Domains> = {}
  ): Layer.Layer<Simulator | Controls<Domains>, SimulatorError | FaultSyntaxError> =>
    Layer.effectContext(
      Effect.map(Simulator.make(options), (simulator) => Context.add(simulator.controls, Simulator, simulator))
    )
}

/**
 * The controls of a simulator with further domains.
 *
 * @since 0.1.0
 * @category models
 */
export type Controls<Domains extends ReadonlyArray<SimulatorDomain>> =
  | UebaSimulator.UebaSimulator
  | PlaybackSimulator.PlaybackSimulator
  | ControlsOf<Domains>

/**
 * A simulator with the controls of its domains.
 *
 * @since 0.1.0
 * @category models
 */
export type Running<Domains extends ReadonlyArray<SimulatorDomain> = readonly []> = Simulator["Service"] & {
  readonly controls: Context.Context<Controls<Domains>>
}

const start = Effect.fnUntraced(function* <const Domains extends ReadonlyArray<SimulatorDomain>>(
  options: Options<Domains>
): Effect.fn.Return<Running<Domains>, SimulatorError | FaultSyntaxError, EffectScope.Scope> {
  const further: ReadonlyArray<Domains[number]> = options.domains ?? []
  const privx = yield* SimulatedPrivx.SimulatedPrivx.make({
    ...options,
    domains: [
      UebaSimulator.UebaSimulator.layer(options),
      PlaybackSimulator.PlaybackSimulator.layer(options),
      ...further
    ]
  })
  const ueba = Context.get(privx.controls, UebaSimulator.UebaSimulator)
  const playback = Context.get(privx.controls, PlaybackSimulator.PlaybackSimulator)
  return {
    ...privx,
    ueba,
    playback,
    script: ueba.script,
    scriptSha256: ueba.scriptSha256,
    endSetupSessions: ueba.endSetupSessions,
    addPlaybackSession: playback.addSession,
    endPlaybackSession: playback.endSession
  }
})
