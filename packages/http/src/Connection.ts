/**
 * A PrivX host and how to reach it: base URL, proxy, trust, connection pool, limits of time and size.
 *
 * A `Connection` has one origin. It knows neither tokens nor endpoints.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Platform from "#platform"
import * as CookieJar from "./CookieJar.ts"
import * as FetchDispatcher from "./internal/fetchDispatcher.ts"
import { Gate } from "./internal/gate.ts"
import { MeasuredServers, Telemetry } from "./internal/telemetry.ts"
import { version } from "./internal/version.ts"
import * as Protection from "./Protection.ts"
import type * as Proxy from "./Proxy.ts"
import { RetryBudget, type Options as RetryBudgetOptions } from "./RetryBudget.ts"
import type * as Tls from "./Tls.ts"
import type { TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Tls.Options, Protection.Options {
  /** Scheme, host, port, and the path prefix if PrivX is not at the root. */
  readonly baseUrl: URL
  /** Default: `privx-kit/<version>`. */
  readonly userAgent?: string | undefined
  /**
   * Time limit of one attempt, until its response is complete (for a download: until its head has arrived). Default 30
   * s.
   */
  readonly attemptTimeout?: Duration.Input | undefined
  /**
   * Time limit of a call, including its retries, the login that it needs, and the wait for a free socket. At the
   * deadline, every pending request of the call is aborted. For a download, the deadline applies until its head has
   * arrived. Default 2 min.
   */
  readonly deadline?: Duration.Input | undefined
  /** How long a download may receive no bytes. Default 30 s. */
  readonly stallTimeout?: Duration.Input | undefined
  /**
   * Minimum throughput of a download, measured over each `stallTimeout`, which ends a download from a server that sends
   * a byte now and then. Time in which the reader does not keep up does not count. Default 128 bytes per second;
   * `false` for no minimum.
   */
  readonly minThroughput?: number | false | undefined
  /**
   * Time limit of a download with all its resumptions, from its first request. Default: `deadline` if that is set,
   * otherwise 6 h.
   */
  readonly downloadDeadline?: Duration.Input | undefined
  /** Maximum size of a response that is read into memory, in bytes. Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined
  /** Maximum size of a download, in bytes. Default 1 GiB. */
  readonly maxDownloadBytes?: number | undefined
  /**
   * Maximum number of concurrent requests, each on its own socket; further requests wait. The limit is lower while the
   * server reports that it is overloaded. Default 64.
   */
  readonly maxConcurrency?: number | undefined
  /** The retry budget of all calls together; `false` for no budget. */
  readonly retryBudget?: RetryBudgetOptions | false | undefined
  /**
   * Keeps the origin's cookies in memory and sends them back, login included: for a load balancer that pins a session to a
   * node by a cookie. Default `false`.
   */
  readonly cookies?: boolean | undefined
  /**
   * `true`: the proxy that the environment names, by the rules of {@link Proxy.choose}. `false`: no proxy. A string:
   * this proxy, regardless of the environment, for example `socks5h://proxy.example.com:1080`. Default `true`.
   */
  readonly proxy?: boolean | string | undefined
  /**
   * How requests are sent. `fetch` cannot check `pins`, present a `clientCertificate` or use a given proxy, and except
   * on Bun it cannot use a `ca`; with one of these options, each request fails as `invalidRequest`. It does not report
   * the certificates of the server either. Default: `fetch` on Bun and where Node's sockets are missing, otherwise
   * `sockets`.
   */
  readonly via?: "sockets" | "fetch" | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
  readonly stallTimeout: Duration.Duration
  /** Bytes per second; 0 for no minimum. */
  readonly minThroughput: number
  readonly downloadDeadline: Duration.Duration
  readonly maxResponseBytes: number
  readonly maxDownloadBytes: number
}

/**
 * The connection to one PrivX host. The transport and the logins use it.
 *
 * @since 0.1.0
 * @category services
 */
export class Connection extends Context.Service<
  Connection,
  {
    /** Scheme, host and port, as messages may show them. */
    readonly origin: string
    /** Prefix of the path of each endpoint: empty, or starting with a slash and not ending with one. */
    readonly pathPrefix: string
    readonly userAgent: string
    readonly limits: Limits
    /** How requests are sent: with Node's sockets, or with `fetch`. */
    readonly dispatcher: FetchDispatcher.RequestDispatcher
    readonly gate: Gate
    readonly budget: RetryBudget | undefined
    readonly protect: Protection.Protect | undefined
    /** The metric series and attributes of this server. */
    readonly telemetry: Telemetry
    /** The route to the origin. */
    readonly route: Proxy.Choice
    /** The error of the last broken socket. It is cleared when it is read. */
    readonly takeAlert: () => Error | undefined
    /** The same failure, with the certificate at fault if trust has failed and the platform can determine it. */
    readonly explain: (failure: TransportError, patience: number) => Effect.Effect<TransportError>
  }
>()("@privx-kit/http/Connection") {
  /**
   * Makes a connection. The first request connects; closing the layer closes the sockets. With unusable settings, such
   * as a wrong passphrase or an unknown kind of proxy, each request fails.
   *
   * @example
   * ```ts
   * import { Connection } from "@privx-kit/http/Connection"
   *
   * const connection = Connection.layer({ baseUrl: new URL("https://privx.example.com"), deadline: "30 seconds" })
   * ```
   */
  static readonly layer = (options: Options): Layer.Layer<Connection> =>
    Layer.effect(
      Connection,
      Effect.gen(function* () {
        const maxConcurrency = options.maxConcurrency ?? 64
        Platform.warnOfEnvironment()
        const timeout = Duration.toMillis(Duration.fromInputUnsafe(options.attemptTimeout ?? "30 seconds"))
        const route = Platform.routeOf(options)
        const viaFetch = options.via === undefined ? FetchDispatcher.isNeeded : options.via === "fetch"
        const { dispatcher, explain, takeAlert } = yield* Effect.acquireRelease(
          viaFetch
            ? Effect.sync(() => unexplained(FetchDispatcher.make({ ...options, route })))
            : Platform.open(options, route, { maxSockets: maxConcurrency, timeout }),
          ({ dispatcher }) => Effect.promise(async () => dispatcher.destroy().catch(() => undefined))
        )
        const clock = yield* Clock.Clock
        return Connection.of({
          origin: options.baseUrl.origin,
          pathPrefix: options.baseUrl.pathname.replace(/\/+$/, ""),
          userAgent: options.userAgent ?? `privx-kit/${version}`,
          limits: {
            attemptTimeout: Duration.fromInputUnsafe(options.attemptTimeout ?? "30 seconds"),
            deadline: Duration.fromInputUnsafe(options.deadline ?? "2 minutes"),
            stallTimeout: Duration.fromInputUnsafe(options.stallTimeout ?? "30 seconds"),
            minThroughput: options.minThroughput === false ? 0 : (options.minThroughput ?? 128),
            downloadDeadline: Duration.fromInputUnsafe(options.downloadDeadline ?? options.deadline ?? "6 hours"),
            maxResponseBytes: options.maxResponseBytes ?? 8 * 1024 * 1024,
            maxDownloadBytes: options.maxDownloadBytes ?? 1024 * 1024 * 1024
          },
          dispatcher: options.cookies === true ? withCookies(dispatcher, options.baseUrl.origin, clock) : dispatcher,
          gate: new Gate(maxConcurrency),
          route,
          takeAlert,
          explain,
          telemetry: new Telemetry(options.baseUrl.origin, yield* MeasuredServers),
          protect: yield* Protection.make(options, options.baseUrl.origin),
          budget: options.retryBudget === false ? undefined : new RetryBudget(options.retryBudget)
        })
      })
    )
}

const withCookies = (
  dispatcher: FetchDispatcher.RequestDispatcher,
  origin: string,
  clock: Clock.Clock
): FetchDispatcher.RequestDispatcher => {
  const jar = new CookieJar.CookieJar(origin, () => clock.currentTimeMillisUnsafe())
  return {
    dispatch: CookieJar.interceptor(jar)((request, handler) => dispatcher.dispatch(request, handler)),
    destroy: () => dispatcher.destroy()
  }
}

/** `fetch` reports only its error; an explanation would open a socket. */
const unexplained = (dispatcher: FetchDispatcher.RequestDispatcher): Platform.Opened => ({
  dispatcher,
  takeAlert: () => undefined,
  explain: Effect.succeed
})
