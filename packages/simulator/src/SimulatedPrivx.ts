/**
 * A simulated PrivX in the process, with the given domains: a server on 127.0.0.1 over real HTTP or HTTPS, the token
 * endpoint, fault injection, and a record of the requests. It has no built-in domain. `Simulator` adds the domains of
 * the kit; `SimulatorDomain` describes how to add others.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as Scope from "@privx-kit/core/Scope"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as EffectScope from "effect/Scope"
import type * as AuthApi from "./AuthApi.ts"
import * as ApiClient from "./ApiClient.ts"
import * as Certificates from "./Certificates.ts"
import * as Fault from "./Fault.ts"
import type { FaultSyntaxError } from "./FaultSyntaxError.ts"
import * as AuthHandlers from "./internal/authHandlers.ts"
import { FaultSchedule } from "./internal/faultSchedule.ts"
import * as Gate from "./internal/gate.ts"
import * as Listener from "./internal/listener.ts"
import * as Checked from "./internal/options.ts"
import * as Random from "./internal/random.ts"
import { Recorder } from "./internal/recorder.ts"
import { recording } from "./internal/recording.ts"
import { secret, Tokens } from "./internal/tokens.ts"
import type { RecordedRequest } from "./RecordedRequest.ts"
import { type ControlsOf, Environment, type Requirements, type SimulatorDomain } from "./SimulatorDomain.ts"
import { SimulatorError } from "./SimulatorError.ts"

/**
 * A user of the simulated PrivX.
 *
 * @since 0.1.0
 * @category models
 */
export interface User {
  readonly username: string
  readonly password: Redacted.Redacted<string>
}

/**
 * The options of every simulated PrivX, independent of its domains.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions {
  /** HTTPS with a generated certificate (`true`, or its options). Default `false`: plain HTTP. */
  readonly tls?: boolean | Certificates.Options
  /** Default 0: the system chooses a free port. */
  readonly port?: number
  /** Default: the ids `simulator` and `privx-external`, with random secrets. */
  readonly apiClient?: Partial<ApiClient.ApiClient>
  /** The scopes of a token. Default `admin` and `user`. */
  readonly scopes?: ReadonlyArray<Scope.Scope>
  /** Lifetime of an access token. Default 5 minutes, as in the examples of the vendor's reference. */
  readonly tokenLifetime?: Duration.Input
  /** The user that logs in with a password. Default: `simulator-user`, a random password. */
  readonly user?: Partial<User>
  /** The token of another issuer that an exchange accepts. Default: a random one. */
  readonly exchangeToken?: Redacted.Redacted<string>
  /** The scopes that an exchange may request. Default: any. */
  readonly exchangeScopes?: ReadonlyArray<string>
  /**
   * Number of nodes behind the load balancer. With more than one, a login of several steps works only if the client
   * sends back the cookie that pins it to a node. Default 1: no cookies.
   */
  readonly nodes?: number
  /** Paths of the authentication endpoints that replace the defaults. */
  readonly paths?: Partial<AuthApi.Paths>
  /** The initial faults, as values or in their text form. Default: none. */
  readonly faults?: ReadonlyArray<Fault.Fault | string>
  /** Seed of everything random that is not secret. Default 0: every run is the same. */
  readonly seed?: number
  /** Maximum number of recorded requests; the oldest are dropped. Default 20 000. */
  readonly recordLimit?: number
  /** Called for each request when its response starts, or when it ends without one. */
  readonly onRequest?: (request: RecordedRequest) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<
  Domains extends ReadonlyArray<SimulatorDomain> = ReadonlyArray<SimulatorDomain>
> extends ServerOptions {
  /** The domains of this PrivX. */
  readonly domains: Domains
}

/**
 * A running simulated PrivX.
 *
 * @since 0.1.0
 * @category services
 */
export class SimulatedPrivx extends Context.Service<
  SimulatedPrivx,
  {
    /** Its URL, e.g. `https://127.0.0.1:40123/`. */
    readonly url: URL
    /** The certificates to trust (PEM), in the format of `Connection.layer`; empty for plain HTTP. */
    readonly ca: ReadonlyArray<string>
    readonly apiClient: ApiClient.ApiClient
    /** The user that logs in with a password, for `PrivxLogin`. */
    readonly user: User
    /** The token that an exchange accepts, for `TokenExchange`. */
    readonly exchangeToken: Redacted.Redacted<string>
    /** Issues a token like the token endpoint, by default with the same scopes and lifetime. */
    readonly issueToken: (options?: {
      readonly scopes?: ReadonlyArray<Scope.Scope>
      readonly lifetime?: Duration.Input
    }) => Effect.Effect<Redacted.Redacted<string>>
    /** Revokes all tokens, including refresh tokens. */
    readonly revokeTokens: Effect.Effect<void>
    /**
     * Replaces the faults; an empty list removes them. Counts and generators start again.
     *
     * Fails with `FaultSyntaxError`, or with `SimulatorError` for an operation that no endpoint has.
     */
    readonly setFaults: (
      faults: ReadonlyArray<Fault.Fault | string>
    ) => Effect.Effect<void, FaultSyntaxError | SimulatorError>
    /** The requests since the start or since the record was last cleared, in order of arrival. */
    readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
    readonly clearRequests: Effect.Effect<void>
  }
>()("@privx-kit/simulator/SimulatedPrivx") {
  /**
   * Starts a PrivX of the given domains. It stops when the scope closes, and then closes every connection at once.
   *
   * **Errors**: `SimulatorError` if the port is in use or an option is invalid, and `FaultSyntaxError` if a fault cannot be
   * parsed.
   *
   * @example
   * ```ts
   * import { PlaybackSimulator } from "@privx-kit/simulator/PlaybackSimulator"
   * import { SimulatedPrivx } from "@privx-kit/simulator/SimulatedPrivx"
   * import * as Context from "effect/Context"
   * import * as Effect from "effect/Effect"
   *
   * const program = Effect.gen(function* () {
   *   const privx = yield* SimulatedPrivx.make({ domains: [PlaybackSimulator.layer()] })
   *   return yield* Context.get(privx.controls, PlaybackSimulator).addSession()
   * }).pipe(Effect.scoped)
   * ```
   */
  static readonly make = <const Domains extends ReadonlyArray<SimulatorDomain>>(
    options: Options<Domains>
  ): Effect.Effect<Running<Domains>, SimulatorError | FaultSyntaxError, EffectScope.Scope> =>
    Effect.withSpan(start(options), "SimulatedPrivx.make")

  /**
   * Starts a PrivX of the given domains as a layer, which also provides the controls of the domains.
   *
   * **Errors**: as {@link make}.
   *
   * @example
   * ```ts
   * import { PlaybackSimulator } from "@privx-kit/simulator/PlaybackSimulator"
   * import { SimulatedPrivx } from "@privx-kit/simulator/SimulatedPrivx"
   * import * as Effect from "effect/Effect"
   *
   * const url = SimulatedPrivx.use(({ url }) => Effect.succeed(url)).pipe(
   *   Effect.provide(SimulatedPrivx.layer({ domains: [PlaybackSimulator.layer()] }))
   * )
   * ```
   */
  static readonly layer = <const Domains extends ReadonlyArray<SimulatorDomain>>(
    options: Options<Domains>
  ): Layer.Layer<SimulatedPrivx | ControlsOf<Domains>, SimulatorError | FaultSyntaxError> =>
    Layer.effectContext(
      Effect.map(SimulatedPrivx.make(options), (privx) => Context.add(privx.controls, SimulatedPrivx, privx))
    )
}

/**
 * A simulated PrivX with the controls of its domains.
 *
 * @since 0.1.0
 * @category models
 */
export type Running<Domains extends ReadonlyArray<SimulatorDomain>> = SimulatedPrivx["Service"] & {
  readonly controls: Context.Context<ControlsOf<Domains>>
}

const start = Effect.fnUntraced(function* <const Domains extends ReadonlyArray<SimulatorDomain>>(
  options: Options<Domains>
): Effect.fn.Return<Running<Domains>, SimulatorError | FaultSyntaxError, EffectScope.Scope> {
  const port = yield* Checked.wholeNumber("port", options.port ?? 0, 0, 65_535)
  const seed = yield* Checked.wholeNumber("seed", options.seed ?? 0, 0, 2 ** 32 - 1)
  const recorder = new Recorder(yield* Checked.wholeNumber("recordLimit", options.recordLimit ?? 20_000, 1))
  const schedule = new FaultSchedule(seed)
  const tokens = new Tokens(
    options.scopes ?? ["admin", "user"],
    yield* Checked.duration("tokenLifetime", options.tokenLifetime ?? "5 minutes")
  )
  const apiClient = ApiClient.make(options.apiClient)
  const user: User = {
    username: "simulator-user",
    password: Redacted.make(secret(), { label: "password" }),
    ...options.user
  }
  const exchangeToken = options.exchangeToken ?? Redacted.make(secret(), { label: "exchangeToken" })
  const paths = yield* Checked.pathsWith(options.paths ?? {}, "domain", ["clientCredentials"])
  const nodes = yield* Checked.wholeNumber("nodes", options.nodes ?? 1, 1, 1_000)

  const operations = new Set<string>(["*"])
  const gate = Gate.layer({
    tokens,
    faults: schedule,
    reset: (socket) => listener.reset(socket),
    onOperation: (names) => names.forEach((name) => operations.add(name))
  })
  const environment = Layer.succeed(
    Environment,
    Environment.of({
      random: (label) => Random.generator(Random.seedOf(seed, label)),
      scopesOf: (token) => Effect.map(Clock.currentTimeMillis, (now) => tokens.scopesOf(Redacted.value(token), now))
    })
  )
  const endpoints = options.domains.reduce<Layer.Layer<never, SimulatorError, Requirements>>(
    (all, domain) => Layer.merge(all, domain),
    AuthHandlers.layer({
      paths,
      apiClient,
      user,
      exchangeToken,
      exchangeScopes: options.exchangeScopes,
      nodes,
      tokens
    })
  )
  const built = yield* Layer.build(
    endpoints.pipe(
      Layer.provide(gate),
      Layer.provide(environment),
      Layer.provide(NodeHttpServer.layerHttpServices),
      Layer.provideMerge(HttpRouter.layer)
    )
  ).pipe(Effect.provideService(HttpRouter.RouterConfig, { maxParamLength: 8_192 }))
  const app = Context.get(built, HttpRouter.HttpRouter).asHttpEffect()

  const setFaults = Effect.fn("SimulatedPrivx.setFaults")(function* (faults: ReadonlyArray<Fault.Fault | string>) {
    schedule.set(yield* Effect.forEach(faults, (fault) => checkedFault(fault, operations)))
  })
  yield* setFaults(options.faults ?? [])

  const tls = options.tls ?? false
  const certificates = tls === false ? undefined : yield* Certificates.make(tls === true ? {} : tls)
  const listener = yield* Listener.make(port, certificates)
  yield* listener.serve(recording(app, recorder, options.onRequest ?? (() => Effect.void))).pipe(
    // The path of a request may contain a session id, which must not appear in the spans of the program.
    Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true)
  )
  yield* Effect.addFinalizer(() => listener.shutdown)

  return {
    // The type of a list of layers does not contain the services of each layer, so they are declared again here.
    controls: built as Context.Context<never> as Context.Context<ControlsOf<Domains>>,
    url: listener.url,
    ca: certificates === undefined ? [] : [certificates.ca],
    apiClient,
    user,
    exchangeToken,
    issueToken: ({ scopes, lifetime } = {}) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const millis = lifetime === undefined ? undefined : Duration.toMillis(lifetime)
        return Redacted.make(tokens.issue(now, apiClient.oauthClientId, scopes, millis).accessToken, { label: "token" })
      }),
    revokeTokens: Effect.sync(() => tokens.revokeAll()),
    setFaults,
    requests: Effect.sync(() => recorder.snapshot()),
    clearRequests: Effect.sync(() => recorder.clear())
  }
})

const decodeFault = Schema.decodeUnknownEffect(Schema.toType(Fault.Fault))

const checkedFault = Effect.fnUntraced(function* (input: Fault.Fault | string, operations: ReadonlySet<string>) {
  const fault = yield* typeof input === "string"
    ? Effect.fromResult(Fault.parse(input))
    : Effect.mapError(decodeFault(input), (error) => Checked.invalid(`a fault is not valid: ${error.message}`))
  if (operations.has(fault.operation)) return fault
  const known = [...operations].filter((name) => name !== "*").join(", ")
  return yield* new SimulatorError({
    reason: "unknownOperation",
    detail: `no operation is called "${fault.operation}"; there are ${known}`
  })
})
