/**
 * The handlers of the authentication endpoints. Grants by client (vendor's reference): `privx-ui` authorization code,
 * `privx-external` authorization code and password. A client that may not use a grant is `unauthorized_client`.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import type { ApiClient } from "../ApiClient.ts"
import * as AuthApi from "../AuthApi.ts"
import * as Refusal from "../Refusal.ts"
import * as AuthRequest from "./authRequest.ts"
import * as ErrorResponse from "./errorResponse.ts"
import { Expiring } from "./expiring.ts"
import * as OAuthRefusal from "./oauthRefusal.ts"
import { bearer } from "./recorder.ts"
import { type Grant, secret, type Tokens } from "./tokens.ts"

export interface Options {
  readonly paths: Partial<AuthApi.Paths>
  readonly apiClient: ApiClient
  readonly user: { readonly username: string; readonly password: Redacted.Redacted<string> }
  readonly exchangeToken: Redacted.Redacted<string>
  /** The scopes that an exchange may request; `undefined`: any. */
  readonly exchangeScopes: ReadonlyArray<string> | undefined
  /** Number of nodes behind the load balancer. */
  readonly nodes: number
  readonly tokens: Tokens
}

const codeClient = "privx-ui"

/** Lifetime of login tokens and codes: a choice. */
const loginLifetime = 60_000

interface Pending {
  readonly client: string
  readonly redirectUri: string
  readonly challenge: string
  readonly state: string
  /** The node of the login: other nodes do not know it. */
  readonly node: number
}

type Handled = Effect.Effect<HttpServerResponse.HttpServerResponse, OAuthRefusal.OAuthRefusal>

export const layer = (options: Options) => {
  const api = AuthApi.make(options.paths)
  const service = new Logins(options)
  return HttpApiBuilder.layer(api).pipe(
    Layer.provide(
      HttpApiBuilder.group(api, "auth", (handlers) =>
        handlers
          .handleRaw("token", ({ request }) => service.on(request, (node, now) => service.token(request, node, now)))
          .handleRaw("authorize", ({ request }) =>
            service.on(request, (node, now) => service.authorize(request, node, now))
          )
          .handleRaw("login", ({ request }) => service.on(request, (node, now) => service.login(request, node, now)))
          .handleRaw("exchange", ({ request }) => service.on(request, (_, now) => service.exchange(request, now)))
          .handleRaw("clientCredentials", ({ params, request }) =>
            service.on(request, (_, now) => service.clientCredentials(request, params.domain, now))
          )
          .handleRaw("logout", ({ request }) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => {
              const token = bearer(request.headers)
              const value = token === undefined ? "" : Redacted.value(token)
              if (options.tokens.scopesOf(value, now) === undefined) {
                return Effect.succeed(ErrorResponse.of(Refusal.unauthorized()))
              }
              options.tokens.end(value, now)
              return Effect.succeed(HttpServerResponse.empty({ status: 200, headers: { "content-length": "0" } }))
            })
          )
      )
    )
  )
}

class Logins {
  readonly #options: Options
  readonly #loginTokens = new Expiring<Pending>()
  readonly #codes = new Expiring<Pending>()
  #turn = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** Handles the request on the node that it is pinned to, or on the next one, and pins the client to it. */
  on(request: HttpServerRequest.HttpServerRequest, handle: (node: number, now: number) => Handled) {
    const { nodes } = this.#options
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const pinned = AuthRequest.node(request)
      const node = pinned !== undefined && pinned < nodes ? pinned : this.#turn++ % nodes
      return handle(node, now).pipe(
        Effect.catch(({ response }) => Effect.succeed(response)),
        Effect.map((response) =>
          nodes === 1
            ? response
            : HttpServerResponse.setHeader(
                response,
                "set-cookie",
                `${AuthRequest.nodeCookie}=${node}; Path=/; HttpOnly`
              )
        )
      )
    })
  }

  token(request: HttpServerRequest.HttpServerRequest, node: number, now: number): Handled {
    return Effect.gen({ self: this }, function* () {
      const form = yield* AuthRequest.form(request)
      switch (yield* form.require("grant_type")) {
        case "password":
          return yield* this.#password(request, form, now)
        case "authorization_code":
          return yield* this.#code(form, node, now)
        case "refresh_token":
          return yield* this.#refresh(request, form, now)
        case "client_credentials":
          // It has its own endpoint.
          return yield* Effect.fail(OAuthRefusal.unauthorizedClient())
        default:
          return yield* Effect.fail(OAuthRefusal.unsupportedGrant())
      }
    })
  }

  authorize(request: HttpServerRequest.HttpServerRequest, node: number, now: number): Handled {
    return Effect.gen({ self: this }, function* () {
      const query = AuthRequest.query(request)
      const client = yield* query.require("client_id")
      const redirectUri = yield* query.require("redirect_uri")
      const state = yield* query.require("state")
      const challenge = yield* query.require("code_challenge")
      if (!this.#mayUseCodes(client)) return yield* Effect.fail(OAuthRefusal.unauthorizedClient())
      if (query.get("response_type") !== "code" || query.get("code_challenge_method") !== "S256") {
        return yield* Effect.fail(OAuthRefusal.invalidRequest("response_type must be code, with a challenge of S256"))
      }
      const token = secret()
      this.#loginTokens.set(token, { client, redirectUri, challenge, state, node }, now, loginLifetime)
      return HttpServerResponse.empty({
        status: 307,
        headers: { location: `/privx/login?${new URLSearchParams({ token, state }).toString()}`, "content-length": "0" }
      })
    })
  }

  login(request: HttpServerRequest.HttpServerRequest, node: number, now: number): Handled {
    const { user } = this.#options
    return Effect.gen({ self: this }, function* () {
      const body = yield* AuthRequest.json(request)
      const username = yield* body.require("username")
      const password = yield* body.require("password")
      const token = yield* body.require("token")
      const pending = this.#loginTokens.get(token, now)
      if (pending === undefined || pending.node !== node) {
        return yield* Effect.fail(OAuthRefusal.invalidGrant("The login has expired or belongs to another node"))
      }
      if (username !== user.username || password !== Redacted.value(user.password)) {
        return yield* Effect.fail(OAuthRefusal.invalidGrant("User name or password is wrong"))
      }
      this.#loginTokens.delete(token)
      const code = secret()
      this.#codes.set(code, pending, now, loginLifetime)
      return answer({ code, state: pending.state })
    })
  }

  exchange(request: HttpServerRequest.HttpServerRequest, now: number): Handled {
    const { exchangeScopes, exchangeToken, tokens } = this.#options
    return Effect.gen({ self: this }, function* () {
      const body = yield* AuthRequest.json(request)
      const token = yield* body.require("token")
      const client = body.get("client_id") || codeClient
      const scope = body.get("scope") || undefined
      if (!this.#mayUseCodes(client)) return yield* Effect.fail(OAuthRefusal.invalidClient())
      if (token !== Redacted.value(exchangeToken)) {
        return yield* Effect.fail(OAuthRefusal.invalidGrant("The token is not trusted"))
      }
      if (scope !== undefined && exchangeScopes?.includes(scope) === false) {
        return yield* Effect.fail(OAuthRefusal.invalidScope())
      }
      return granted(tokens.issue(now, client))
    })
  }

  clientCredentials(request: HttpServerRequest.HttpServerRequest, domain: string, now: number): Handled {
    const { apiClient, tokens } = this.#options
    return Effect.gen({ self: this }, function* () {
      const form = yield* AuthRequest.form(request)
      if ((yield* form.require("grant_type")) !== "client_credentials") {
        return yield* Effect.fail(OAuthRefusal.unsupportedGrant())
      }
      const id = yield* form.require("client_id")
      const given = yield* form.require("client_secret")
      if (domain !== apiClient.oauthClientId) return yield* Effect.fail(OAuthRefusal.unauthorizedClient())
      if (id !== apiClient.clientId || given !== Redacted.value(apiClient.clientSecret)) {
        return yield* Effect.fail(OAuthRefusal.invalidClient())
      }
      const { refreshToken: _, ...grant } = tokens.issue(now, domain)
      return granted(grant)
    })
  }

  #password(request: HttpServerRequest.HttpServerRequest, form: AuthRequest.Fields, now: number): Handled {
    const { apiClient, tokens } = this.#options
    return Effect.gen({ self: this }, function* () {
      // The OAuth client is authenticated first.
      if (!this.#isOAuthClient(request)) {
        const client = AuthRequest.basic(request)?.id
        return yield* Effect.fail(
          client === codeClient ? OAuthRefusal.unauthorizedClient() : OAuthRefusal.invalidClient()
        )
      }
      const username = yield* form.require("username")
      const password = yield* form.require("password")
      if (username !== apiClient.clientId || password !== Redacted.value(apiClient.clientSecret)) {
        return yield* Effect.fail(OAuthRefusal.invalidGrant("The API client's id or secret is wrong"))
      }
      return granted(tokens.issue(now, apiClient.oauthClientId))
    })
  }

  #code(form: AuthRequest.Fields, node: number, now: number): Handled {
    const { tokens } = this.#options
    return Effect.gen({ self: this }, function* () {
      const code = yield* form.require("code")
      const client = yield* form.require("client_id")
      const redirectUri = yield* form.require("redirect_uri")
      const verifier = yield* form.require("code_verifier")
      const pending = this.#codes.get(code, now)
      this.#codes.delete(code)
      const isRight =
        pending !== undefined &&
        pending.node === node &&
        pending.client === client &&
        pending.redirectUri === redirectUri &&
        pending.challenge === createHash("sha256").update(verifier).digest("base64url")
      if (!isRight) return yield* Effect.fail(OAuthRefusal.invalidGrant("The code is not valid"))
      return granted(tokens.issue(now, client))
    })
  }

  #refresh(request: HttpServerRequest.HttpServerRequest, form: AuthRequest.Fields, now: number): Handled {
    const { apiClient, tokens } = this.#options
    return Effect.gen({ self: this }, function* () {
      // Without Basic credentials, the SDKs send the client id in the form, and no secret.
      if (request.headers["authorization"] !== undefined && !this.#isOAuthClient(request)) {
        return yield* Effect.fail(OAuthRefusal.invalidClient())
      }
      const client =
        request.headers["authorization"] === undefined ? yield* form.require("client_id") : apiClient.oauthClientId
      const grant = tokens.refresh(yield* form.require("refresh_token"), client, now)
      return grant === undefined
        ? yield* Effect.fail(OAuthRefusal.invalidGrant("The refresh token is not valid"))
        : granted(grant)
    })
  }

  #isOAuthClient(request: HttpServerRequest.HttpServerRequest): boolean {
    const { apiClient } = this.#options
    const given = AuthRequest.basic(request)
    return given?.id === apiClient.oauthClientId && given.secret === Redacted.value(apiClient.oauthClientSecret)
  }

  #mayUseCodes(client: string): boolean {
    return client === codeClient || client === this.#options.apiClient.oauthClientId
  }
}

const granted = (grant: Omit<Grant, "refreshToken"> & Partial<Grant>) =>
  answer({
    access_token: grant.accessToken,
    token_type: "bearer",
    expires_in: grant.expiresIn,
    ...(grant.refreshToken === undefined ? undefined : { refresh_token: grant.refreshToken }),
    scope: grant.scopes.join(" ")
  })

const answer = (body: object): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(body), {
    contentType: "application/json",
    headers: { "cache-control": "no-store" }
  })
