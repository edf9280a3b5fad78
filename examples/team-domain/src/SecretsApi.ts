/** `GET` and `POST /vault/api/v1/secrets`, defined once: for the client and for the simulator. */
import * as Endpoint from "@privx-kit/http/Endpoint"
import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
import { Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

const Secret = Schema.Struct({ name: Schema.String })
const List = Schema.Struct({ count: Schema.Int, items: Schema.Array(Secret) })
const path = "/vault/api/v1/secrets"
const error = ErrorResponses.documentedWith500
const authorization = { scope: "admin" } as const

export const SecretsApi = HttpApi.make("privx-vault").add(
  HttpApiGroup.make("secrets")
    .add(
      HttpApiEndpoint.get("list", path, { success: List.pipe(HttpApiSchema.status(200)), error }).annotate(Operation, {
        name: "Secrets.list",
        safeToRepeat: true,
        authorization
      }),
      HttpApiEndpoint.post("create", path, {
        payload: Secret,
        success: Secret.pipe(HttpApiSchema.status(200)),
        error
      }).annotate(Operation, { name: "Secrets.create", safeToRepeat: false, authorization })
    )
    .middleware(PrivxMiddleware)
)

const make = Effect.gen(function* () {
  const list = yield* Endpoint.call(SecretsApi, { group: "secrets", endpoint: "list" })
  const create = yield* Endpoint.call(SecretsApi, { group: "secrets", endpoint: "create" })
  return { list: list(), create: (name: string) => create({ payload: { name } }) }
})

export class Secrets extends Context.Service<Secrets, Effect.Success<typeof make>>()("@acme/privx-secrets/Secrets") {
  static readonly layer = Layer.effect(Secrets, make)
}
