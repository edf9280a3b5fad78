/**
 * The UEBA domain of the simulator: setup sessions and the script, the UEBA configuration, a host that runs the script,
 * datasets, trainings, and a history of connections.
 *
 * Its state depends only on the seed and on time: `speed` makes the time of the UEBA host pass faster, `advance` moves
 * it forward. Undocumented behaviour of PrivX is an option, with a default that is a choice.
 *
 * @since 0.1.0
 */
import * as UebaApi from "@privx-kit/ueba/UebaApi"
import type { UebaConfiguration } from "@privx-kit/ueba/UebaConfiguration"
import type { UebaPaths } from "@privx-kit/ueba/UebaPaths"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import { ConnectionHistory } from "./internal/connectionHistory.ts"
import * as Checked from "./internal/options.ts"
import { ServedScript } from "./internal/servedScript.ts"
import { SetupSessions } from "./internal/setupSessions.ts"
import * as UebaHandlers from "./internal/uebaHandlers.ts"
import { UebaState } from "./internal/uebaState.ts"
import { Environment, type SimulatorDomain } from "./SimulatorDomain.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Paths that replace the defaults. */
  readonly paths?: Partial<UebaPaths>
  /**
   * The fixed response of `downloadSetupScript`. Default: `SetupScript.text`, and after `setConfiguration` a script for
   * the new configuration.
   */
  readonly script?: string | Uint8Array
  /**
   * The initial configuration. Default: the address and the trust anchor of `SetupScript.text`. If another script is
   * given, nothing is configured, because the configuration of that script is unknown. With an empty address and
   * without a given script, `createSession` is refused until an address is configured.
   */
  readonly configuration?: Partial<UebaConfiguration>
  /** Lifetime of a setup session. PrivX does not document it; default 1 hour. */
  readonly sessionLifetime?: Duration.Input
  /**
   * Maximum number of downloads with a setup session. Each request that receives bytes counts, including one that
   * resumes a download. PrivX does not document it; default `Infinity`.
   */
  readonly sessionUses?: number
  /**
   * Whether the download requires a valid token. The API reference lists none, but both official SDKs send one, so
   * clients must support both kinds of servers. Default `false`: a token is ignored.
   */
  readonly authorizeDownload?: boolean
  /** Whether the download supports `Range` and `If-Range`. PrivX does not document it; default `true`. */
  readonly ranges?: boolean
  /**
   * How long after the download the UEBA host has run the script, in its own time. Then the service is `RUNNING`.
   * `"never"`: only after a call of `runScript`. Default: at once.
   */
  readonly hostRunsScript?: Duration.Input | "never"
  /** Duration of a training in the time of the UEBA host. Default 1 minute. */
  readonly trainingDuration?: Duration.Input
  /** Duration of stopping in the time of the UEBA host. Default 0. */
  readonly stopDuration?: Duration.Input
  /**
   * Minimum number of connections for a training. Default 5000, which the vendor's guide recommends; the refusal is a
   * choice.
   */
  readonly minimumConnections?: number
  /** Number of trainings that fail before one succeeds; `Infinity`: all. Default 0. */
  readonly trainingFailures?: number
  /** Average number of connections per hour. Default 60. */
  readonly connectionsPerHour?: number
  /** Length of the history of connections when the simulator starts. Default 90 days. */
  readonly historyLength?: Duration.Input
  /** Speed of the UEBA host's time relative to real time. Default 1. */
  readonly speed?: number
  /** The name of the list of models in the internal status. Older servers use the second. Default `instances`. */
  readonly instancesField?: "instances" | "model_instance_status"
}

/**
 * The controls of the domain.
 *
 * @since 0.1.0
 * @category services
 */
export class UebaSimulator extends Context.Service<
  UebaSimulator,
  {
    /** The bytes of the initial script. */
    readonly script: Uint8Array
    /** SHA-256 of {@link script}, lower-case hex. */
    readonly scriptSha256: string
    /** The bytes of the currently served script. */
    readonly currentScript: Effect.Effect<Uint8Array>
    /** Ends all setup sessions. */
    readonly endSetupSessions: Effect.Effect<void>
    /** Simulates that the UEBA host has run the script: the service is running from now on. */
    readonly runScript: Effect.Effect<void>
    /**
     * Overrides the status of the service and its message, e.g. with an unlisted status; `undefined` removes the
     * override.
     */
    readonly setStatus: (
      status: { readonly status: string; readonly message?: string } | undefined
    ) => Effect.Effect<void>
    /** Makes the given number of next trainings fail. */
    readonly failTrainings: (count: number) => Effect.Effect<void>
    /** Moves the time of the UEBA host forward. */
    readonly advance: (duration: Duration.Input) => Effect.Effect<void>
  }
>()("@privx-kit/simulator/UebaSimulator") {
  /**
   * Makes the domain: setup sessions, the setup script, and a UEBA host with a history of connections and trainings.
   *
   * **When to use**: in the `domains` of a `SimulatedPrivx`. A `Simulator` has this domain already.
   *
   * **Errors**: `SimulatorError` for an invalid option.
   *
   * @example
   * ```ts
   * import { SimulatedPrivx } from "@privx-kit/simulator/SimulatedPrivx"
   * import { UebaSimulator } from "@privx-kit/simulator/UebaSimulator"
   *
   * const privx = SimulatedPrivx.layer({ domains: [UebaSimulator.layer({ trainingDuration: "1 second" })] })
   * ```
   */
  static readonly layer = (options: Options = {}): SimulatorDomain<UebaSimulator> =>
    Layer.unwrap(
      Effect.gen(function* () {
        const { random, scopesOf } = yield* Environment
        const time = yield* hostTime(options)
        const state = yield* makeState(options, random, yield* time.now)
        const script = new ServedScript(options)
        const sessions = yield* makeSessions(options)
        const paths = yield* checkedPaths(options.paths ?? {})
        const hostDelay =
          options.hostRunsScript === "never"
            ? undefined
            : yield* Checked.duration("hostRunsScript", options.hostRunsScript ?? 0, "zero")
        const { bytes, sha256 } = script.current
        const service: UebaHandlers.Service = {
          state,
          script,
          sessions,
          now: time.now,
          statusOverride: undefined,
          downloaded: (now) => (hostDelay === undefined ? undefined : state.hostRuns(now + hostDelay)),
          isAuthorized: (token) => Effect.map(scopesOf(token), (scopes) => scopes !== undefined),
          authorizeDownload: options.authorizeDownload ?? false,
          ranges: options.ranges ?? true,
          instancesField: options.instancesField ?? "instances"
        }
        const api = UebaApi.make(paths)
        return Layer.merge(
          HttpApiBuilder.layer(api).pipe(Layer.provide(UebaHandlers.layer(api, service))),
          Layer.succeed(UebaSimulator, {
            script: bytes,
            scriptSha256: sha256,
            currentScript: Effect.sync(() => script.current.bytes),
            endSetupSessions: Effect.sync(() => sessions.endAll()),
            runScript: Effect.map(time.now, (now) => state.hostRuns(now)),
            setStatus: (status) => Effect.sync(() => void (service.statusOverride = status)),
            failTrainings: (count) => Effect.sync(() => void (state.options.trainingFailures = count)),
            advance: time.advance
          })
        )
      })
    )
}

const hostTime = Effect.fnUntraced(function* ({ speed = 1 }: Options) {
  if (!Number.isFinite(speed) || speed <= 0) {
    return yield* Checked.invalid(`speed is ${speed}, and must be a number above zero`)
  }
  const start = yield* Clock.currentTimeMillis
  let advanced = 0
  return {
    now: Effect.map(Clock.currentTimeMillis, (now) => start + (now - start) * speed + advanced),
    advance: (duration: Duration.Input) =>
      Effect.sync(() => {
        advanced += Duration.toMillis(Duration.fromInputUnsafe(duration))
      })
  }
})

const makeState = Effect.fnUntraced(function* (options: Options, random: (label: string) => () => number, now: number) {
  const length = yield* Checked.duration("historyLength", options.historyLength ?? "90 days", "zero")
  const perHour = yield* Checked.wholeNumber("connectionsPerHour", options.connectionsPerHour ?? 60, 0, 1_000_000)
  const failures = options.trainingFailures ?? 0
  return new UebaState({
    random: random("ueba"),
    history: new ConnectionHistory(Math.floor(random("ueba/history")() * 2 ** 32), perHour, now - length),
    trainingDuration: yield* Checked.duration("trainingDuration", options.trainingDuration ?? "1 minute", "zero"),
    stopDuration: yield* Checked.duration("stopDuration", options.stopDuration ?? 0, "zero"),
    minimumConnections: yield* Checked.wholeNumber("minimumConnections", options.minimumConnections ?? 5_000, 0),
    trainingFailures: failures === Infinity ? failures : yield* Checked.wholeNumber("trainingFailures", failures, 0)
  })
})

const makeSessions = Effect.fnUntraced(function* (options: Options) {
  const uses = options.sessionUses ?? Infinity
  if (uses !== Infinity) yield* Checked.wholeNumber("sessionUses", uses, 1)
  return new SetupSessions(yield* Checked.duration("sessionLifetime", options.sessionLifetime ?? "1 hour"), uses)
})

/** A caller may pass the paths of all domains in one object; only those of this domain are used. */
const checkedPaths = Effect.fnUntraced(function* (paths: Partial<UebaPaths>) {
  yield* Checked.pathsWith(paths, "session_id", ["downloadSetupScript"])
  yield* Checked.pathsWith(paths, "dataset_id", ["dataset", "trainDataset", "startAnalyzing"])
  return paths
})
