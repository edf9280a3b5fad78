/** The clients that answer with an `Effect`: Effect's own over undici, and the kit. All decode with the same schema. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Undici from "@effect/platform-node/Undici"
import { Connection, type Options } from "@privx-kit/http/Connection"
import * as Endpoint from "@privx-kit/http/Endpoint"
import { Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { EffectRequest } from "./Client.ts"
import { token } from "./thing.ts"

export const Thing = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  created: Schema.String,
  size: Schema.Int,
  active: Schema.Boolean,
  tags: Schema.Array(Schema.String)
})

/** As many sockets as the kit's connection opens. */
const undici = NodeHttpClient.layerUndiciNoDispatcher.pipe(
  Layer.provide(Layer.succeed(NodeHttpClient.Dispatcher, new Undici.Agent({ connections: 64 })))
)

const decodeThing = HttpClientResponse.schemaBodyJson(Thing)

const effectClient = (base: string) =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const authorized = client.pipe(
      HttpClient.mapRequest(HttpClientRequest.prependUrl(base)),
      HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
    )
    return (id: string) => Effect.flatMap(authorized.get(`/things/${id}`), decodeThing)
  }).pipe(Effect.provide(undici))

/** Decoded, with the span that the client makes by itself. */
export const effectPlain = (base: string): Effect.Effect<EffectRequest> => effectClient(base)

/** The policy that one would write in a minute, around each call. */
export const effectPolicy = (base: string): Effect.Effect<EffectRequest> =>
  Effect.map(
    effectClient(base),
    (get) => (id) =>
      get(id).pipe(
        Effect.timeout("30 seconds"),
        Effect.retry({ times: 4, schedule: Schedule.exponential("200 millis") }),
        Effect.withSpan("Things.read")
      )
  )

const api = HttpApi.make("benchmark").add(
  HttpApiGroup.make("things")
    .add(
      HttpApiEndpoint.get("read", "/things/:id", {
        params: { id: Schema.NonEmptyString },
        success: Thing
      }).annotate(Operation, { name: "Things.read", safeToRepeat: true, authorization: { scope: "user" } })
    )
    .middleware(PrivxMiddleware)
)

/** Everything on: token, retries, deadline, limits, decoding into the typed result, a span. */
export const kit = (
  base: string,
  options: Omit<Options, "baseUrl"> = {}
): Effect.Effect<EffectRequest, never, Scope.Scope> =>
  Effect.gen(function* () {
    const transport = Transport.layer.pipe(
      Layer.provide(TokenProvider.layerStatic(Redacted.make(token))),
      Layer.provide(Connection.layer({ baseUrl: new URL(base), ...options }))
    )
    const services = yield* Layer.build(transport)
    const read = yield* Effect.provide(Endpoint.call(api, { group: "things", endpoint: "read" }), services)
    return (id) => read({ params: { id } })
  })
