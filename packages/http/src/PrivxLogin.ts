/**
 * The login of a PrivX user by name and password, without a browser: PrivX's own authorization code flow with PKCE.
 * Authorize responds with a redirect that contains a login token. Name, password and that token are exchanged for a
 * code, and the code for an access token. Source: both official SDKs.
 *
 * An account that requires a second factor cannot log in this way: create an API client for it, or use
 * `AuthorizationCode`.
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
import type { OAuthError as OAuthFailure } from "./OAuthError.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import * as ResponseFailure from "./ResponseFailure.ts"
import { TokenProvider } from "./TokenProvider.ts"
import type { Grant, Source } from "./TokenSource.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly username: string
  readonly password: Redacted.Redacted<string>
  /** Default: `privx-ui`. Source of this and the other defaults: both official SDKs. */
  readonly clientId?: string | undefined
  /** Default: `/privx/oauth-callback`. Nothing is ever sent there. */
  readonly redirectUri?: string | undefined
  /** Default: `/auth/api/v1/oauth/authorize`. */
  readonly authorizePath?: `/${string}` | undefined
  /** Default: `/auth/api/v1/login`. */
  readonly loginPath?: `/${string}` | undefined
  /** Default: `/auth/api/v1/oauth/token`. */
  readonly tokenPath?: `/${string}` | undefined
  /** How long before its expiry a token is no longer used. Default 30 s, at most half of the token's lifetime. */
  readonly margin?: Duration.Input | undefined
}

const credentials = { client: "the OAuth client (client_id)", account: "user name and password" }

/**
 * Makes a token provider that logs in as a PrivX user, with name and password.
 *
 * **When to use**: for a user without a browser. Use `AuthorizationCode` if there is a browser, and
 * `TokenProvider.layerApiClient` for a program that is not a user.
 *
 * **Details**: logs in when a call first needs a token, and refreshes the token if the server issued a refresh token.
 *
 * **Gotchas**: an account that requires a second factor cannot log in this way. Create an API client for it.
 *
 * **Errors**: `ApiError` or `UnexpectedResponse` with the status 400 or 401 for a wrong name or password; its `hint`
 * says which credential to check. `OAuthError` when the OAuth client is refused. Otherwise the errors of every login.
 *
 * Source: both official SDKs.
 *
 * @example
 * ```ts
 * import { Connection } from "@privx-kit/http/Connection"
 * import * as PrivxLogin from "@privx-kit/http/PrivxLogin"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const tokens = PrivxLogin.layer({ username: "anna", password: Redacted.make("her password") }).pipe(
 *   Layer.provide(Connection.layer({ baseUrl: new URL("https://privx.example.com") }))
 * )
 * ```
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

  // A failed attempt is repeated from the start: codes and login tokens can be used once, and an unused one does no
  // harm.
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

/** The `token` parameter of the redirect. The redirect is not followed, because the login page is for browsers. */
const loginTokenOf = (
  answer: ResponseFailure.Answer
): Effect.Effect<Redacted.Redacted<string>, UnexpectedResponse | OAuthFailure> => {
  const query = queryOf(answer)
  const token = query.get("token")
  if (token !== null && token !== "") return Effect.succeed(Redacted.make(token, { label: "login token" }))
  if (query.has("error")) return Effect.fail(OAuthError.fromRedirect(query, 400, Login.operation, credentials))
  return Effect.fail(
    ApiError.withAdvice(
      ResponseFailure.unusableSuccess(answer, answer.status < 300 ? undefined : "undocumentedStatus"),
      "Check the base URL, and the client id and redirect URI of the login: authorize returned no login token."
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
          "Check whether the account requires a second factor or a password change. If so, use an API client."
        )
      ),
    onSome: (answered) =>
      answered.state === state
        ? Effect.succeed(Redacted.make(answered.code, { label: "authorization code" }))
        : Effect.fail(
            ApiError.withAdvice(
              ResponseFailure.unusableSuccess(answer),
              "The response belongs to another login (its state differs). Check whether a proxy caches or mixes up responses."
            )
          )
  })
