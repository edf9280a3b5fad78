/**
 * A PrivX that runs in a process: the token endpoint, the UEBA set-up and the playback re-authentication over real HTTP or
 * HTTPS on 127.0.0.1, with sessions and tokens in memory, faults on request, and a record of what was asked.
 *
 * It takes the shapes of the endpoints (method, path, schemas, scope) from the definitions in `UebaApi` and `PlaybackApi`, and
 * nothing from their clients.
 *
 * What PrivX does not document is an option here, with a default that is a choice: how long a set-up session lives and how
 * often it can be used, which code comes with a 401, 403 or 404, whether ranges are known, the content type of the script.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as Scope from "@privx-kit/core/Scope"
import * as SessionId from "@privx-kit/core/SessionId"
import type { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import type * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
import type * as UebaApi from "@privx-kit/ueba/UebaApi"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Etag from "effect/http/Etag"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import type * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as EffectScope from "effect/Scope"
import { createHash, randomUUID } from "node:crypto"
import * as Certificates from "./Certificates.ts"
import * as Fault from "./Fault.ts"
import type { FaultSyntaxError } from "./FaultSyntaxError.ts"
import { FaultSchedule } from "./internal/faultSchedule.ts"
import * as Gate from "./internal/gate.ts"
import * as Listener from "./internal/listener.ts"
import * as PlaybackEndpoints from "./internal/playbackEndpoints.ts"
import { Recorder } from "./internal/recorder.ts"
import { recording } from "./internal/recording.ts"
import * as TokenEndpoint from "./internal/tokenEndpoint.ts"
import { secret, Tokens } from "./internal/tokens.ts"
import * as UebaEndpoints from "./internal/uebaEndpoints.ts"
import type { RecordedRequest } from "./RecordedRequest.ts"
import * as SetupScript from "./SetupScript.ts"
import { SimulatorError } from "./SimulatorError.ts"
import type * as TokenApi from "./TokenApi.ts"

/**
 * The endpoints of a domain with their handlers: `HttpApiBuilder.layer(api)` with its groups provided, where the api carries
 * `PrivxMiddleware`. Tokens, scopes, faults and the record come with that middleware, by the `Operation` that each endpoint
 * is annotated with.
 *
 * @since 0.1.0
 * @category models
 */
export type Endpoints = Layer.Layer<
  never,
  never,
  | HttpRouter.HttpRouter
  | PrivxMiddleware
  | Etag.Generator
  | HttpPlatform.HttpPlatform
  | FileSystem.FileSystem
  | Path.Path
>

/**
 * The credentials that the token endpoint accepts, in the shape that `TokenProvider.layerApiClient` takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiClient {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  readonly oauthClientId: string
  readonly oauthClientSecret: Redacted.Redacted<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** HTTPS with a certificate made for the occasion (`true`, or what it should be like). Default `false`: plain HTTP. */
  readonly tls?: boolean | Certificates.Options
  /** Default 0: the system finds a free one. */
  readonly port?: number
  /** What `downloadSetupScript` answers. Default `SetupScript.text`. */
  readonly script?: string | Uint8Array
  /**
   * What `configuration` answers. Default: the address and the trust anchor that `SetupScript.text` is made with; where another
   * script is given, that nothing is configured, because nobody knows what that one is made with.
   */
  readonly configuration?: UebaApi.Configuration
  /** Default: the ids `simulator` and `privx-external`, random secrets. */
  readonly apiClient?: Partial<ApiClient>
  /** The scopes that a token carries. Default `admin` and `user`. */
  readonly scopes?: ReadonlyArray<Scope.Scope>
  /** How long an access token lives. Default 1 hour. */
  readonly tokenLifetime?: Duration.Input
  /** How long a set-up session lives. PrivX does not document it; default 1 hour. */
  readonly sessionLifetime?: Duration.Input
  /**
   * How many downloads a set-up session is good for; each request that gets bytes counts, one that continues a download
   * included. PrivX does not document it; default `Infinity`.
   */
  readonly sessionUses?: number
  /**
   * Whether the download wants a token, any valid one. The API reference lists none, both official SDKs send one: servers of
   * either kind have to be reckoned with. Default `false`: a token is ignored there.
   */
  readonly authorizeDownload?: boolean
  /** Whether the download knows `Range` and `If-Range`. PrivX does not document it; default `true`. */
  readonly ranges?: boolean
  /** Other paths than the default ones. Those with a session id must contain `:session_id`. */
  readonly paths?: Partial<UebaApi.Paths & PlaybackApi.Paths & TokenApi.Paths>
  /** Ids of the playback sessions that exist from the beginning. Default: none. */
  readonly playbackSessions?: ReadonlyArray<string>
  /** Faults from the beginning, as values or in their text form. Default: none. */
  readonly faults?: ReadonlyArray<Fault.Fault | string>
  /** Seed of the faults that have a percentage and no seed of their own. Default 0: the same run each time. */
  readonly seed?: number
  /** How many requests are kept; the oldest make room. Default 20 000. */
  readonly recordLimit?: number
  /** Told of each request when its answer begins, or when it ends without one. */
  readonly onRequest?: (request: RecordedRequest) => Effect.Effect<void>
  /** Endpoints of further domains. */
  readonly endpoints?: Endpoints
}

/**
 * A simulator that runs.
 *
 * @since 0.1.0
 * @category services
 */
export class Simulator extends Context.Service<
  Simulator,
  {
    /** Where it listens, e.g. `https://127.0.0.1:40123/`. */
    readonly url: URL
    /** The certificates to trust, PEM, as `Connection.layer` takes them; empty for plain HTTP. */
    readonly ca: ReadonlyArray<string>
    readonly apiClient: ApiClient
    /** The bytes of the script that it serves. */
    readonly script: Uint8Array
    /** SHA-256 of {@link script}, lower-case hex. */
    readonly scriptSha256: string
    /** A token as the token endpoint would give it, by default with its scopes and lifetime. */
    readonly issueToken: (options?: {
      readonly scopes?: ReadonlyArray<Scope.Scope>
      readonly lifetime?: Duration.Input
    }) => Effect.Effect<Redacted.Redacted<string>>
    /** Ends all tokens, refresh tokens included. */
    readonly revokeTokens: Effect.Effect<void>
    /** Ends all set-up sessions. */
    readonly endSetupSessions: Effect.Effect<void>
    /** Begins a playback session, by default with a random id. Fails with `SimulatorError` for an empty id. */
    readonly addPlaybackSession: (id?: string) => Effect.Effect<SessionId.PlaybackSessionId, SimulatorError>
    /** Ends a playback session, if there is one of that id. */
    readonly endPlaybackSession: (id: SessionId.PlaybackSessionId) => Effect.Effect<void>
    /**
     * Sets other faults than those that were; none ends them. Counts and generators begin anew.
     *
     * Fails with `FaultSyntaxError`, or with `SimulatorError` for an operation that no endpoint has.
     */
    readonly setFaults: (
      faults: ReadonlyArray<Fault.Fault | string>
    ) => Effect.Effect<void, FaultSyntaxError | SimulatorError>
    /** What was asked since the beginning, or since the last clearing, in the order of arrival. */
    readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
    readonly clearRequests: Effect.Effect<void>
  }
>()("@privx-kit/simulator/Simulator") {
  /**
   * Starts a simulator that stops with the scope. Stopping ends every connection at once.
   *
   * Fails with `SimulatorError` when the port is taken or an option makes no sense, with `FaultSyntaxError` for a fault that
   * is not understood.
   */
  static readonly make = Effect.fn("Simulator.make")(function* (
    options: Options = {}
  ): Effect.fn.Return<Simulator["Service"], SimulatorError | FaultSyntaxError, EffectScope.Scope> {
    const port = yield* wholeNumber("port", options.port ?? 0, 0, 65_535)
    const sessionUses = options.sessionUses ?? Infinity
    if (sessionUses !== Infinity) yield* wholeNumber("sessionUses", sessionUses, 1)
    const recorder = new Recorder(yield* wholeNumber("recordLimit", options.recordLimit ?? 20_000, 1))
    const schedule = new FaultSchedule(options.seed ?? 0)
    const tokens = new Tokens(
      options.scopes ?? ["admin", "user"],
      yield* lifetime("tokenLifetime", options.tokenLifetime)
    )
    const setupSessions = new UebaEndpoints.SetupSessions(
      yield* lifetime("sessionLifetime", options.sessionLifetime),
      sessionUses
    )
    const playbackSessions = new Set<string>()
    for (const id of options.playbackSessions ?? []) playbackSessions.add(Redacted.value(yield* playbackSessionId(id)))
    const paths = yield* checkedPaths(options.paths ?? {})
    const apiClient: ApiClient = {
      clientId: "simulator",
      clientSecret: Redacted.make(secret(), { label: "clientSecret" }),
      oauthClientId: "privx-external",
      oauthClientSecret: Redacted.make(secret(), { label: "oauthClientSecret" }),
      ...options.apiClient
    }
    // A copy: what the caller does to his bytes must not change what is served.
    const script = Uint8Array.from(Buffer.from(options.script ?? SetupScript.text))
    const scriptSha256 = createHash("sha256").update(script).digest("hex")

    const operations = new Set<string>(["*"])
    const gate = Gate.layer({
      tokens,
      faults: schedule,
      tokenWanted: new Set(options.authorizeDownload === true ? ["Ueba.downloadSetupScript"] : []),
      reset: (socket) => listener.reset(socket),
      onOperation: (names) => names.forEach((name) => operations.add(name))
    })
    const endpoints: Endpoints = Layer.mergeAll(
      TokenEndpoint.layer({ paths, apiClient, tokens }),
      UebaEndpoints.layer({
        paths,
        sessions: setupSessions,
        script: { bytes: script, sha256: scriptSha256 },
        ranges: options.ranges ?? true,
        configuration:
          options.configuration ??
          (options.script === undefined ? SetupScript.configuration : { address: "", trust_anchors: "" })
      }),
      PlaybackEndpoints.layer({ paths, sessions: playbackSessions }),
      options.endpoints ?? Layer.empty
    )
    const app = yield* HttpRouter.toHttpEffect(
      endpoints.pipe(Layer.provide(gate), Layer.provide(NodeHttpServer.layerHttpServices))
    ).pipe(Effect.provideService(HttpRouter.RouterConfig, { maxParamLength: 8_192 }))

    const setFaults = Effect.fn("Simulator.setFaults")(function* (faults: ReadonlyArray<Fault.Fault | string>) {
      schedule.set(yield* Effect.forEach(faults, (fault) => checkedFault(fault, operations)))
    })
    yield* setFaults(options.faults ?? [])

    const tls = options.tls ?? false
    const certificates = tls === false ? undefined : yield* Certificates.make(tls === true ? {} : tls)
    const listener = yield* Listener.make(port, certificates)
    yield* listener.serve(recording(app, recorder, options.onRequest ?? (() => Effect.void))).pipe(
      // The path of a request can hold a session id, which must not get into the spans of whoever runs the simulator.
      Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true)
    )
    yield* Effect.addFinalizer(() => listener.shutdown)

    return Simulator.of({
      url: listener.url,
      ca: certificates === undefined ? [] : [certificates.ca],
      apiClient,
      script,
      scriptSha256,
      issueToken: ({ scopes, lifetime } = {}) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const millis = lifetime === undefined ? undefined : Duration.toMillis(lifetime)
          return Redacted.make(tokens.issue(now, scopes, millis).accessToken, { label: "token" })
        }),
      revokeTokens: Effect.sync(() => tokens.revokeAll()),
      endSetupSessions: Effect.sync(() => setupSessions.endAll()),
      addPlaybackSession: (id = randomUUID()) =>
        Effect.tap(playbackSessionId(id), () => Effect.sync(() => playbackSessions.add(id))),
      endPlaybackSession: (id) => Effect.sync(() => playbackSessions.delete(Redacted.value(id))),
      setFaults,
      requests: Effect.sync(() => recorder.snapshot()),
      clearRequests: Effect.sync(() => recorder.clear())
    })
  })

  static readonly layer = (options: Options = {}): Layer.Layer<Simulator, SimulatorError | FaultSyntaxError> =>
    Layer.effect(Simulator, Simulator.make(options))
}

const invalidOption = (detail: string) => new SimulatorError({ reason: "invalidOption", detail })

const wholeNumber = (name: string, value: number, minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  Number.isInteger(value) && value >= minimum && value <= maximum
    ? Effect.succeed(value)
    : Effect.fail(invalidOption(`${name} is ${value}, and must be a whole number from ${minimum} to ${maximum}`))

const lifetime = (name: string, value: Duration.Input = "1 hour") => {
  const millis = Option.getOrUndefined(Option.map(Duration.fromInput(value), Duration.toMillis))
  return millis !== undefined && millis > 0
    ? Effect.succeed(millis)
    : Effect.fail(invalidOption(`${name} is no duration above zero`))
}

const decodePlaybackSessionId = Schema.decodeEffect(SessionId.PlaybackSessionId)

const playbackSessionId = (id: string) =>
  Effect.mapError(decodePlaybackSessionId(id), () => invalidOption("the id of a playback session is empty"))

const checkedPaths = (paths: NonNullable<Options["paths"]>) => {
  const incomplete = (["downloadSetupScript", "reauthenticate"] as const).find(
    (name) => paths[name]?.includes(":session_id") === false
  )
  return incomplete === undefined
    ? Effect.succeed(paths)
    : Effect.fail(invalidOption(`the path of ${incomplete} does not contain :session_id`))
}

const decodeFault = Schema.decodeUnknownEffect(Schema.toType(Fault.Fault))

const checkedFault = Effect.fnUntraced(function* (input: Fault.Fault | string, operations: ReadonlySet<string>) {
  const fault = yield* typeof input === "string"
    ? Effect.fromResult(Fault.parse(input))
    : Effect.mapError(decodeFault(input), (error) => invalidOption(`a fault is not valid: ${error.message}`))
  if (operations.has(fault.operation)) return fault
  const known = [...operations].filter((name) => name !== "*").join(", ")
  return yield* new SimulatorError({
    reason: "unknownOperation",
    detail: `no operation is called "${fault.operation}"; there are ${known}`
  })
})
