/**
 * The outermost layer around all endpoints: records every request, including those to unknown paths, and responds to
 * the latter.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { RecordedRequest } from "../RecordedRequest.ts"
import { CurrentExchange, type Exchange, type Recorder } from "./recorder.ts"
import * as Refusal from "../Refusal.ts"
import * as ErrorResponse from "./errorResponse.ts"

/** @param onRequest called for each request when its response starts, or when it ends without one */
export const recording = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  recorder: Recorder,
  onRequest: (request: RecordedRequest) => Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const exchange = recorder.begin(request, yield* Clock.currentTimeMillis)
    return yield* answering(app, request, exchange).pipe(
      Effect.provideService(CurrentExchange, exchange),
      Effect.ensuring(Effect.suspend(() => onRequest({ ...exchange })))
    )
  })

const answering = Effect.fnUntraced(function* <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  request: HttpServerRequest.HttpServerRequest,
  exchange: Exchange
) {
  if (announcesBody(request.headers)) {
    // A truncated request body means that the client is gone, so it is not a failure here.
    exchange.bodyBytes = yield* request.arrayBuffer.pipe(
      Effect.map((buffer) => buffer.byteLength),
      Effect.orElseSucceed(() => 0)
    )
  }
  const response = yield* Effect.catchIf(app, isRouteNotFound, () =>
    Effect.succeed(ErrorResponse.of(Refusal.notFound()))
  )
  exchange.status = response.status
  if (response.body._tag === "Uint8Array") exchange.sentBytes = response.body.contentLength
  return response
})

const announcesBody = (headers: Readonly<Record<string, string>>): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0"

const isRouteNotFound = (error: unknown): error is HttpServerError.HttpServerError =>
  HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
