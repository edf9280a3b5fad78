/** The endpoints and views that domains add; see `DomainServer`. */
import type { Failure } from "@privx-kit/core/Failure"
import { normalize, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs/promises"
import type { DomainEndpoint } from "../domain/DomainServer.ts"
import { Domains } from "../domain/Domains.ts"
import * as Dashboard from "./Dashboard.ts"
import { admitted, Gatekeeper } from "./GuardLayer.ts"
import * as Problem from "./Problem.ts"
import { Serving } from "./Serving.ts"

/** The path of the module of a view. */
export const viewOf = (domain: string): `/${string}` => `/views/${domain}.js`

export const layer = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const { servers } = yield* Domains
    const { identify } = yield* Gatekeeper
    const hosts = yield* PrivxHosts
    const { targets } = yield* Serving
    const known = targets.filter(hosts.has)
    const scope = yield* Effect.scope
    /** A change that has started is completed, even if the caller disconnects. */
    const completed = <A, E>(work: Effect.Effect<A, E>) => Effect.flatMap(Effect.forkIn(work, scope), Fiber.join)

    const answer = (endpoint: DomainEndpoint) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const query = new URL(request.url, "http://localhost").searchParams
        const host = chosen(query.get("host"), known)
        if (typeof host !== "string") return host
        const params = yield* HttpRouter.params
        const given = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value ?? ""]))
        const work = Effect.flatMap(hosts.open(host), (services) =>
          Effect.provideContext(endpoint.run(given), services)
        ).pipe(Effect.scoped)
        return yield* (endpoint.method === "GET" ? work : completed(work)).pipe(
          Effect.match({
            onFailure: refused,
            onSuccess: (json) => HttpServerResponse.jsonUnsafe(json, { headers: { "cache-control": "no-store" } })
          })
        )
      })

    for (const { endpoints, name, view } of yield* servers) {
      for (const endpoint of endpoints) {
        yield* router.add(
          endpoint.method,
          `/api/v1/domains/${name}${endpoint.path}`,
          Effect.flatMap(bearer, (token) => admitted(identify, token, endpoint.right, answer(endpoint)))
        )
      }
      if (view === undefined) continue
      const text = yield* Effect.promise(() => fs.readFile(view, "utf8"))
      yield* router.add("GET", viewOf(name), Dashboard.script(text))
    }
  })
)

const bearer = Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) =>
  Redacted.make(/^Bearer (.*)$/i.exec(headers["authorization"] ?? "")?.[1] ?? "", { label: "token" })
)

/** The requested host, or the problem. */
const chosen = (given: string | null, known: ReadonlyArray<string>) => {
  const [only] = known
  if (only === undefined) return noHost
  if (given === null) return known.length === 1 ? only : whichHost
  return known.find((host) => host === normalize(given)) ?? whichHost
}

const noHost = Problem.toResponse(409, {
  _tag: "NoPrivxHost",
  code: "settings",
  message: "This server has no credentials of a PrivX host.",
  hint: "Use a server that was started with --base-url or --hosts and a data directory."
})

const whichHost = Problem.toResponse(400, {
  _tag: "UnknownHost",
  code: "usage",
  message: "The request does not name a PrivX host of this server.",
  hint: "Add ?host=URL with one of the hosts that GET /api/v1/domains lists."
})

/** The failure of PrivX or of the connection to it. */
const refused = (failure: Failure): HttpServerResponse.HttpServerResponse => {
  const { _tag, hint, message } = failure
  const missing = "status" in failure && failure.status === 404
  return Problem.toResponse(missing ? 404 : 502, { _tag, code: missing ? "notFound" : "server", message, hint })
}
