/**
 * Sends requests to PrivX. It adds the token, retries, enforces the deadline and the limits, and converts every
 * response to a success or a typed failure.
 *
 * It knows no endpoint. Domain packages turn the endpoints of their `HttpApi` into functions with `Endpoint`.
 *
 * @since 0.1.0
 */
import * as ApiError from "@privx-kit/core/ApiError"
import type { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Tracer from "effect/Tracer"
import { Connection } from "./Connection.ts"
import { BufferedResponse, StreamedResponse } from "./internal/bufferedResponse.ts"
import * as Exchange from "./internal/exchange.ts"
import * as Redirect from "./internal/redirect.ts"
import { type Attempt, retrying } from "./internal/retrying.ts"
import { within } from "./internal/telemetry.ts"
import type { Definition } from "./Operation.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import * as ResponseFailure from "./ResponseFailure.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as RetryScope from "./RetryScope.ts"
import { TokenProvider } from "./TokenProvider.ts"
import { TransportError } from "./TransportError.ts"

/**
 * Sends the bearer token also with operations that do not require one, for a PrivX that requires it contrary to its API
 * reference.
 *
 * @example
 * ```ts
 * import { AlwaysAuthorize } from "@privx-kit/http/Transport"
 * import * as Effect from "effect/Effect"
 *
 * const authorized = <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.provideService(call, AlwaysAuthorize, true)
 * ```
 *
 * @since 0.1.0
 * @category references
 */
export const AlwaysAuthorize = Context.Reference<boolean>("@privx-kit/http/Transport/AlwaysAuthorize", {
  defaultValue: () => false
})

/**
 * The transport of one connection.
 *
 * @since 0.1.0
 * @category services
 */
export class Transport extends Context.Service<
  Transport,
  {
    /**
     * Sends a request, with a path relative to the connection's base URL, and returns a success (2xx), read completely
     * or as a stream if requested. Every other response is a failure.
     */
    readonly execute: (
      operation: Definition,
      request: HttpClientRequest.HttpClientRequest,
      options?: {
        readonly streaming?: boolean
        readonly template?: string
        /** The secrets of the request, in addition to the token. */
        readonly secrets?: ReadonlyArray<Redacted.Redacted<string>>
      }
    ) => Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure>
    /** Scheme, host and port, for messages. */
    readonly origin: string
    /** Time limit of a download. */
    readonly downloadDeadline: Duration.Duration
  }
>()("@privx-kit/http/Transport") {
  /**
   * Makes the transport of a connection, with the tokens of a provider.
   *
   * **Details**: created wherever it is provided: a program that talks to two servers has two transports, each with its own
   * connection.
   *
   * @example
   * ```ts
   * import { Connection } from "@privx-kit/http/Connection"
   * import { TokenProvider } from "@privx-kit/http/TokenProvider"
   * import { Transport } from "@privx-kit/http/Transport"
   * import * as Layer from "effect/Layer"
   * import * as Redacted from "effect/Redacted"
   *
   * const transport = Transport.layer.pipe(
   *   Layer.provide(TokenProvider.layerStatic(Redacted.make("the token"))),
   *   Layer.provide(Connection.layer({ baseUrl: new URL("https://privx.example.com") }))
   * )
   * ```
   */
  static readonly layer: Layer.Layer<Transport, never, Connection | TokenProvider> = Layer.fresh(
    Layer.effect(
      Transport,
      Effect.gen(function* () {
        const connection = yield* Connection
        const tokens = yield* TokenProvider
        return Transport.of({
          execute: makeExecute(connection, tokens),
          origin: connection.origin,
          downloadDeadline: connection.limits.downloadDeadline
        })
      })
    )
  )
}

const makeExecute = (
  connection: Connection["Service"],
  tokens: TokenProvider["Service"]
): Transport["Service"]["execute"] => {
  const { gate, limits, origin, pathPrefix, protect, telemetry } = connection
  const downloadMillis = Duration.toMillis(limits.downloadDeadline)
  const streamingLimits = {
    maxBytes: limits.maxDownloadBytes,
    stallTimeout: timerMillis(Duration.toMillis(limits.stallTimeout)),
    minThroughput: limits.minThroughput
  }

  // Providing a span costs as much as creating one, and a cached token does not need it.
  const tokenWithin: (span: Tracer.Span, attempt: Attempt) => typeof tokens.get = Exit.isExit(tokens.get)
    ? () => tokens.get
    : (span, attempt) => Effect.provideService(within(tokens.get, span), RetryScope.Current, attempt.scope)

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
    const call = { operation, method: request.method, template: options?.template ?? "" }
    const resumes = "range" in request.headers
    const streamingOf = (attempt: Attempt): Exchange.Streaming => ({
      ...streamingLimits,
      resumes,
      deadline: timerMillis(downloadMillis - (attempt.now() - attempt.scope.began))
    })
    const answerOf = (
      { body, headers, status }: Exchange.Buffered,
      token: Redacted.Redacted<string> | undefined,
      now: number
    ): ResponseFailure.Answer => ({
      operation: operation.name,
      status,
      headers,
      body,
      now,
      secrets: secretsOf(token, options?.secrets),
      scope: operation.authorization === "none" ? undefined : operation.authorization.scope
    })

    const perform = (span: Tracer.Span): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> => {
      /** Only exchanges with this origin are protected: a login may involve another origin, or a person. */
      const protectedAnswer = (attempt: Attempt, token: Redacted.Redacted<string> | undefined) => {
        const answered = answer(attempt, token, path, 0, undefined)
        return protect === undefined
          ? answered
          : within(protect(answered, { operation: operation.name, patience: attempt.left() }), span)
      }

      const answer = (
        attempt: Attempt,
        token: Redacted.Redacted<string> | undefined,
        target: string,
        hops: number,
        until: number | undefined
      ): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> =>
        Effect.withFiber((fiber) => {
          const started = performance.now()
          const { left, timeout, timeoutReason } = attempt.window(until)
          return Effect.matchEffect(
            Exchange.exchange({
              operation: operation.name,
              origin,
              dispatcher: connection.dispatcher,
              takeAlert: connection.takeAlert,
              proxy: connection.route._tag === "Proxied" ? connection.route.proxy.origin : undefined,
              gate,
              method: request.method,
              path: target,
              headers: headersOf(request, connection.userAgent, token),
              body,
              timeout,
              timeoutReason,
              patience: left,
              maxBytes: limits.maxResponseBytes,
              streaming: options?.streaming === true ? streamingOf(attempt) : undefined
            }),
            {
              onFailure: (failure) => {
                telemetry.attempted(call, failure.reason, performance.now() - started, 0, fiber.context)
                return Effect.flatMap(connection.explain(failure, attempt.left()), Effect.fail)
              },
              onSuccess: (received) => {
                const bytes = received._tag === "Buffered" ? received.body.byteLength : 0
                telemetry.attempted(call, received.status, performance.now() - started, bytes, fiber.context)
                span.attribute("http.response.status_code", received.status)
                if (received._tag === "Streamed") {
                  gate.succeeded()
                  return Effect.succeed(new StreamedResponse(request, received))
                }
                if (isSuccess(received.status)) {
                  gate.succeeded()
                  if (options?.streaming !== true) return Effect.succeed(new BufferedResponse(request, received))
                  return Effect.fail(notTheWhole(answerOf(received, token, 0)))
                }
                return refused(attempt, token, target, { hops, until }, received)
              }
            }
          )
        })

      /** Handles an unsuccessful response: a redirect to follow, or a failure. */
      const refused = (
        attempt: Attempt,
        token: Redacted.Redacted<string> | undefined,
        target: string,
        { hops, until }: { readonly hops: number; readonly until: number | undefined },
        received: Exchange.Buffered
      ): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const whole = answerOf(received, token, now)
          if (partial.has(received.status)) return Effect.fail(notTheWhole(whole))
          const redirect = Redirect.follow(whole, { origin, pathPrefix, path: target, method: request.method, hops })
          if (redirect?._tag === "Followed") {
            return answer(attempt, token, redirect.path, hops + 1, until ?? attempt.until())
          }
          if (redirect?._tag === "Refused") return Effect.fail(redirect.failure)
          const failure = ResponseFailure.make(whole)
          if (RetryPolicy.isOverload(failure)) gate.overloaded(received.ticket)
          return Effect.fail(failure)
        })

      const authorized = (attempt: Attempt): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> =>
        Effect.flatMap(tokenWithin(span, attempt), (token) =>
          tokens.refreshable
            ? Effect.catchIf(protectedAnswer(attempt, token), isUnauthorized, () =>
                // Only once: a server that refuses a new token will refuse the next one too.
                Effect.andThen(
                  tokens.invalidate(token),
                  Effect.flatMap(tokenWithin(span, attempt), (fresh) => protectedAnswer(attempt, fresh))
                )
              )
            : protectedAnswer(attempt, token)
        )

      return Effect.flatMap(AlwaysAuthorize, (always) => {
        const withToken = always || operation.authorization !== "none"
        return retrying(
          {
            operation: operation.name,
            origin,
            safeToRepeat: operation.safeToRepeat,
            attemptTimeout: limits.attemptTimeout,
            deadline: limits.deadline,
            whole: options?.streaming === true ? limits.downloadDeadline : undefined,
            budget: connection.budget,
            telemetry,
            span
          },
          (attempt) => (withToken ? authorized(attempt) : protectedAnswer(attempt, undefined))
        )
      })
    }

    return Effect.useSpan(operation.name, { kind: "client", attributes: telemetry.spanAttributes(call) }, perform)
  }
}

/** The maximum delay of a Node timer; a longer one would fire at once. */
const timerMillis = (millis: number): number => Math.max(1, Math.min(millis, 2 ** 31 - 1))

/** Statuses of success whose body is only a part, a list of results, or a difference. The kit requests none of them. */
const partial: ReadonlySet<number> = new Set([206, 207, 208, 226])

const isSuccess = (status: number): boolean => status >= 200 && status < 300 && !partial.has(status)

/** An unexpected success is a failure. */
const notTheWhole = (answer: ResponseFailure.Answer): UnexpectedResponse =>
  ApiError.withAdvice(
    ResponseFailure.unusableSuccess(answer, "undocumentedStatus"),
    answer.status === 206
      ? "Check for a cache or proxy between this machine and PrivX: it sent a part of the body, although the complete body was requested."
      : "Check for a cache or proxy between this machine and PrivX: this status is not a valid response to the request."
  )

const secretsOf = (
  token: Redacted.Redacted<string> | undefined,
  others: ReadonlyArray<Redacted.Redacted<string>> = []
): ReadonlyArray<Redacted.Redacted<string>> => (token === undefined ? others : [token, ...others])

const isUnauthorized = (failure: PrivxFailure): boolean => failure._tag !== "TransportError" && failure.status === 401

const headersOf = (
  request: HttpClientRequest.HttpClientRequest,
  userAgent: string,
  token: Redacted.Redacted<string> | undefined
): Record<string, string> => {
  const headers: Record<string, string> = {
    accept: "application/json, */*;q=0.5",
    "accept-encoding": "identity",
    "user-agent": userAgent
  }
  Object.assign(headers, request.headers)
  if (token !== undefined) headers.authorization = `Bearer ${Redacted.value(token)}`
  return headers
}

/** Only a body in memory can be sent again. */
const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): Uint8Array | null | undefined =>
  body._tag === "Empty" ? null : body._tag === "Uint8Array" ? body.body : undefined
