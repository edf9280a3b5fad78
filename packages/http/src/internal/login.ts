/**
 * The requests of a login. Each has a deadline and a size limit, does not follow a redirect to another origin, is
 * retried by the policy if that is safe, and fails with a typed error. Secrets of the login do not appear in a failure,
 * even if the server quotes them.
 */
import * as Redaction from "@privx-kit/core/Redaction"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Redacted from "effect/Redacted"
import type { Connection } from "../Connection.ts"
import type { Definition } from "../Operation.ts"
import type { PrivxFailure } from "../PrivxFailure.ts"
import * as ResponseFailure from "../ResponseFailure.ts"
import type { Grant } from "../TokenSource.ts"
import type { TransportError } from "../TransportError.ts"
import { type Buffered, exchange, type Streamed } from "./exchange.ts"
import * as OAuthError from "./oauthError.ts"
import * as Redirect from "./redirect.ts"
import { retrying } from "./retrying.ts"
import { type Call, spanOf, type Telemetry } from "./telemetry.ts"
import * as TokenResponse from "./tokenResponse.ts"

/** The name under which every failure of a login is reported, unless the options name another one. */
export const operation = "TokenProvider.get"

export interface Request {
  readonly method: "GET" | "POST"
  /** Path and query, with the prefix of the connection. */
  readonly path: string
  readonly body?: { readonly type: string; readonly text: string } | undefined
  /** Value of `Authorization`. */
  readonly authorization?: Redacted.Redacted<string> | undefined
  /** Further secrets that must not be quoted in a failure; `authorization` is always redacted. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  /** Whether a redirect is the expected response and is not followed. */
  readonly wantsRedirect?: boolean | undefined
}

/** Sends a request within the time of the attempt; returns a success or the expected redirect. */
export type Send = (request: Request) => Effect.Effect<ResponseFailure.Answer, PrivxFailure>

export interface Options {
  /** The kind of login, for the span, e.g. `password`. */
  readonly kind: string
  /** Default: {@link operation}. */
  readonly operation?: string | undefined
  /** Whether the attempt may be repeated when it is unknown whether the server has processed it. */
  readonly safeToRepeat: boolean
  readonly credentials: OAuthError.Credentials
}

/** One or more requests that make one attempt. */
export const run = <A>(
  connection: Connection["Service"],
  options: Options,
  steps: (send: Send) => Effect.Effect<A, PrivxFailure>
): Effect.Effect<A, PrivxFailure> => {
  const { limits } = connection
  const { safeToRepeat } = options
  const name = options.operation ?? operation
  const definition: Definition = { name, safeToRepeat, authorization: "none" }
  return retrying(
    {
      operation: name,
      origin: connection.origin,
      safeToRepeat,
      attemptTimeout: limits.attemptTimeout,
      deadline: limits.deadline,
      telemetry: connection.telemetry
    },
    (attempt) =>
      Effect.suspend(() => {
        const until = attempt.until()

        const answerOf = Effect.fnUntraced(function* (
          request: Request,
          path: string
        ): Effect.fn.Return<ResponseFailure.Answer, PrivxFailure> {
          const { timeout, timeoutReason } = attempt.window(until)
          const received = yield* observed(
            connection.telemetry,
            { operation: definition, method: request.method, template: templateOf(request.path) },
            exchange({
              operation: name,
              origin: connection.origin,
              dispatcher: connection.dispatcher,
              takeAlert: connection.takeAlert,
              proxy: connection.route._tag === "Proxied" ? connection.route.proxy.origin : undefined,
              method: request.method,
              path,
              headers: headersOf(request, connection.userAgent),
              body: request.body === undefined ? null : new TextEncoder().encode(request.body.text),
              timeout,
              timeoutReason,
              maxBytes: limits.maxResponseBytes
            }).pipe(Effect.catch((failure) => Effect.flatMap(connection.explain(failure, attempt.left()), Effect.fail)))
          )
          return {
            operation: name,
            status: received.status,
            headers: received.headers,
            body: received._tag === "Buffered" ? received.body : new Uint8Array(0),
            now: yield* Clock.currentTimeMillis,
            secrets: secretsOf(request)
          }
        })

        return steps(
          Effect.fnUntraced(function* (request): Effect.fn.Return<ResponseFailure.Answer, PrivxFailure> {
            let path = request.path
            for (let hops = 0; ; hops++) {
              const answer = yield* answerOf(request, path)
              if (answer.status >= 200 && answer.status < 300 && answer.status !== 206) return answer
              if (answer.status >= 300 && answer.status < 400) {
                if (request.wantsRedirect === true) return answer
                const { origin, pathPrefix } = connection
                const from = { origin, pathPrefix, path, method: request.method, hops }
                const redirect = Redirect.follow(answer, from)
                if (redirect?._tag === "Refused") return yield* redirect.failure
                if (redirect?._tag === "Followed") {
                  path = redirect.path
                  continue
                }
              }
              return yield* refusal(answer, options.credentials)
            }
          })
        )
      })
  ).pipe(Effect.withSpan(name, { attributes: { "privx.login": options.kind } }, { captureStackTrace: false }))
}

/** The span and the metrics of one request, like those of the transport's calls. */
const observed = (
  telemetry: Telemetry,
  call: Call,
  request: Effect.Effect<Buffered | Streamed, TransportError>
): Effect.Effect<Buffered | Streamed, TransportError> => {
  return Effect.withFiber((fiber) => {
    const started = performance.now()
    return Effect.matchEffect(request, {
      onFailure: (failure) => {
        telemetry.attempted(call, failure.reason, performance.now() - started, 0, fiber.context)
        return Effect.fail(failure)
      },
      onSuccess: (received) => {
        const bytes = received._tag === "Buffered" ? received.body.byteLength : 0
        telemetry.attempted(call, received.status, performance.now() - started, bytes, fiber.context)
        spanOf(fiber.context)?.attribute("http.response.status_code", received.status)
        return Effect.succeed(received)
      }
    })
  }).pipe(
    Effect.withSpan(
      `${call.method} ${call.template}`,
      { kind: "client", attributes: telemetry.spanAttributes(call) },
      { captureStackTrace: false }
    )
  )
}

/** The paths of a login contain no secret; their queries do. */
const templateOf = (path: string): string => path.split("?", 1)[0] ?? ""

const headersOf = (request: Request, userAgent: string): Record<string, string> => ({
  accept: "application/json",
  "accept-encoding": "identity",
  ...(request.authorization === undefined ? undefined : { authorization: Redacted.value(request.authorization) }),
  ...(request.body === undefined ? undefined : { "content-type": request.body.type }),
  "user-agent": userAgent
})

const secretsOf = ({ authorization, secrets }: Request): ReadonlyArray<Redacted.Redacted<string>> =>
  authorization === undefined ? secrets : [authorization, ...secrets]

const refusal = (answer: ResponseFailure.Answer, credentials: OAuthError.Credentials): PrivxFailure => {
  const clean = Redaction.redact(new TextDecoder().decode(answer.body), answer.secrets)
  return OAuthError.make(ResponseFailure.make(answer), clean, credentials)
}

const formEncoded = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1)

/** A form body. `undefined` fields are left out. */
export const form = (fields: Readonly<Record<string, string | undefined>>): NonNullable<Request["body"]> => ({
  type: "application/x-www-form-urlencoded",
  text: new URLSearchParams(present(fields)).toString()
})

/** A JSON body. `undefined` fields are left out. */
export const json = (fields: Readonly<Record<string, string | undefined>>): NonNullable<Request["body"]> => ({
  type: "application/json",
  text: JSON.stringify(fields)
})

const present = (fields: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  )

/** `Authorization: Basic` with the id and secret unencoded, as in PrivX and its SDKs. */
export const basic = (id: string, secret: Redacted.Redacted<string>): Redacted.Redacted<string> =>
  Redacted.make(`Basic ${Base64.encode(`${id}:${Redacted.value(secret)}`)}`)

/** The same with id and secret form-encoded first, as the standard requires (RFC 6749, 2.3.1). */
export const standardBasic = (id: string, secret: Redacted.Redacted<string>): Redacted.Redacted<string> =>
  basic(formEncoded(id), Redacted.make(formEncoded(Redacted.value(secret))))

/** The refresh grant (RFC 6749, 6). */
export const refresh = (
  connection: Connection["Service"],
  options: {
    readonly path: string
    readonly credentials: OAuthError.Credentials
    readonly refreshToken: Redacted.Redacted<string>
    readonly fields: Readonly<Record<string, string | undefined>>
    readonly authorization?: Redacted.Redacted<string> | undefined
    readonly secrets?: ReadonlyArray<Redacted.Redacted<string>> | undefined
  }
): Effect.Effect<Grant, PrivxFailure> =>
  // If the server rotates refresh tokens and the response is lost, the next refresh fails and a login follows.
  run(connection, { kind: "refresh_token", safeToRepeat: true, credentials: options.credentials }, (send) =>
    Effect.flatMap(
      send({
        method: "POST",
        path: options.path,
        body: form({
          grant_type: "refresh_token",
          refresh_token: Redacted.value(options.refreshToken),
          ...options.fields
        }),
        authorization: options.authorization,
        secrets: [options.refreshToken, ...(options.secrets ?? [])]
      }),
      TokenResponse.read
    )
  )
