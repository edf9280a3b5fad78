/** The OpenAPI document of the server: its own endpoints, and those of domains. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import type { DomainEndpoint } from "../domain/DomainServer.ts"
import { Domains, type NamedServer } from "../domain/Domains.ts"
import { Api } from "./Api.ts"
import { documented } from "./ApiEndpoint.ts"
import { Guard } from "./Principal.ts"
import * as Problem from "./Problem.ts"

export const of = (domains: ReadonlyArray<NamedServer>): OpenApi.OpenAPISpec => {
  const [first, ...others] = domains.flatMap(groupOf)
  return first === undefined ? OpenApi.fromApi(Api) : OpenApi.fromApi(Api.add(first, ...others))
}

const groupOf = ({ endpoints, name, title }: NamedServer): ReadonlyArray<HttpApiGroup.Constraint> => {
  const [first, ...others] = endpoints.map(endpointOf)
  if (first === undefined) return []
  return [
    HttpApiGroup.make(name)
      .annotateMerge(OpenApi.annotations({ description: `What the domain ${name} adds: ${title}.` }))
      .add(first, ...others)
      .middleware(Guard)
      .prefix(`/api/v1/domains/${name}`)
  ]
}

const host = Schema.optionalKey(Schema.String).annotate({
  description: "Base URL of the PrivX host; default: the only one of the server"
})

const endpointOf = ({ method, name, path, right, success, summary }: DomainEndpoint) => {
  const params = Object.fromEntries([...path.matchAll(/:(\w+)/g)].map(([, param = ""]) => [param, Schema.String]))
  return HttpApiEndpoint.make(method)(name, path, {
    params,
    query: { host },
    success,
    error: [...Problem.any, Problem.BadGateway]
  }).annotateMerge(documented(right, summary))
}

export const layer = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const { servers } = yield* Domains
    const document = HttpServerResponse.jsonUnsafe(of(yield* servers))
    yield* router.add("GET", "/openapi.json", Effect.succeed(document))
  })
)
