/** A small API for the tests of the transport: one operation of each kind, and what a test needs to call them. */
import { Connection, type Options } from "@privx-kit/http/Connection"
import * as Endpoint from "@privx-kit/http/Endpoint"
import { Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import * as Transport from "@privx-kit/http/Transport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

export const api = HttpApi.make("test").add(
  HttpApiGroup.make("things")
    .add(
      HttpApiEndpoint.get("read", "/things/:id", {
        params: { id: Schema.NonEmptyString },
        success: Schema.Struct({ name: Schema.String })
      }).annotate(Operation, { name: "Things.read", safeToRepeat: true, authorization: { scope: "user" } }),
      HttpApiEndpoint.post("create", "/things", {
        payload: Schema.Struct({ name: Schema.String }),
        success: Schema.Struct({ name: Schema.String })
      }).annotate(Operation, { name: "Things.create", safeToRepeat: false, authorization: { scope: "admin" } }),
      HttpApiEndpoint.get("open", "/things/:id/body", {
        params: { id: Schema.NonEmptyString },
        success: HttpApiSchema.StreamUint8Array()
      }).annotate(Operation, { name: "Things.open", safeToRepeat: true, authorization: "none" })
    )
    .middleware(PrivxMiddleware)
)

export const read = (id = "1") =>
  Effect.flatMap(Endpoint.call(api, { group: "things", endpoint: "read" }), (read) => read({ params: { id } }))

export const create = (name = "n") =>
  Effect.flatMap(Endpoint.call(api, { group: "things", endpoint: "create" }), (create) => create({ payload: { name } }))

export const open = (id = "1") =>
  Effect.flatMap(Endpoint.download(api, { group: "things", endpoint: "open" }), (open) => open({ params: { id } }))

/** Short pauses, because the tests check the number of retries and their reasons, not their duration. */
export const quick: RetryPolicy.Policy = {
  attempts: 4,
  base: Duration.millis(1),
  cap: Duration.millis(2),
  retryAfterCap: Duration.millis(5)
}

export const apiClient = {
  clientId: "client",
  clientSecret: Redacted.make("client-secret"),
  oauthClientSecret: Redacted.make("oauth-secret")
}

export const layer = (
  baseUrl: URL,
  options: Omit<Options, "baseUrl"> & { readonly tokens?: "static" | "apiClient" | undefined } = {}
): Layer.Layer<Transport.Transport> =>
  Transport.Transport.layer.pipe(
    Layer.provide(
      options.tokens === "apiClient"
        ? TokenProvider.layerApiClient(apiClient)
        : TokenProvider.layerStatic(Redacted.make("secret-token"))
    ),
    Layer.provide(Connection.layer({ baseUrl, ...options })),
    Layer.merge(Layer.succeed(RetryPolicy.RetryPolicy, quick))
  )
