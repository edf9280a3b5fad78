/** The token endpoint. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as UrlParams from "effect/http/UrlParams"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { ApiClient } from "../Simulator.ts"
import * as TokenApi from "../TokenApi.ts"
import * as Refusal from "./refusal.ts"
import type { Grant, Tokens } from "./tokens.ts"

export interface Options {
  readonly paths: Partial<TokenApi.Paths>
  readonly apiClient: ApiClient
  readonly tokens: Tokens
}

const decodeResponse = Schema.decodeSync(TokenApi.TokenResponse)

const toResponse = (grant: Grant) =>
  decodeResponse({
    access_token: grant.accessToken,
    token_type: "Bearer",
    expires_in: grant.expiresIn,
    refresh_token: grant.refreshToken
  })

export const layer = ({ paths, apiClient, tokens }: Options) => {
  const api = TokenApi.make(paths)
  const basic = Buffer.from(`${apiClient.oauthClientId}:${Redacted.value(apiClient.oauthClientSecret)}`).toString(
    "base64"
  )
  return HttpApiBuilder.layer(api).pipe(
    Layer.provide(
      HttpApiBuilder.group(api, "auth", (handlers) =>
        handlers.handleRaw(
          "token",
          Effect.fnUntraced(function* ({ request }) {
            const contentType = request.headers["content-type"] ?? ""
            if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(contentType)) return yield* Refusal.badRequest()
            const form = yield* Effect.orDie(request.urlParamsBody)
            const field = (name: string) => {
              const value = Option.getOrUndefined(UrlParams.getFirst(form, name))
              return value === undefined || value === "" ? Effect.fail(Refusal.missing(name)) : Effect.succeed(value)
            }
            const grantType = yield* field("grant_type")
            const now = yield* Clock.currentTimeMillis
            // The OAuth client proves itself first. When it refreshes, the SDKs name it in the form and send no secret.
            const { authorization } = request.headers
            const isClient =
              authorization === undefined && grantType === "refresh_token"
                ? (yield* field("client_id")) === apiClient.oauthClientId
                : /^Basic +(\S+)$/i.exec(authorization ?? "")?.[1] === basic
            if (!isClient) return yield* Refusal.unauthorized()
            if (grantType === "password") {
              const known =
                (yield* field("username")) === apiClient.clientId &&
                (yield* field("password")) === Redacted.value(apiClient.clientSecret)
              return known ? toResponse(tokens.issue(now)) : yield* Refusal.unauthorized()
            }
            if (grantType === "refresh_token") {
              const grant = tokens.refresh(yield* field("refresh_token"), now)
              return grant === undefined ? yield* Refusal.unauthorized() : toResponse(grant)
            }
            return yield* Refusal.wrongFormat("grant_type")
          })
        )
      )
    )
  )
}
