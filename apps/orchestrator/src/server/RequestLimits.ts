/**
 * Wraps every response: security headers, a single error shape, a log line, and the request counts.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ByteSize from "effect/ByteSize"
import * as Option from "effect/Option"
import * as AccessLog from "./AccessLog.ts"
import { Api } from "./Api.ts"
import * as Dashboard from "./Dashboard.ts"
import * as Metrics from "./Metrics.ts"
import * as Problem from "./Problem.ts"

/** A policy with its signature and certificates is a few kilobytes; known digests make it larger. */
const usual = ByteSize.mebibytes(1)

/** A fleet of ten thousand hosts is one or two megabytes. Reading much more YAML would block all callers. */
const ofFleet = ByteSize.mebibytes(4)

const maxBodyOf = (request: HttpServerRequest.HttpServerRequest): ByteSize.ByteSize =>
  pathOf(request).startsWith("/api/v1/fleets") ? ofFleet : usual

/** The time limit until a response begins. The wait for an unavailable database is longer. */
const longest = "20 seconds"

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

/** Statuses that have Retry-After according to the document. */
const comesBack: ReadonlySet<number> = new Set([429, 503])

const strict = { "strict-transport-security": "max-age=31536000" }

export const around = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  options: { readonly tls: boolean }
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const startedAt = yield* Clock.currentTimeMillis
    const exchange: AccessLog.Exchange = { caller: undefined }
    const exit = yield* (tooLarge(request) ? Effect.succeed(bodyTooLarge) : app).pipe(
      Effect.timeoutOrElse({ duration: longest, orElse: () => Effect.succeed(tookTooLong) }),
      Effect.provideService(AccessLog.CurrentExchange, exchange),
      Effect.provideService(HttpIncomingMessage.MaxBodySize, maxBodyOf(request)),
      Effect.exit
    )
    // The client has disconnected.
    if (exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause)) return yield* exit
    const answer = exit._tag === "Success" ? exit.value : yield* failed(exit.cause)
    const explainedAnswer = explained(answer)
    const response = HttpServerResponse.setHeaders(explainedAnswer, {
      ...headers,
      ...(comesBack.has(explainedAnswer.status) ? { "retry-after": "5" } : {}),
      ...(options.tls ? strict : {}),
      // The page has its own policy.
      ...explainedAnswer.headers
    })
    const route = routeOf(request)
    const millis = Math.max(0, (yield* Clock.currentTimeMillis) - startedAt)
    yield* Metrics.answered({ method: request.method, route, status: response.status, seconds: millis / 1000 })
    yield* Effect.logDebug(
      `${request.method} ${pathOf(request)} ${response.status} ${millis} ms ${Option.getOrElse(request.remoteAddress, () => "-")} ${exchange.caller ?? "-"}`
    )
    return response
  })

const tooLarge = (request: HttpServerRequest.HttpServerRequest): boolean =>
  Number(request.headers["content-length"] ?? 0) > ByteSize.toNumberUnsafe(maxBodyOf(request))

const bodyTooLarge = Problem.toResponse(
  413,
  {
    _tag: "BodyTooLarge",
    code: "usage",
    message: `The body is larger than ${ByteSize.toNumberUnsafe(usual)} bytes; for a fleet, the limit is ${ByteSize.toNumberUnsafe(ofFleet)}.`,
    hint: "Send less. Old known digests make a policy large: remove them."
  },
  { connection: "close" }
)

const tookTooLong = Problem.toResponse(503, {
  _tag: "TookTooLong",
  code: "server",
  message: "The server could not answer in time: its database is slow or unreachable.",
  hint: "Try again."
})

const failed = Effect.fnUntraced(function* <E>(cause: Cause.Cause<E>) {
  const [response] = yield* HttpServerError.causeResponse(cause)
  if (response.status >= 500) yield* Effect.logError("A request could not be answered", cause)
  return response
})

const json: ReadonlySet<string> = new Set(["application/json", Problem.contentType])

/** Adds a body to an error response without one. */
const explained = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  const { body, status } = response
  if (status < 400 || ("contentType" in body && json.has(body.contentType ?? ""))) return response
  if (status === 413) return bodyTooLarge
  const [_tag, code, message, hint] = explanations[status] ?? explanations[status < 500 ? 400 : 500] ?? unexplained
  return Problem.toResponse(status, { _tag, code, message, hint })
}

const unexplained = ["InternalError", "defect", "The server has an internal error.", "See its log."] as const

const explanations: Readonly<Record<number, readonly [string, string, string, string]>> = {
  400: ["BadRequest", "usage", "The request cannot be parsed.", "See /openapi.json."],
  404: ["NoSuchPath", "notFound", "No endpoint has this path and method.", "See /openapi.json."],
  415: ["UnsupportedMediaType", "usage", "The Content-Type of the body is not application/json.", "Send JSON."],
  500: unexplained
}

/** Without the query. */
const pathOf = ({ url }: HttpServerRequest.HttpServerRequest): string => url.split("?", 1)[0] ?? url

const routes = Object.values(Api.groups).flatMap((group) =>
  Object.values(group.endpoints).map(({ method, path }) => ({
    method,
    path,
    fits: new RegExp(`^${path.replace(/:[^/]+/g, "[^/]+")}$`)
  }))
)

const routeOf = (request: HttpServerRequest.HttpServerRequest): string => {
  const path = pathOf(request)
  if (path === "/openapi.json") return path
  const page = Dashboard.routeOf(path)
  if (page !== undefined) return page
  const possible = routes.filter(({ fits, method }) => method === request.method && fits.test(path))
  if (path.startsWith("/api/v1/domains/")) return path.replace(/^((?:\/[^/]+){4}).*$/, "$1/*")
  // As in the router, a path without parameters takes precedence.
  return (possible.find((route) => route.path === path) ?? possible[0])?.path ?? "other"
}
