/**
 * The client of a server of the kit, made from the definition of its API. What can be repeated without harm is, when the
 * way there or the server is out of order for a moment; every failure is one that the command line knows.
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
  /** For the next request. None where the server asks for none. */
  readonly token: Token
  /** PEM texts, trusted beside the system's. */
  readonly ca: ReadonlyArray<string>
}

/** How long one attempt may take. */
const attempt = "30 seconds"

/** So often something is tried that can be repeated, with pauses that grow. */
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

/** A submission from here has an idempotency key, or joins what it finds; a request has a body only if its endpoint takes one. */
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

/** Node's own client: a command has few requests to send, and this one is there already. */
const agent = ({ ca, url }: Address) =>
  NodeHttpClient.layerAgentOptions(
    url.protocol === "https:"
      ? { secureContext: Tls.secureContext({ ca }), maxCachedSessions: Tls.maxCachedSessions }
      : undefined
  )
