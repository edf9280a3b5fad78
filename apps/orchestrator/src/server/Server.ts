/**
 * The server: its address, its responses, and how it stops. It executes no runs; its storage executes them, in this
 * process or in others.
 *
 * When its scope closes, it stops accepting connections, ends the streams of followed runs, finishes open requests, and
 * closes the storage last.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import * as Http from "node:http"
import * as Https from "node:https"
import type { SecureContextOptions } from "node:tls"
import type { Database } from "@privx-kit/durable/Database"
import type { Approvals } from "@privx-kit/runs/Approvals"
import type { RunKinds } from "@privx-kit/runs/RunKinds"
import type { RunRequests } from "@privx-kit/runs/RunRequests"
import type { Runs } from "@privx-kit/runs/Runs"
import type { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import type { Domains } from "../domain/Domains.ts"
import { Api } from "./Api.ts"
import * as ArtifactHandlers from "./ArtifactHandlers.ts"
import * as BootstrapHandlers from "./BootstrapHandlers.ts"
import * as Certificate from "./Certificate.ts"
import * as Dashboard from "./Dashboard.ts"
import * as DomainRoutes from "./DomainRoutes.ts"
import * as ServerDocument from "./ServerDocument.ts"
import { DefinitionReader } from "./DefinitionReader.ts"
import * as RequestLimits from "./RequestLimits.ts"
import type { ProvenanceReader } from "./ProvenanceReader.ts"
import { Gatekeeper, layer as guards } from "./GuardLayer.ts"
import * as FleetHandlers from "./FleetHandlers.ts"
import { FourEyes } from "./FourEyes.ts"
import * as Handlers from "./Handlers.ts"
import * as Health from "./Health.ts"
import type * as Oidc from "./Oidc.ts"
import type * as OidcSession from "./OidcSession.ts"
import { OidcSessions } from "./OidcSessions.ts"
import * as OverviewHandlers from "./OverviewHandlers.ts"
import * as PlaybackHandlers from "./PlaybackHandlers.ts"
import * as SignInHandlers from "./SignInHandlers.ts"
import * as SignInPages from "./SignInPages.ts"
import { StreamLimit } from "./StreamLimit.ts"
import { ListenFailed } from "./ListenFailed.ts"
import * as WatchedFile from "./WatchedFile.ts"
import { defaults, Serving } from "./Serving.ts"
import { DisplayNames } from "./DisplayNames.ts"
import { RequesterLog } from "./RequesterLog.ts"
import type { TokenFile } from "./TokenFile.ts"

/** The services that the server needs, in one layer. */
export type ServerStorage =
  | Runs
  | RunKinds
  | RunRequests
  | Approvals
  | MessageStorage
  | SqlClient.SqlClient
  | Database
  | ProvenanceReader
  | PrivxHosts
  | Health.Backend

export interface Options extends Partial<Omit<Serving["Service"], "ending" | "targets">> {
  readonly host: string
  /** 0 selects any free port. */
  readonly port: number
  /** Files that are read again after a change. */
  readonly tls?: Certificate.Files | undefined
  /** The PrivX hosts that clients can submit runs for, by name. */
  readonly targets: ReadonlyArray<string>
  /** Sign-in through an issuer; default: only with tokens. */
  readonly oidc?: Oidc.Options | undefined
  /** The lifetime of browser sessions. */
  readonly sessions?: OidcSession.Lifetimes | undefined
  /** Whether `/metrics` can be read without a token. Default `false`. */
  readonly metricsOpen?: boolean | undefined
}

type Unstartable = ListenFailed | StorageFailed | SettingsError

export class Server extends Context.Service<
  Server,
  {
    readonly url: URL
  }
>()("privx-kit/server/Server") {
  static readonly layer = (options: Options): Layer.Layer<Server, Unstartable, ServerStorage | TokenFile | Domains> =>
    Layer.effect(Server, start(options))
}

/** The time for open requests after the server begins to stop. */
const grace = "10 seconds"

const start = Effect.fn("Server.start")(function* (
  options: Options
): Effect.fn.Return<Server["Service"], Unstartable, ServerStorage | TokenFile | Domains | Scope.Scope> {
  const { host, metricsOpen = false, oidc, port, sessions, tls, ...rest } = options
  const ending = yield* Deferred.make<void>()
  const signIn = OidcSessions.layer(oidc, sessions)
  const routes = Layer.mergeAll(
    HttpApiBuilder.layer(Api).pipe(
      Layer.provide([
        Handlers.layer,
        BootstrapHandlers.layer,
        FleetHandlers.layer,
        ArtifactHandlers.layer,
        OverviewHandlers.layer,
        PlaybackHandlers.layer,
        SignInHandlers.layer,
        Health.layer({ metricsOpen })
      ])
    ),
    ServerDocument.layer,
    DomainRoutes.layer,
    Dashboard.layer,
    SignInPages.layer
  ).pipe(
    Layer.provide(guards),
    Layer.provide([FourEyes.layer, StreamLimit.layer]),
    Layer.provide([
      Gatekeeper.layer.pipe(Layer.provide([signIn, DisplayNames.layer])),
      signIn,
      RequesterLog.layer,
      DisplayNames.layer,
      DefinitionReader.layer(),
      Layer.succeed(Serving, { ...defaults, ...rest, ending })
    ]),
    Layer.provide(NodeHttpServer.layerHttpServices)
  )
  const app = yield* HttpRouter.toHttpEffect(routes)

  const node = yield* listener(tls)
  const server = yield* NodeHttpServer.make(() => node, { host, port, gracefulShutdownTimeout: grace }).pipe(
    Effect.mapError(({ cause }) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined
      const detail =
        code === "EADDRINUSE" ? "the port is taken" : cause instanceof Error ? cause.message : String(cause)
      return new ListenFailed({ address: `${host}:${port}`, detail, ...(code === undefined ? {} : { code }) })
    })
  )
  // Runs before the wait for the last connections, so that none of them outlasts the grace period.
  yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
  yield* server.serve(RequestLimits.around(app, { tls: tls !== undefined })).pipe(
    // The log and the metrics show requests.
    Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true)
  )
  yield* Effect.addFinalizer(() => Deferred.succeed(ending, undefined))

  const bound = node.address()
  const boundPort = typeof bound === "object" && bound !== null ? bound.port : port
  const name = host.includes(":") ? `[${host}]` : host
  return { url: new URL(`${tls === undefined ? "http" : "https"}://${name}:${boundPort}`) }
})

/** Closes idle connections, and connections whose head or body is too slow. */
const limits: Http.ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024
}

const listener = Effect.fnUntraced(function* (
  tls: Options["tls"]
): Effect.fn.Return<Http.Server, StorageFailed | SettingsError, Scope.Scope> {
  if (tls === undefined) return Http.createServer(limits)
  const node = Https.createServer({ ...limits, ALPNProtocols: ["http/1.1"] })
  const show = (certificate: SecureContextOptions) => Effect.sync(() => node.setSecureContext(certificate))
  const certificate = yield* WatchedFile.make([tls.cert, tls.key], Certificate.read(tls), show)
  yield* show(certificate())
  return node
})
