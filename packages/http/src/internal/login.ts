/**
 * The requests of a login: each goes out with a deadline, a limit of size and without following a redirect to another
 * origin, is repeated by the policy where that is safe, and fails typed. What the login sends that is secret does not come
 * back in a failure, even if the server quotes it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Connection } from "../Connection.ts"
import type { Definition } from "../Operation.ts"
import type { PrivxFailure } from "../PrivxFailure.ts"
import * as ResponseFailure from "../ResponseFailure.ts"
import type { Grant } from "../TokenProvider.ts"
import type { TransportError } from "../TransportError.ts"
import { type Buffered, exchange, type Streamed } from "./exchange.ts"
import * as OAuthError from "./oauthError.ts"
import * as Redirect from "./redirect.ts"
import { retrying } from "./retrying.ts"
import { type Call, spanOf, Telemetry } from "./telemetry.ts"
import * as TokenResponse from "./tokenResponse.ts"

/** The name under which every failure of a login is reported. */
export const operation = "TokenProvider.get"

export interface Request {
  readonly method: "GET" | "POST"
  /** Path and query, with the prefix of the connection. */
  readonly path: string
  readonly body?: { readonly type: string; readonly text: string } | undefined
  /** Value of `Authorization`. */
  readonly authorization?: Redacted.Redacted<string> | undefined
  /** What else must not be quoted in a failure; `authorization` need not be named. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  /** Whether a redirect is the answer rather than something to follow. */
  readonly wantsRedirect?: boolean | undefined
}

/** Sends a request within the time of the attempt; answers with a success, or with the redirect that was wanted. */
export type Send = (request: Request) => Effect.Effect<ResponseFailure.Answer, PrivxFailure>

export interface Options {
  /** The kind of login, for the span, e.g. `password`. */
  readonly kind: string
  /** Whether all of it may be done again when it is not known whether the server has processed it. */
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
  const definition: Definition = { name: operation, safeToRepeat, authorization: "none" }
  return retrying(
    {
      operation,
      safeToRepeat,
      attemptTimeout: limits.attemptTimeout,
      deadline: limits.deadline,
      telemetry: new Telemetry(connection.origin)
    },
    (attempt) =>
      Clock.clockWith((clock) => {
        const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
        const end = now() + attempt.timeout
        const timeoutReason = attempt.lastBeforeDeadline ? "deadline" : "timeout"

        const answerOf = Effect.fnUntraced(function* (
          request: Request,
          path: string
        ): Effect.fn.Return<ResponseFailure.Answer, PrivxFailure> {
          const received = yield* observed(
            connection.origin,
            { operation: definition, method: request.method, template: templateOf(request.path) },
            exchange({
              operation,
              origin: connection.origin,
              dispatcher: connection.dispatcher,
              method: request.method,
              path,
              headers: headersOf(request, connection.userAgent),
              body: request.body === undefined ? null : Buffer.from(request.body.text),
              timeout: Math.max(1, end - now()),
              timeoutReason,
              maxBytes: limits.maxResponseBytes
            })
          )
          return {
            operation,
            status: received.status,
            headers: received.headers,
            body: received._tag === "Buffered" ? received.body : new Uint8Array(0),
            now: yield* Clock.currentTimeMillis
          }
        })

        return steps(
          Effect.fnUntraced(function* (request): Effect.fn.Return<ResponseFailure.Answer, PrivxFailure> {
            let path = request.path
            for (let hops = 0; ; hops++) {
              const answer = yield* answerOf(request, path)
              if (answer.status >= 200 && answer.status < 300) return answer
              if (answer.status >= 300 && answer.status < 400) {
                if (request.wantsRedirect === true) return answer
                const from = { origin: connection.origin, path, method: request.method, hops }
                const redirect = Redirect.follow(answer, from)
                if (redirect?._tag === "Refused") return yield* redirect.failure
                if (redirect?._tag === "Followed") {
                  path = redirect.path
                  continue
                }
              }
              return yield* refusal(answer, request, options.credentials)
            }
          })
        )
      })
  ).pipe(Effect.withSpan(operation, { attributes: { "privx.login": options.kind } }, { captureStackTrace: false }))
}

/** A span and the metrics of one request, as the transport makes them for its calls. */
const observed = (
  origin: string,
  call: Call,
  request: Effect.Effect<Buffered | Streamed, TransportError>
): Effect.Effect<Buffered | Streamed, TransportError> => {
  const telemetry = new Telemetry(origin)
  return Effect.withFiber((fiber) => {
    const begun = performance.now()
    return Effect.matchEffect(request, {
      onFailure: (failure) => {
        telemetry.attempted(call, failure.reason, performance.now() - begun, 0, fiber.context)
        return Effect.fail(failure)
      },
      onSuccess: (received) => {
        const bytes = received._tag === "Buffered" ? received.body.byteLength : 0
        telemetry.attempted(call, received.status, performance.now() - begun, bytes, fiber.context)
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

/** The paths of a login hold no secret, their queries do. */
const templateOf = (path: string): string => path.split("?", 1)[0] ?? ""

const headersOf = (request: Request, userAgent: string): Record<string, string> => ({
  accept: "application/json",
  ...(request.authorization === undefined ? undefined : { authorization: Redacted.value(request.authorization) }),
  ...(request.body === undefined ? undefined : { "content-type": request.body.type }),
  "user-agent": userAgent
})

const refusal = (
  answer: ResponseFailure.Answer,
  request: Request,
  credentials: OAuthError.Credentials
): PrivxFailure => {
  const text = new TextDecoder().decode(answer.body)
  const secrets = request.authorization === undefined ? request.secrets : [request.authorization, ...request.secrets]
  const body = Buffer.from(withoutSecrets(text, secrets))
  return OAuthError.advise(ResponseFailure.make({ ...answer, body }), OAuthError.codeOf(text), credentials)
}

/** Servers quote what they were sent, as it was or in the encoding it came in. */
const withoutSecrets = (text: string, secrets: ReadonlyArray<Redacted.Redacted<string>>): string =>
  secrets
    .map((secret) => Redacted.value(secret))
    .flatMap((secret) => [
      secret,
      secret.replace(/^Basic /, ""),
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      formEncoded(secret)
    ])
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replaceAll(secret, "<redacted>"), text)

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

/** `Authorization: Basic` with the id and secret as they are, which is what PrivX and its SDKs do. */
export const basic = (id: string, secret: Redacted.Redacted<string>): Redacted.Redacted<string> =>
  Redacted.make(`Basic ${Buffer.from(`${id}:${Redacted.value(secret)}`).toString("base64")}`)

/** The same, with id and secret form-encoded first, which is what the standard demands (RFC 6749, 2.3.1). */
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
  // Should the server give a new refresh token with each and the answer be lost, the next refresh fails, and a login follows.
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
