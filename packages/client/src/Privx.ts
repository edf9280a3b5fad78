/**
 * A client of one PrivX host, with promises.
 *
 * @since 0.1.0
 */
import type { PlaybackSessionId } from "@privx-kit/core/SessionId"
import * as SessionId from "@privx-kit/core/SessionId"
import * as ClientCredentials from "@privx-kit/http/ClientCredentials"
import { Connection } from "@privx-kit/http/Connection"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as TokenExchange from "@privx-kit/http/TokenExchange"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import * as Transport from "@privx-kit/http/Transport"
import * as KeepAlive from "@privx-kit/playback/KeepAlive"
import { Playback } from "@privx-kit/playback/Playback"
import * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as UebaApi from "@privx-kit/ueba/UebaApi"
import type { UebaPaths } from "@privx-kit/ueba/UebaPaths"
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import type { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type CallOptions, Runner } from "./internal/runner.ts"
import * as Operations from "./Operations.ts"
import type { Plain, PlainInput } from "./Plain.ts"
import { fromFailure, InvalidArgumentError, type PrivxError } from "./PrivxError.ts"
import { Secret } from "./Secret.ts"

/**
 * The credentials of an API client, as PrivX shows them when it is created.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiClient {
  readonly clientId: string
  readonly clientSecret: string | Secret
  /** Default: `privx-external`. */
  readonly oauthClientId?: string | undefined
  readonly oauthClientSecret: string | Secret
}

/**
 * Where PrivX is and how to reach it. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectionOptions {
  /** Scheme, host, port, and the path prefix if PrivX is not at the root. */
  readonly baseUrl: string | URL
  /** CA certificates (PEM) that are trusted in addition to those of the system. */
  readonly ca?: string | ReadonlyArray<string> | undefined
  /** Trust only `ca`. Default `false`. */
  readonly onlyCa?: boolean | undefined
  /** SHA-256 of the pinned public keys, one of which the server must present: base64, as in HPKP. */
  readonly pins?: ReadonlyArray<string> | undefined
  /** A client certificate (PEM) and its key. */
  readonly clientCertificate?:
    | { readonly cert: string; readonly key: string | Secret; readonly passphrase?: string | Secret }
    | undefined
  /** `true`: the proxy of the environment. `false`: no proxy. A string: this proxy. Default `true`. */
  readonly proxy?: boolean | string | undefined
  /** The `User-Agent` of requests. Default: `privx-kit/<version>`. */
  readonly userAgent?: string | undefined
  /** Time limit of one attempt. Default 30 s. */
  readonly attemptTimeout?: number | undefined
  /** Time limit of a call, including its retries and the login that it needs. Default 2 min. */
  readonly deadline?: number | undefined
  /** Maximum number of concurrent requests; further requests wait. Default 64. */
  readonly maxConcurrency?: number | undefined
  /** Maximum number of attempts of a call that is safe to repeat. Default 5. */
  readonly attempts?: number | undefined
  /** Paths of the endpoints, if they differ from the defaults. */
  readonly paths?: Partial<UebaPaths & PlaybackApi.Paths> | undefined
  /** Whether to send the token with the download of the script as well. Default `false`. */
  readonly authorizeDownload?: boolean | undefined
}

/**
 * The credentials: exactly one of these.
 *
 * @since 0.1.0
 * @category models
 */
export type CredentialOptions =
  | { readonly apiClient: ApiClient }
  /** An access token. It is used until it ends. */
  | { readonly token: string | Secret }
  /** A token of an issuer that PrivX trusts, or how to get one. It is exchanged for one of PrivX. */
  | { readonly exchangeToken: string | Secret | (() => Promise<string | Secret>) }
  /** The client credentials grant of a domain. */
  | { readonly clientCredentials: Pick<ApiClient, "clientId" | "clientSecret"> & { readonly domain?: string } }

/**
 * @since 0.1.0
 * @category models
 */
export type Options = ConnectionOptions & CredentialOptions

/**
 * The requirements for the script, and where it is delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface SetupOptions extends CallOptions {
  /** The directory to which the script is delivered, as `privx-ueba-setup.sh`. Default: the script is only returned. */
  readonly output?: string | undefined
  /** Permissions of the delivered script. Default `0o700`. */
  readonly mode?: number | undefined
  /** The SHA-256 that the script must have. */
  readonly sha256?: string | undefined
  /** Smallest accepted size in bytes. */
  readonly minBytes?: number | undefined
  /** Largest accepted size in bytes. Default 4 MiB. */
  readonly maxBytes?: number | undefined
  /** The verification policy. */
  readonly policy?: PlainInput<VerificationPolicy> | undefined
}

/**
 * A verified script, and where it was delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface SetupResult {
  readonly script: Uint8Array
  /** SHA-256 of the script, 64 lower-case hexadecimal digits. */
  readonly sha256: string
  readonly report: Plain<VerificationReport>
  /** The path of the delivered script; `undefined` without `output`. */
  readonly delivered: string | undefined
}

/**
 * An event while a connection is kept alive: the next call comes after `next`, and the authentication holds for `left`
 * (both in milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export type KeepAliveEvent =
  | { readonly type: "reauthenticated"; readonly count: number; readonly next: number; readonly left: number }
  | { readonly type: "failing"; readonly error: PrivxError; readonly next: number; readonly left: number }

/**
 * @since 0.1.0
 * @category models
 */
export interface KeepAliveOptions extends CallOptions {
  /** `now`: the first call is made at once. `spread`: at the session's position within the interval. Default `now`. */
  readonly first?: "now" | "spread" | undefined
  /** Called for each event. Default: nothing. */
  readonly onEvent?: ((event: KeepAliveEvent) => void) | undefined
}

/**
 * The operations of UEBA.
 *
 * @since 0.1.0
 * @category models
 */
export type UebaOperations = Operations.Operations<GroupsOf<UebaApi.UebaApi>> & {
  /**
   * Creates a session, downloads the script, verifies it and delivers it. The script is delivered only if the
   * verification passes.
   *
   * **Errors**: those of every operation; `VerificationError` with the report if a check fails; `StorageError` if the
   * script cannot be written.
   *
   * @example
   * ```ts
   * import type { Privx } from "@privx-kit/client"
   *
   * const deliver = async (privx: Privx) => {
   *   const { delivered, sha256 } = await privx.ueba.setup({ output: "/srv/ueba", maxBytes: 1024 * 1024 })
   *   console.log(`${delivered} has the SHA-256 ${sha256}`)
   * }
   * ```
   */
  readonly setup: (options?: SetupOptions) => Promise<SetupResult>
}

/**
 * The operations of playback.
 *
 * @since 0.1.0
 * @category models
 */
export type PlaybackOperations = Operations.Operations<GroupsOf<PlaybackApi.PlaybackApi>> & {
  /**
   * Keeps a playback connection authenticated until its session ends. Stop it with `signal`.
   *
   * **Errors**: rejects at once on a 401 or 403, and on a transient failure only if it lasts until the last token
   * expires.
   *
   * @example
   * ```ts
   * import type { Privx } from "@privx-kit/client"
   *
   * const watch = async (privx: Privx, id: string, signal: AbortSignal) => {
   *   const { count } = await privx.playback.keepAlive(id, { signal, onEvent: ({ type }) => console.log(type) })
   *   console.log(`re-authenticated ${count} times`)
   * }
   * ```
   */
  readonly keepAlive: (
    id: string | Secret,
    options?: KeepAliveOptions
  ) => Promise<{ readonly reason: "sessionEnded"; readonly count: number }>
}

type GroupsOf<Api> = Api extends HttpApi.HttpApi<infer _Id, infer Groups> ? Groups : never

type Services = Transport.Transport | Connection | TokenProvider | Ueba | KeepAlive.KeepAlive

/**
 * A client of one PrivX host.
 *
 * **Details**: it opens nothing until the first call, logs in when a token is needed, retries calls that are safe to
 * repeat, and shares its connections among all calls. Close it when it is no longer needed, or declare it with
 * `await using`.
 *
 * **Errors**: calls reject with a `PrivxError`, or with an `AbortError` when their signal aborts. The constructor
 * throws an `InvalidArgumentError` for invalid options.
 *
 * @example
 * ```ts
 * import { Privx } from "@privx-kit/client"
 *
 * const main = async () => {
 *   await using privx = new Privx({
 *     baseUrl: "https://privx.example.com",
 *     apiClient: { clientId: "id", clientSecret: "secret", oauthClientSecret: "oauth secret" }
 *   })
 *   const { delivered } = await privx.ueba.setup({ output: "/srv/ueba" })
 *   console.log(delivered)
 * }
 * ```
 *
 * @since 0.1.0
 * @category clients
 */
export class Privx implements AsyncDisposable {
  readonly ueba: UebaOperations
  readonly playback: PlaybackOperations
  readonly #runner: Runner<Services>

  constructor(options: Options) {
    this.#runner = new Runner(ManagedRuntime.make(layerOf(options)))
    const runner = this.#runner
    this.ueba = { ...Operations.make(UebaApi.make(options.paths), runner), setup: setupWith(runner) }
    this.playback = { ...Operations.make(PlaybackApi.make(options.paths), runner), keepAlive: keepAliveWith(runner) }
  }

  /**
   * Makes the operations of another domain from the definition of its endpoints.
   *
   * @param api the `HttpApi` that the domain's package exports
   *
   * @example
   * ```ts
   * import type { Privx } from "@privx-kit/client"
   * import { Operation } from "@privx-kit/http/Operation"
   * import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
   * import * as HttpApi from "effect/http-api/HttpApi"
   * import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
   * import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
   * import * as Schema from "effect/Schema"
   *
   * const SecretsApi = HttpApi.make("secrets").add(
   *   HttpApiGroup.make("secrets")
   *     .add(
   *       HttpApiEndpoint.get("count", "/secrets/count", { success: Schema.Struct({ count: Schema.Int }) }).annotate(
   *         Operation,
   *         { name: "Secrets.count", safeToRepeat: true, authorization: { scope: "user" } }
   *       )
   *     )
   *     .middleware(PrivxMiddleware)
   * )
   *
   * const countSecrets = async (privx: Privx) => (await privx.domain(SecretsApi).count()).count
   * ```
   */
  domain<Id extends string, Groups extends HttpApiGroup.Constraint>(
    api: HttpApi.HttpApi<Id, Groups>
  ): Operations.Operations<Groups> {
    return Operations.make(api, this.#runner)
  }

  /**
   * Closes all connections. Pending calls reject with code `CLOSED`.
   *
   * **When to use**: where `await using` cannot be used.
   *
   * @example
   * ```ts
   * import { type Options, Privx } from "@privx-kit/client"
   *
   * const status = async (options: Options) => {
   *   const privx = new Privx(options)
   *   return privx.ueba.status().finally(() => privx.close())
   * }
   * ```
   */
  close(): Promise<void> {
    return this.#runner.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const setupWith = (runner: Runner<Services>) =>
  function setup({ signal, ...options }: SetupOptions = {}): Promise<SetupResult> {
    // It verifies and writes files with Node's modules, which the other operations do without: in a browser, too.
    const done = Effect.flatMap(
      Effect.promise(() => import("./internal/setup.ts")),
      (loaded) => loaded.setup(options)
    )
    return runner.run("Ueba.setup", done, { signal }, setup) as Promise<SetupResult>
  }

const keepAliveWith = (runner: Runner<Services>) =>
  function keepAlive(id: string | Secret, { first, onEvent, signal }: KeepAliveOptions = {}) {
    const text = id instanceof Secret ? id.reveal() : id
    const session: Effect.Effect<PlaybackSessionId, InvalidArgumentError> = Effect.mapError(
      Schema.decodeUnknownEffect(SessionId.PlaybackSessionId)(text),
      () =>
        new InvalidArgumentError("Playback.keepAlive was not called: the id of the session is not valid.", {
          operation: "Playback.keepAlive",
          hint: "Pass the id of a playback session."
        })
    )
    const kept = Effect.flatMap(session, (session) =>
      KeepAlive.keepAlive(session, {
        first,
        onEvent: onEvent === undefined ? undefined : (event) => Effect.sync(() => onEvent(eventOf(event)))
      })
    )
    return runner.run("Playback.keepAlive", kept, { signal }, keepAlive)
  }

const eventOf = (event: KeepAlive.Event): KeepAliveEvent =>
  event._tag === "reauthenticated"
    ? {
        type: "reauthenticated",
        count: event.count,
        next: Duration.toMillis(event.next),
        left: Duration.toMillis(event.left)
      }
    : {
        type: "failing",
        error: fromFailure(event.failure),
        next: Duration.toMillis(event.next),
        left: Duration.toMillis(event.left)
      }

const layerOf = (options: Options): Layer.Layer<Services> => {
  const connection = Connection.layer({
    baseUrl: baseUrlOf(options.baseUrl),
    ca: typeof options.ca === "string" ? [options.ca] : options.ca,
    onlyCa: options.onlyCa,
    pins: options.pins,
    clientCertificate: certificateOf(options.clientCertificate),
    proxy: options.proxy,
    userAgent: options.userAgent,
    attemptTimeout: options.attemptTimeout,
    deadline: options.deadline,
    maxConcurrency: options.maxConcurrency
  })
  const services = Layer.mergeAll(
    Ueba.layer({ paths: options.paths, authorizeDownload: options.authorizeDownload }),
    KeepAlive.KeepAlive.layer().pipe(Layer.provide(Playback.layer(options.paths)))
  ).pipe(
    Layer.provideMerge(Transport.Transport.layer),
    Layer.provideMerge(tokensOf(options)),
    Layer.provideMerge(connection)
  )
  const references = Layer.mergeAll(
    Layer.succeed(Transport.AlwaysAuthorize, options.authorizeDownload === true),
    Layer.effect(
      RetryPolicy.RetryPolicy,
      Effect.map(RetryPolicy.RetryPolicy, (policy) => ({ ...policy, attempts: options.attempts ?? policy.attempts }))
    )
  )
  return Layer.provideMerge(services, references)
}

const baseUrlOf = (baseUrl: string | URL): URL => {
  const url = URL.parse(String(baseUrl))
  if (url !== null && /^https?:$/.test(url.protocol)) return url
  throw new InvalidArgumentError("baseUrl is not a URL that starts with https:// or http://.", {
    hint: "Pass the URL of PrivX, for example https://privx.example.com."
  })
}

const secretOf = (secret: string | Secret): Redacted.Redacted<string> =>
  Redacted.make(secret instanceof Secret ? secret.reveal() : secret)

const certificateOf = (certificate: ConnectionOptions["clientCertificate"]) =>
  certificate === undefined
    ? undefined
    : {
        cert: certificate.cert,
        key: secretOf(certificate.key),
        ...(certificate.passphrase === undefined ? undefined : { passphrase: secretOf(certificate.passphrase) })
      }

const tokensOf = (options: CredentialOptions): Layer.Layer<TokenProvider, never, Connection> => {
  if ("token" in options) return TokenProvider.layerStatic(secretOf(options.token))
  if ("exchangeToken" in options) {
    const { exchangeToken } = options
    return TokenExchange.layer({
      token:
        typeof exchangeToken === "function"
          ? Effect.map(Effect.promise(exchangeToken), secretOf)
          : secretOf(exchangeToken)
    })
  }
  if ("clientCredentials" in options) {
    const { clientId, clientSecret, domain } = options.clientCredentials
    return ClientCredentials.layer({ clientId, clientSecret: secretOf(clientSecret), domain })
  }
  if ("apiClient" in options) {
    const { clientId, clientSecret, oauthClientId, oauthClientSecret } = options.apiClient
    return TokenProvider.layerApiClient({
      clientId,
      clientSecret: secretOf(clientSecret),
      oauthClientId,
      oauthClientSecret: secretOf(oauthClientSecret)
    })
  }
  throw new InvalidArgumentError("no credentials were passed.", {
    hint: "Pass one of apiClient, token, exchangeToken and clientCredentials."
  })
}
