/**
 * The login of a PrivX user by name and password, without a browser: PrivX's own authorization code flow with PKCE.
 * Authorize answers with a redirect that carries a login token; name, password and that token are traded for a code, the
 * code for an access token. Source: both official SDKs.
 *
 * An account that must give a second factor cannot log in so: make an API client for it, or use `AuthorizationCode`.
 *
 * @since 0.1.0
 */
import type { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import * as ApiError from "@privx-kit/core/ApiError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Connection } from "./Connection.ts"
import * as Login from "./internal/login.ts"
import * as OAuthError from "./internal/oauthError.ts"
import * as Pkce from "./internal/pkce.ts"
import * as TokenResponse from "./internal/tokenResponse.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import * as ResponseFailure from "./ResponseFailure.ts"
import { type Grant, type Source, TokenProvider } from "./TokenProvider.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly username: string
  readonly password: Redacted.Redacted<string>
  /** Default: `privx-ui`. Source, as for the other defaults: both official SDKs. */
  readonly clientId?: string | undefined
  /** Default: `/privx/oauth-callback`. Nothing is ever sent there. */
  readonly redirectUri?: string | undefined
  /** Default: `/auth/api/v1/oauth/authorize`. */
  readonly authorizePath?: `/${string}` | undefined
  /** Default: `/auth/api/v1/login`. */
  readonly loginPath?: `/${string}` | undefined
  /** Default: `/auth/api/v1/oauth/token`. */
  readonly tokenPath?: `/${string}` | undefined
  /** How long before its end a token is no longer used. Default 30 s, and never more than half of the token's life. */
  readonly margin?: Duration.Input | undefined
}

const credentials = { client: "the OAuth client (client_id)", account: "user name and password" }

/**
 * Logs in when a call first needs a token, and refreshes where the server gave a refresh token.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<TokenProvider, never, Connection> =>
  Layer.effect(
    TokenProvider,
    Effect.flatMap(Connection, (connection) => TokenProvider.make(source(connection, options)))
  )

const source = (connection: Connection["Service"], options: Options): Source => {
  const at = (path: string) => connection.pathPrefix + path
  const tokenPath = at(options.tokenPath ?? "/auth/api/v1/oauth/token")
  const client = {
    client_id: options.clientId ?? "privx-ui",
    redirect_uri: options.redirectUri ?? "/privx/oauth-callback"
  }

  // Done again from the start when an attempt fails: codes and login tokens are for one use, an unused one harms nobody.
  const login = Login.run(
    connection,
    { kind: "privx_login", safeToRepeat: true, credentials },
    Effect.fnUntraced(function* (send): Effect.fn.Return<Grant, PrivxFailure> {
      const { challenge, state, verifier } = yield* Pkce.make
      const query = new URLSearchParams({
        ...client,
        response_type: "code",
        state,
        user_agent: connection.userAgent,
        code_challenge: challenge,
        code_challenge_method: "S256"
      })
      const authorized = yield* send({
        method: "GET",
        path: `${at(options.authorizePath ?? "/auth/api/v1/oauth/authorize")}?${query.toString()}`,
        secrets: [],
        wantsRedirect: true
      })
      const token = yield* loginTokenOf(authorized)

      const loggedIn = yield* send({
        method: "POST",
        path: at(options.loginPath ?? "/auth/api/v1/login"),
        body: Login.json({
          username: options.username,
          password: Redacted.value(options.password),
          token: Redacted.value(token)
        }),
        secrets: [options.password, token]
      })
      const code = yield* codeOf(loggedIn, state)

      const granted = yield* send({
        method: "POST",
        path: tokenPath,
        body: Login.form({
          grant_type: "authorization_code",
          ...client,
          code: Redacted.value(code),
          code_verifier: Redacted.value(verifier)
        }),
        secrets: [code, verifier]
      })
      return yield* TokenResponse.read(granted)
    })
  )

  return {
    login,
    refresh: (refreshToken) =>
      Login.refresh(connection, { path: tokenPath, credentials, refreshToken, fields: client }),
    margin: options.margin
  }
}

/** The `token` in the query of the redirect. The redirect is not followed: the login page is for browsers. */
const loginTokenOf = (answer: ResponseFailure.Answer): Effect.Effect<Redacted.Redacted<string>, UnexpectedResponse> => {
  const query = queryOf(answer)
  const token = query.get("token")
  if (token !== null && token !== "") return Effect.succeed(Redacted.make(token, { label: "login token" }))
  if (query.has("error")) return Effect.fail(OAuthError.fromRedirect(query, 400, Login.operation, credentials))
  return Effect.fail(
    ApiError.withAdvice(
      ResponseFailure.unusableSuccess(answer, answer.status < 300 ? undefined : "undocumentedStatus"),
      "Check the base URL, and the client id and redirect URI of the login: authorize gave no login token."
    )
  )
}

const queryOf = ({ headers: { location } }: ResponseFailure.Answer): URLSearchParams => {
  const base = "http://localhost"
  return typeof location === "string" && URL.canParse(location, base)
    ? new URL(location, base).searchParams
    : new URLSearchParams()
}

const decodeCode = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ code: Schema.NonEmptyString, state: Schema.String }))
)

const codeOf = (
  answer: ResponseFailure.Answer,
  state: string
): Effect.Effect<Redacted.Redacted<string>, UnexpectedResponse> =>
  Option.match(decodeCode(new TextDecoder().decode(answer.body)), {
    onNone: () =>
      Effect.fail(
        ApiError.withAdvice(
          ResponseFailure.unusableSuccess(answer),
          "Check whether the account must give a second factor or change its password; if so, use an API client."
        )
      ),
    onSome: (answered) =>
      answered.state === state
        ? Effect.succeed(Redacted.make(answered.code, { label: "authorization code" }))
        : Effect.fail(
            ApiError.withAdvice(
              ResponseFailure.unusableSuccess(answer),
              "The answer belongs to another login (its state differs): look for a proxy that caches or mixes answers."
            )
          )
  })
