/**
 * The client of a privx-kit server, derived from the definition of its API. Requests that are safe to repeat are retried
 * while the server or the connection is temporarily unavailable. Every failure is a failure of the command line.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Tls from "@privx-kit/http/Tls"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { Api } from "../server/Api.ts"
import type { Token } from "./LoginToken.ts"
import * as ServerFailure from "./ServerFailure.ts"

export interface Address {
  readonly url: URL
  /** The token of the next request; `undefined` if the server requires none. */
  readonly token: Token
  /** PEM texts, trusted in addition to the CAs of the system. */
  readonly ca: ReadonlyArray<string>
}

/** The time limit of one attempt. */
const attempt = "30 seconds"

/** The maximum number of attempts of a request that is safe to repeat, with increasing pauses. */
const attempts = 5

const make = (address: Address) =>
  HttpApiClient.make(Api, {
    baseUrl: address.url,
    transformClient: (client) =>
      client.pipe(
        HttpClient.mapRequestEffect((request) =>
          Effect.mapBoth(address.token, {
            onFailure: (cause) =>
              new HttpClientError.HttpClientError({
                reason: new HttpClientError.TransportError({ request, cause })
              }),
            onSuccess: (token) => (token === undefined ? request : HttpClientRequest.bearerToken(request, token))
          })
        ),
        HttpClient.transform((effect, request) => {
          const once = effect.pipe(
            Effect.timeoutOrElse({
              duration: attempt,
              orElse: () =>
                Effect.fail(
                  new HttpClientError.HttpClientError({
                    reason: new HttpClientError.TransportError({ request, cause: { code: "ETIMEDOUT" } })
                  })
                )
            })
          )
          return isSafe(request) ? repeated(once) : once
        })
      )
  })

/**
 * A submission from here has an idempotency key or joins an existing run. A request has a body only if its endpoint takes
 * one.
 */
const isSafe = ({ headers, method, url }: HttpClientRequest.HttpClientRequest): boolean =>
  method === "GET" || "idempotency-key" in headers || /\/(fleets\/(plan|status)|keep-alives)$/.test(url)

const passes: ReadonlySet<number> = new Set([429, 502, 503, 504])

const pauses = Schedule.exponential("200 millis").pipe(Schedule.jittered)

/** Returns the exit of the last attempt. */
const repeated = <A extends { readonly status: number }, E, R>(once: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  once.pipe(
    Effect.retry({ schedule: pauses, times: attempts - 1, while: ServerFailure.mayPass }),
    Effect.repeat({ schedule: pauses, times: attempts - 1, while: ({ status }) => passes.has(status) })
  )

export class ServerClient extends Context.Service<
  ServerClient,
  {
    readonly api: HttpApiClient.ForApi<typeof Api>
    /** Scheme, host and port, for messages. */
    readonly origin: string
  }
>()("privx-kit/server/ServerClient") {
  static readonly layer = (address: Address): Layer.Layer<ServerClient> =>
    Layer.effect(
      ServerClient,
      Effect.map(make(address), (api) => ({ api, origin: address.url.origin }))
    ).pipe(Layer.provide(NodeHttpClient.layerNodeHttpNoAgent), Layer.provide(agent(address)), Layer.fresh)
}

/** The client of Node: a command sends only a few requests, and this client is already loaded. */
const agent = ({ ca, url }: Address) =>
  NodeHttpClient.layerAgentOptions(
    url.protocol === "https:"
      ? { secureContext: Tls.secureContext({ ca }), maxCachedSessions: Tls.maxCachedSessions }
      : undefined
  )
