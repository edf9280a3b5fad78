/**
 * Carries a domain's endpoints over the wire: token, retry, deadline, limits, and a typed failure for whatever comes back.
 *
 * A domain package turns an endpoint of its `HttpApi` into a function with {@link call}, or with {@link download} where
 * the answer is a stream of bytes. What the transport must know of the endpoint is its `Operation` annotation.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Connection } from "./Connection.ts"
import type { Download } from "./Download.ts"
import { BufferedResponse, StreamedResponse } from "./internal/bufferedResponse.ts"
import * as Exchange from "./internal/exchange.ts"
import * as Redirect from "./internal/redirect.ts"
import { type Attempt, retrying } from "./internal/retrying.ts"
import { type Definition, Operation } from "./Operation.ts"
import { PrivxFailure } from "./PrivxFailure.ts"
import { PrivxMiddleware } from "./PrivxMiddleware.ts"
import * as ResponseFailure from "./ResponseFailure.ts"
import { TokenProvider } from "./TokenProvider.ts"
import { TransportError } from "./TransportError.ts"

/**
 * Sends the bearer token with operations that take none. For a PrivX that wants more than its API reference says.
 *
 * @since 0.1.0
 * @category references
 */
export const AlwaysAuthorize = Context.Reference<boolean>("@privx-kit/http/Transport/AlwaysAuthorize", {
  defaultValue: () => false
})

/**
 * @since 0.1.0
 * @category services
 */
export class Transport extends Context.Service<
  Transport,
  {
    /**
     * Sends a request, with a path relative to the connection's base URL, and answers with a success (2xx): read whole,
     * or as a stream where that is asked for. Everything else is a failure.
     */
    readonly execute: (
      operation: Definition,
      request: HttpClientRequest.HttpClientRequest,
      options?: { readonly streaming?: boolean; readonly template?: string }
    ) => Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure>
    /** Scheme, host and port, for messages. */
    readonly origin: string
  }
>()("@privx-kit/http/Transport") {
  static readonly layer: Layer.Layer<Transport, never, Connection | TokenProvider> = Layer.effect(
    Transport,
    Effect.gen(function* () {
      const connection = yield* Connection
      const tokens = yield* TokenProvider
      return Transport.of({ execute: makeExecute(connection, tokens), origin: connection.origin })
    })
  )
}

const makeExecute = (
  connection: Connection["Service"],
  tokens: TokenProvider["Service"]
): Transport["Service"]["execute"] => {
  const { limits, origin, pathPrefix } = connection
  const server = new URL(origin)
  const address = {
    "server.address": server.hostname,
    "server.port": Number(server.port || (server.protocol === "https:" ? 443 : 80))
  }
  const streamingLimits = { maxBytes: limits.maxDownloadBytes, stallTimeout: Duration.toMillis(limits.stallTimeout) }

  return (operation, request, options) => {
    const body = bodyOf(request)
    if (body === undefined) {
      return Effect.fail(
        new TransportError({
          operation: operation.name,
          origin,
          reason: "invalidRequest",
          detail: "this kind of request body cannot be sent again after a failure, and is not supported"
        })
      )
    }
    const query = request.urlParams.params.length === 0 ? "" : `?${UrlParams.toString(request.urlParams)}`
    const path = pathPrefix + request.url + query

    const send = (attempt: Attempt, target: string, token: Redacted.Redacted<string> | undefined) =>
      Exchange.exchange({
        operation: operation.name,
        origin,
        dispatcher: connection.dispatcher,
        method: request.method,
        path: target,
        headers: headersOf(request, connection.userAgent, token),
        body,
        timeout: attempt.timeout,
        timeoutReason: attempt.lastBeforeDeadline ? "deadline" : "timeout",
        maxBytes: limits.maxResponseBytes,
        streaming: options?.streaming === true ? streamingLimits : undefined
      })

    const answer = Effect.fnUntraced(function* (
      attempt: Attempt,
      token: Redacted.Redacted<string> | undefined
    ): Effect.fn.Return<HttpClientResponse.HttpClientResponse, PrivxFailure> {
      let target = path
      for (let hops = 0; ; hops++) {
        const received = yield* send(attempt, target, token)
        if (received._tag === "Streamed") return new StreamedResponse(request, received)
        if (received.status >= 200 && received.status < 300) return new BufferedResponse(request, received)
        const whole = {
          operation: operation.name,
          status: received.status,
          headers: received.headers,
          body: received.body,
          now: yield* Clock.currentTimeMillis
        }
        const redirect = Redirect.follow(whole, { origin, path: target, method: request.method, hops })
        if (redirect === undefined) return yield* ResponseFailure.make(whole)
        if (redirect._tag === "Refused") return yield* redirect.failure
        target = redirect.path
      }
    })

    const authorized = (attempt: Attempt): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> =>
      Effect.flatMap(tokens.get, (token) =>
        tokens.refreshable
          ? Effect.catchIf(answer(attempt, token), isUnauthorized, () =>
              // Once: a server that refuses a fresh token will refuse the next one too.
              Effect.andThen(
                tokens.invalidate(token),
                Effect.flatMap(tokens.get, (fresh) => answer(attempt, fresh))
              )
            )
          : answer(attempt, token)
      )

    return Effect.flatMap(AlwaysAuthorize, (always) => {
      const withToken = always || operation.authorization !== "none"
      return retrying(
        {
          operation: operation.name,
          safeToRepeat: operation.safeToRepeat,
          attemptTimeout: limits.attemptTimeout,
          deadline: limits.deadline
        },
        (attempt) => (withToken ? authorized(attempt) : answer(attempt, undefined))
      )
    }).pipe(
      Effect.tap((response) => Effect.annotateCurrentSpan("http.response.status_code", response.status)),
      Effect.withSpan(
        operation.name,
        {
          kind: "client",
          attributes: {
            "http.request.method": request.method,
            "url.template": options?.template ?? "",
            ...address
          }
        },
        { captureStackTrace: false }
      )
    )
  }
}

const isUnauthorized = (failure: PrivxFailure): boolean => failure._tag !== "TransportError" && failure.status === 401

const headersOf = (
  request: HttpClientRequest.HttpClientRequest,
  userAgent: string,
  token: Redacted.Redacted<string> | undefined
): Record<string, string> => {
  const headers: Record<string, string> = { accept: "application/json, */*;q=0.5", "user-agent": userAgent }
  Object.assign(headers, request.headers)
  if (token !== undefined) headers.authorization = `Bearer ${Redacted.value(token)}`
  return headers
}

/** Only a body that lies in memory can be sent a second time. */
const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): Uint8Array | null | undefined =>
  body._tag === "Empty" ? null : body._tag === "Uint8Array" ? body.body : undefined

/** Asks for a stream; set by {@link download} around the generated client, which has no argument for it. */
const Streaming = Context.Reference<boolean>("@privx-kit/http/Transport/Streaming", { defaultValue: () => false })

/** `HttpApiClient` wants a client, but the middleware answers before it is asked. */
const unreachable = HttpClient.make(() => Effect.die("the transport answers in the place of the HttpClient"))

const middleware = (transport: Transport["Service"]): Layer.Layer<HttpApiMiddleware.ForClient<PrivxMiddleware>> =>
  HttpApiMiddleware.layerClient(PrivxMiddleware, ({ endpoint, request }) =>
    Effect.flatMap(Streaming, (streaming) =>
      transport.execute(Context.getUnsafe(endpoint.annotations, Operation), request, {
        template: endpoint.path,
        streaming
      })
    )
  )

/**
 * An endpoint of a group of an api, by name.
 *
 * @since 0.1.0
 * @category models
 */
export type EndpointOf<
  Groups extends HttpApiGroup.Constraint,
  Group extends HttpApiGroup.Identifier<Groups>,
  Name extends HttpApiGroup.EndpointsWithIdentifier<Groups, Group>["identifier"]
> = Extract<
  HttpApiEndpoint.WithIdentifier<HttpApiGroup.EndpointsWithIdentifier<Groups, Group>, Name>,
  HttpApiEndpoint.ConstraintRequest
>

/**
 * What an endpoint is called with: its `params`, `query`, `headers` and `payload`, where it has them.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestOf<Endpoint extends HttpApiEndpoint.ConstraintRequest> = HttpApiEndpoint.ClientRequest<
  Endpoint["~Params"],
  Endpoint["~Query"],
  Endpoint["~Payload"],
  Endpoint["~Headers"],
  "response-only"
>

interface Sender {
  readonly operation: Definition
  readonly send: (request: unknown) => Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure>
}

/**
 * The generated client of one endpoint, answering with the bare response. Its type declares more failures than can occur,
 * because everything but a success has become a `PrivxFailure` in the middleware: here, and only here, it is narrowed.
 */
const sender = <
  ApiId extends string,
  Groups extends HttpApiGroup.Constraint,
  const Group extends HttpApiGroup.Identifier<Groups>,
  const Name extends HttpApiGroup.EndpointsWithIdentifier<Groups, Group>["identifier"]
>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  which: { readonly group: Group; readonly endpoint: Name }
): Effect.Effect<Sender, never, Transport> =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const operation = operationOf(api, which)
    const invalid = new TransportError({
      operation: operation.name,
      origin: transport.origin,
      reason: "invalidRequest",
      detail: "a value does not fit what the endpoint takes"
    })
    const generated = HttpApiClient.endpoint(api, { ...which, httpClient: unreachable }) as unknown as Effect.Effect<
      (request: object) => Effect.Effect<HttpClientResponse.HttpClientResponse, unknown>,
      never,
      HttpApiMiddleware.ForClient<PrivxMiddleware>
    >
    const method = yield* Effect.provide(generated, middleware(transport))
    return {
      operation,
      send: (request) =>
        Effect.mapError(method({ ...(request as object), responseMode: "response-only" }), (error) =>
          isPrivxFailure(error) ? error : invalid
        )
    }
  })

const isPrivxFailure = Schema.is(PrivxFailure)

const operationOf = <ApiId extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  which: { readonly group: string; readonly endpoint: string }
): Definition => {
  let found: Definition | undefined
  HttpApi.reflect(api, {
    predicate: ({ endpoint, group }) => group.identifier === which.group && endpoint.identifier === which.endpoint,
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      found = Context.getUnsafe(endpoint.annotations, Operation)
    }
  })
  if (found === undefined) throw new Error(`the endpoint ${which.group}.${which.endpoint} has no Operation annotation`)
  return found
}

/**
 * The function behind an endpoint whose answer is read whole. Its failures are those of every operation, and nothing else:
 * a value that does not fit the endpoint's schemas is a `TransportError` (`invalidRequest`), a success that does not is an
 * `UnexpectedResponse`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const call = <
  ApiId extends string,
  Groups extends HttpApiGroup.Constraint,
  const Group extends HttpApiGroup.Identifier<Groups>,
  const Name extends HttpApiGroup.EndpointsWithIdentifier<Groups, Group>["identifier"]
>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  which: { readonly group: Group; readonly endpoint: Name }
): Effect.Effect<
  (
    request: RequestOf<EndpointOf<Groups, Group, Name>>
  ) => Effect.Effect<HttpApiClient.SuccessType<EndpointOf<Groups, Group, Name>["~Success"]>, PrivxFailure>,
  never,
  Transport
> =>
  Effect.map(sender(api, which), ({ operation, send }) => {
    const decode = HttpApiClient.decodeResponse(api, which)
    return (request) =>
      Effect.flatMap(send(request), (response) =>
        Effect.mapError(decode(response), (): PrivxFailure => unusable(operation, response))
      ) as never
  })

const unusable = (operation: Definition, response: HttpClientResponse.HttpClientResponse): PrivxFailure =>
  ResponseFailure.unusableSuccess({
    operation: operation.name,
    status: response.status,
    headers: response.headers,
    body: response instanceof BufferedResponse ? response.body : new Uint8Array(0),
    now: 0
  })

/**
 * The function behind an endpoint whose answer is a stream of bytes: it answers when the head has come. Closing the scope
 * gives up what has not been read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const download = <
  ApiId extends string,
  Groups extends HttpApiGroup.Constraint,
  const Group extends HttpApiGroup.Identifier<Groups>,
  const Name extends HttpApiGroup.EndpointsWithIdentifier<Groups, Group>["identifier"]
>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  which: { readonly group: Group; readonly endpoint: Name }
): Effect.Effect<
  (request: RequestOf<EndpointOf<Groups, Group, Name>>) => Effect.Effect<Download, PrivxFailure, Scope.Scope>,
  never,
  Transport
> =>
  Effect.map(sender(api, which), ({ send }) => {
    return (request) =>
      Effect.acquireRelease(
        Effect.provideService(send(request), Streaming, true),
        (response) => Effect.sync(() => (response instanceof StreamedResponse ? response.answer.abort() : undefined)),
        { interruptible: true }
      ).pipe(Effect.map(toDownload))
  })

const toDownload = (response: HttpClientResponse.HttpClientResponse): Download => {
  const announced = response.headers["content-length"]
  return {
    status: response.status,
    contentLength: announced !== undefined && /^\d+$/.test(announced) ? Number(announced) : undefined,
    contentType: response.headers["content-type"],
    stream: response instanceof StreamedResponse ? response.answer.stream : Stream.die("the transport did not stream")
  }
}
