/**
 * Where a PrivX is and how to reach it: base URL, trust, connection pool, limits of time and size.
 *
 * One `Connection` is one origin. It knows neither tokens nor endpoints.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Dispatcher, EnvHttpProxyAgent, Pool } from "undici"
import * as CookieJar from "./CookieJar.ts"
import { Gate } from "./internal/gate.ts"
import * as SocketReader from "./internal/socketReader.ts"
import { version } from "./internal/version.ts"
import * as Protection from "./Protection.ts"
import { RetryBudget, type Options as RetryBudgetOptions } from "./RetryBudget.ts"
import * as Tls from "./Tls.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Tls.Options, Protection.Options {
  /** Scheme, host, port, and the path prefix where PrivX is not at the root. */
  readonly baseUrl: URL
  /** Default: `privx-kit/<version>`. */
  readonly userAgent?: string | undefined
  /** How long one attempt may take until its answer is whole (for a download: until its head is there). Default 30 s. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** How long a call may take with all its retries (for a download: until its head is there). Default 2 min. */
  readonly deadline?: Duration.Input | undefined
  /** How long a download may be silent. Default 30 s. */
  readonly stallTimeout?: Duration.Input | undefined
  /**
   * How long a download may take in all, from its head on: what ends a server that sends a byte now and then. Default 6 h.
   */
  readonly downloadDeadline?: Duration.Input | undefined
  /** The largest answer that is read into memory, in bytes. Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined
  /** The largest download, in bytes. Default 1 GiB. */
  readonly maxDownloadBytes?: number | undefined
  /**
   * The most requests that are under way at once, each on a socket of its own; the rest wait for their turn. Fewer while the
   * server says that it is overloaded. Default 64.
   */
  readonly maxConcurrency?: number | undefined
  /** What all calls together may spend on retries; `false` for no bound. */
  readonly retryBudget?: RetryBudgetOptions | false | undefined
  /**
   * Keeps the origin's cookies in memory and sends them back, login included: for a load balancer that pins a session to a
   * node by a cookie. Default `false`.
   */
  readonly cookies?: boolean | undefined
  /** Whether `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count. Default `true`. */
  readonly proxy?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
  readonly stallTimeout: Duration.Duration
  readonly downloadDeadline: Duration.Duration
  readonly maxResponseBytes: number
  readonly maxDownloadBytes: number
}

/**
 * @since 0.1.0
 * @category services
 */
export class Connection extends Context.Service<
  Connection,
  {
    /** Scheme, host and port: what may be shown in messages. */
    readonly origin: string
    /** What goes before the path of each endpoint; empty, or starts with a slash and does not end with one. */
    readonly pathPrefix: string
    readonly userAgent: string
    readonly limits: Limits
    readonly dispatcher: Dispatcher
    readonly gate: Gate
    readonly budget: RetryBudget | undefined
    readonly protect: Protection.Protect | undefined
  }
>()("@privx-kit/http/Connection") {
  /**
   * Opens nothing by itself: the first request connects. Closing the layer closes the sockets.
   */
  static readonly layer = (options: Options): Layer.Layer<Connection> =>
    Layer.effect(
      Connection,
      Effect.gen(function* () {
        const maxConcurrency = options.maxConcurrency ?? 64
        const dispatcher = yield* Effect.acquireRelease(
          Effect.sync(() => makeDispatcher(options, maxConcurrency)),
          (dispatcher) => Effect.promise(() => dispatcher.destroy().catch(() => undefined))
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
            downloadDeadline: Duration.fromInputUnsafe(options.downloadDeadline ?? "6 hours"),
            maxResponseBytes: options.maxResponseBytes ?? 8 * 1024 * 1024,
            maxDownloadBytes: options.maxDownloadBytes ?? 1024 * 1024 * 1024
          },
          dispatcher: options.cookies === true ? withCookies(dispatcher, options.baseUrl.origin, clock) : dispatcher,
          gate: new Gate(maxConcurrency),
          protect: yield* Protection.make(options, options.baseUrl.origin),
          budget: options.retryBudget === false ? undefined : new RetryBudget(options.retryBudget)
        })
      })
    )
}

const withCookies = (dispatcher: Dispatcher, origin: string, clock: Clock.Clock): Dispatcher =>
  dispatcher.compose(CookieJar.interceptor(new CookieJar.CookieJar(origin, () => clock.currentTimeMillisUnsafe())))

const makeDispatcher = (options: Options, maxSockets: number): Dispatcher => {
  const isHttps = options.baseUrl.protocol === "https:"
  const context = isHttps ? Tls.secureContext(options) : undefined
  const connectOptions = Tls.connectOptions(options, context)
  const client = {
    connections: maxSockets,
    pipelining: 1,
    // One protocol, one way in which a body can end early: truncation is detected for HTTP/1.1 framing.
    allowH2: false,
    // The transport has its own, exact timers.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: SocketReader.connector(connectOptions)
  }
  return options.proxy !== false && isProxied(options.baseUrl)
    ? new EnvHttpProxyAgent({ ...client, ...(isHttps ? { requestTls: connectOptions } : undefined) })
    : new Pool(options.baseUrl.origin, client)
}

/** Whether the environment names a proxy at all; which hosts go around it is for undici's agent to say. */
const isProxied = ({ protocol }: URL): boolean =>
  (protocol === "https:"
    ? ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"]
    : ["http_proxy", "HTTP_PROXY"]
  ).some((name) => (process.env[name] ?? "") !== "")
