/**
 * Where a PrivX is and how to reach it: base URL, trust, connection pool, limits of time and size.
 *
 * One `Connection` is one origin. It knows neither tokens nor endpoints.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as tls from "node:tls"
import { type Dispatcher, Pool } from "undici"
import { version } from "./internal/version.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Scheme, host, port, and the path prefix where PrivX is not at the root. */
  readonly baseUrl: URL
  /** PEM texts, each with one or more CA certificates; trusted beside the system's and Node's own roots. */
  readonly ca?: ReadonlyArray<string> | undefined
  /** Default: `privx-kit/<version>`. */
  readonly userAgent?: string | undefined
  /** How long one attempt may take until its answer is whole (for a download: until its head is there). Default 30 s. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** How long a call may take with all its retries (for a download: until its head is there). Default 2 min. */
  readonly deadline?: Duration.Input | undefined
  /** How long a download may be silent. Default 30 s. */
  readonly stallTimeout?: Duration.Input | undefined
  /** The largest answer that is read into memory, in bytes. Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined
  /** The largest download, in bytes. Default 1 GiB. */
  readonly maxDownloadBytes?: number | undefined
  /** The most sockets that are open at once. Default 64. */
  readonly maxSockets?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
  readonly stallTimeout: Duration.Duration
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
  }
>()("@privx-kit/http/Connection") {
  /**
   * Opens nothing by itself: the first request connects. Closing the layer closes the sockets.
   */
  static readonly layer = (options: Options): Layer.Layer<Connection> =>
    Layer.effect(
      Connection,
      Effect.gen(function* () {
        const dispatcher = yield* Effect.acquireRelease(
          Effect.sync(() => makePool(options)),
          (pool) => Effect.promise(() => pool.destroy().catch(() => undefined))
        )
        return Connection.of({
          origin: options.baseUrl.origin,
          pathPrefix: options.baseUrl.pathname.replace(/\/+$/, ""),
          userAgent: options.userAgent ?? `privx-kit/${version}`,
          limits: {
            attemptTimeout: Duration.fromInputUnsafe(options.attemptTimeout ?? "30 seconds"),
            deadline: Duration.fromInputUnsafe(options.deadline ?? "2 minutes"),
            stallTimeout: Duration.fromInputUnsafe(options.stallTimeout ?? "30 seconds"),
            maxResponseBytes: options.maxResponseBytes ?? 8 * 1024 * 1024,
            maxDownloadBytes: options.maxDownloadBytes ?? 1024 * 1024 * 1024
          },
          dispatcher
        })
      })
    )
}

const makePool = (options: Options): Pool =>
  new Pool(options.baseUrl.origin, {
    connections: options.maxSockets ?? 64,
    pipelining: 1,
    // One protocol, one way in which a body can end early: truncation is detected for HTTP/1.1 framing.
    allowH2: false,
    // The transport has its own, exact timers.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect:
      options.baseUrl.protocol === "https:" ? { secureContext: trust(options.ca ?? []), timeout: 0 } : { timeout: 0 }
  })

/**
 * Made once for a connection: parsing some hundred roots for each socket would cost more than the request.
 */
const trust = (extra: ReadonlyArray<string>): tls.SecureContext =>
  tls.createSecureContext({
    ca: [...new Set([...tls.getCACertificates("default"), ...systemRoots(), ...extra])],
    minVersion: "TLSv1.2"
  })

/** A machine without a certificate store still has Node's roots. */
const systemRoots = (): ReadonlyArray<string> => {
  try {
    return tls.getCACertificates("system")
  } catch {
    return []
  }
}
