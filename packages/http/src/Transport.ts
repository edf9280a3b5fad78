/**
 * Carries a request over the wire: token, retry, deadline, limits, and a typed failure for whatever comes back.
 *
 * It knows no endpoint. A domain package turns the endpoints of its `HttpApi` into functions with `Endpoint`.
 *
 * @since 0.1.0
 */
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
import { Telemetry, within } from "./internal/telemetry.ts"
import type { Definition } from "./Operation.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import * as ResponseFailure from "./ResponseFailure.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
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
    /** How long a download may take in all. */
    readonly downloadDeadline: Duration.Duration
  }
>()("@privx-kit/http/Transport") {
  /** Made anew wherever it is provided: a program that talks to two servers has two, each with its own connection. */
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
  const { gate, limits, origin, pathPrefix, protect } = connection
  const telemetry = new Telemetry(origin)
  const streamingLimits = {
    maxBytes: limits.maxDownloadBytes,
    stallTimeout: timerMillis(limits.stallTimeout),
    deadline: timerMillis(limits.downloadDeadline)
  }

  // To provide a span costs as much as to make one: a token that is at hand has no use for it.
  const tokenWithin: (span: Tracer.Span) => typeof tokens.get = Exit.isExit(tokens.get)
    ? () => tokens.get
    : (span) => within(tokens.get, span)

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

    const perform = (span: Tracer.Span): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> => {
      /** Only the exchanges with this origin are protected: getting a token may be a talk with another one, or with a person. */
      const protectedAnswer = (attempt: Attempt, token: Redacted.Redacted<string> | undefined) => {
        const answered = answer(attempt, token, path, 0)
        return protect === undefined
          ? answered
          : within(protect(answered, { operation: operation.name, patience: attempt.left }), span)
      }

      const answer = (
        attempt: Attempt,
        token: Redacted.Redacted<string> | undefined,
        target: string,
        hops: number
      ): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> =>
        Effect.withFiber((fiber) => {
          const begun = performance.now()
          return Effect.matchEffect(
            Exchange.exchange({
              operation: operation.name,
              origin,
              dispatcher: connection.dispatcher,
              gate,
              method: request.method,
              path: target,
              headers: headersOf(request, connection.userAgent, token),
              body,
              timeout: attempt.timeout,
              timeoutReason: attempt.lastBeforeDeadline ? "deadline" : "timeout",
              patience: attempt.left,
              maxBytes: limits.maxResponseBytes,
              streaming: options?.streaming === true ? streamingLimits : undefined
            }),
            {
              onFailure: (failure) => {
                telemetry.attempted(call, failure.reason, performance.now() - begun, 0, fiber.context)
                return Effect.fail(failure)
              },
              onSuccess: (received) => {
                const bytes = received._tag === "Buffered" ? received.body.byteLength : 0
                telemetry.attempted(call, received.status, performance.now() - begun, bytes, fiber.context)
                span.attribute("http.response.status_code", received.status)
                if (received._tag === "Streamed") {
                  gate.succeeded()
                  return Effect.succeed(new StreamedResponse(request, received))
                }
                if (received.status >= 200 && received.status < 300) {
                  gate.succeeded()
                  return Effect.succeed(new BufferedResponse(request, received))
                }
                return refused(attempt, token, target, hops, received)
              }
            }
          )
        })

      /** An answer that is no success: a redirect to follow, or a failure. */
      const refused = (
        attempt: Attempt,
        token: Redacted.Redacted<string> | undefined,
        target: string,
        hops: number,
        { body, headers, status, ticket }: Exchange.Buffered
      ): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const whole = { operation: operation.name, status, headers, body, now }
          const redirect = Redirect.follow(whole, { origin, path: target, method: request.method, hops })
          if (redirect?._tag === "Followed") return answer(attempt, token, redirect.path, hops + 1)
          if (redirect?._tag === "Refused") return Effect.fail(redirect.failure)
          const failure = ResponseFailure.make(whole)
          if (RetryPolicy.isOverload(failure)) gate.overloaded(ticket)
          return Effect.fail(failure)
        })

      const authorized = (attempt: Attempt): Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure> =>
        Effect.flatMap(tokenWithin(span), (token) =>
          tokens.refreshable
            ? Effect.catchIf(protectedAnswer(attempt, token), isUnauthorized, () =>
                // Once: a server that refuses a fresh token will refuse the next one too.
                Effect.andThen(
                  tokens.invalidate(token),
                  Effect.flatMap(tokenWithin(span), (fresh) => protectedAnswer(attempt, fresh))
                )
              )
            : protectedAnswer(attempt, token)
        )

      return Effect.flatMap(AlwaysAuthorize, (always) => {
        const withToken = always || operation.authorization !== "none"
        return retrying(
          {
            operation: operation.name,
            safeToRepeat: operation.safeToRepeat,
            attemptTimeout: limits.attemptTimeout,
            deadline: limits.deadline,
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

/** Longer than this a timer of Node does not wait: it would end at once. */
const timerMillis = (duration: Duration.Duration): number => Math.min(Duration.toMillis(duration), 2 ** 31 - 1)

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

/** Only a body that lies in memory can be sent a second time. */
const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): Uint8Array | null | undefined =>
  body._tag === "Empty" ? null : body._tag === "Uint8Array" ? body.body : undefined
