/**
 * The token request of an API client, as both official SDKs send it: form `grant_type=password&username=…&password=…`,
 * `Authorization: Basic` with the OAuth client.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Connection } from "../Connection.ts"
import type { PrivxFailure } from "../PrivxFailure.ts"
import * as ResponseFailure from "../ResponseFailure.ts"
import type { ApiClient } from "../TokenProvider.ts"
import { exchange } from "./exchange.ts"
import { retrying } from "./retrying.ts"

/** The name under which a failed grant is reported. */
const operation = "TokenProvider.get"

const TokenResponse = Schema.Struct({
  access_token: Schema.RedactedFromValue(Schema.NonEmptyString),
  expires_in: Schema.optionalKey(Schema.Finite)
})

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(TokenResponse))

/** Where the server does not say how long a token lives. */
const assumedLifetime = 60_000

export interface Grant {
  readonly accessToken: Redacted.Redacted<string>
  /** Milliseconds. */
  readonly lifetime: number
}

export const fetch = (connection: Connection["Service"], client: ApiClient): Effect.Effect<Grant, PrivxFailure> => {
  const { limits } = connection
  return retrying(
    // A token that is never used harms nobody.
    { operation, safeToRepeat: true, attemptTimeout: limits.attemptTimeout, deadline: limits.deadline },
    Effect.fnUntraced(function* (attempt) {
      const answer = yield* exchange({
        operation,
        origin: connection.origin,
        dispatcher: connection.dispatcher,
        method: "POST",
        path: connection.pathPrefix + (client.tokenPath ?? "/auth/api/v1/oauth/token"),
        headers: {
          accept: "application/json",
          authorization: basic(client),
          "content-type": "application/x-www-form-urlencoded",
          "user-agent": connection.userAgent
        },
        body: form(client),
        timeout: attempt.timeout,
        timeoutReason: attempt.lastBeforeDeadline ? "deadline" : "timeout",
        maxBytes: limits.maxResponseBytes
      })
      const body = answer._tag === "Buffered" ? answer.body : new Uint8Array(0)
      const now = yield* Clock.currentTimeMillis
      const whole = { operation, status: answer.status, headers: answer.headers, body, now }
      if (answer.status < 200 || answer.status > 299) return yield* ResponseFailure.make(whole)
      const token = decode(new TextDecoder().decode(body))
      if (token._tag === "None") return yield* ResponseFailure.unusableSuccess(whole)
      const { access_token, expires_in } = token.value
      return {
        accessToken: access_token,
        lifetime: expires_in === undefined ? assumedLifetime : Math.max(0, expires_in * 1000)
      }
    })
  ).pipe(Effect.withSpan(operation, { kind: "client" }, { captureStackTrace: false }))
}

const basic = (client: ApiClient): string => {
  const pair = `${client.oauthClientId ?? "privx-external"}:${Redacted.value(client.oauthClientSecret)}`
  return `Basic ${Buffer.from(pair).toString("base64")}`
}

const form = (client: ApiClient): Uint8Array =>
  Buffer.from(
    new URLSearchParams({
      grant_type: "password",
      username: client.clientId,
      password: Redacted.value(client.clientSecret)
    }).toString()
  )
