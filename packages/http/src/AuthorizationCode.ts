/**
 * The standard browser login: authorization code with PKCE (RFC 6749, 7636), for a program on the same machine as the
 * browser (RFC 8252). The authorization server documents its authorization URL and token URL; it can be PrivX or any
 * server that PrivX trusts. Source of the flow type: the seed pages, which do not specify the URLs.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Connection, type Options as ConnectionOptions } from "./Connection.ts"
import * as Login from "./internal/login.ts"
import * as OAuthError from "./internal/oauthError.ts"
import * as Pkce from "./internal/pkce.ts"
import * as RedirectListener from "./internal/redirectListener.ts"
import * as TokenResponse from "./internal/tokenResponse.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import type { OAuthError as OAuthFailure } from "./OAuthError.ts"
import { TokenProvider } from "./TokenProvider.ts"
import type { Grant, Source } from "./TokenSource.ts"
import { TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly authorizationUrl: URL
  readonly tokenUrl: URL
  readonly clientId: string
  /** Sent to the token URL as HTTP Basic. A public client has no secret. */
  readonly clientSecret?: Redacted.Redacted<string> | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Additional parameters of the authorization request, e.g. `audience` or `prompt`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** If set, a redirect that names another issuer is refused (RFC 9207). */
  readonly issuer?: string | undefined
  /**
   * Shows the URL to the user, or opens it in the browser. The login continues while the effect runs, and interrupts it
   * when the login ends.
   */
  readonly open: (url: URL) => Effect.Effect<void>
  /** How long the user may take. Default 5 min. */
  readonly timeout?: Duration.Input | undefined
  /** Path of the registered redirect URI `http://127.0.0.1:<port><path>`. Default: `/callback`. */
  readonly redirectPath?: `/${string}` | undefined
  /** Port of the redirect URI, for an authorization server that requires a registered port. Default: any free port. */
  readonly redirectPort?: number | undefined
  /**
   * Connection options for the token URL: CAs, timeouts and so on. It has its own connection, because it can be another
   * server.
   */
  readonly connection?: Omit<ConnectionOptions, "baseUrl"> | undefined
  /** How long before its expiry a token is no longer used. Default 30 s, at most half of the token's lifetime. */
  readonly margin?: Duration.Input | undefined
}

const credentials = {
  client: "the OAuth client's id and secret (client_id, client_secret) and its registered redirect URI",
  account: "that the login is finished soon after it starts, and only once; then log in again"
}

/**
 * Makes a token provider that asks the user to log in when a call first needs a token.
 *
 * **When to use**: in a program that runs on the same machine as the user's browser. Use `PrivxLogin` for a user without a
 * browser, and `TokenProvider.layerApiClient` for a program without a user.
 *
 * **Details**: the browser is redirected to `http://127.0.0.1:<port>/callback`, where this program listens until the
 * login ends, at most 5 minutes. The provider refreshes the token as long as the server accepts the refresh token; then
 * it asks the user to log in again.
 *
 * **Gotchas**: request the scope that grants a refresh token, often `offline_access`, so that the user logs in only
 * once. A code is redeemed once and never retried.
 *
 * **Errors**: `OAuthError` when the authorization server refuses. `TransportError` with the reason `redirectRefused`
 * when a redirect belongs to another login or contains no code, `deadline` when the user takes too long, and
 * `invalidRequest` when the port is in use. Otherwise the errors of every login.
 *
 * Source: RFC 6749, 7636, 8252 and 9207; the flow type from the seed pages.
 *
 * @example
 * ```ts
 * import * as AuthorizationCode from "@privx-kit/http/AuthorizationCode"
 * import * as Effect from "effect/Effect"
 *
 * const tokens = AuthorizationCode.layer({
 *   authorizationUrl: new URL("https://login.example.com/authorize"),
 *   tokenUrl: new URL("https://login.example.com/token"),
 *   clientId: "my-client",
 *   open: (url) => Effect.log(`Open ${url.href} in your browser.`)
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<TokenProvider> =>
  Layer.effect(
    TokenProvider,
    Effect.flatMap(Connection, (connection) => TokenProvider.make(source(connection, options)))
  ).pipe(Layer.provide(Connection.layer({ ...options.connection, baseUrl: new URL(options.tokenUrl.origin) })))

const source = (connection: Connection["Service"], options: Options): Source => {
  const tokenPath = options.tokenUrl.pathname + options.tokenUrl.search
  const { clientSecret } = options
  const client =
    clientSecret === undefined
      ? { fields: { client_id: options.clientId }, authorization: undefined, secrets: [] }
      : { fields: {}, authorization: Login.standardBasic(options.clientId, clientSecret), secrets: [clientSecret] }

  const redeem = (code: Redacted.Redacted<string>, verifier: Redacted.Redacted<string>, redirectUri: string) =>
    // A code can be used once: sending it again can revoke the tokens that it was redeemed for.
    Login.run(connection, { kind: "authorization_code", safeToRepeat: false, credentials }, (send) =>
      Effect.flatMap(
        send({
          method: "POST",
          path: tokenPath,
          authorization: client.authorization,
          body: Login.form({
            grant_type: "authorization_code",
            code: Redacted.value(code),
            redirect_uri: redirectUri,
            code_verifier: Redacted.value(verifier),
            ...client.fields
          }),
          secrets: [code, verifier, ...client.secrets]
        }),
        TokenResponse.read
      )
    )

  const login = Effect.gen(function* (): Effect.fn.Return<Grant, PrivxFailure> {
    const pkce = yield* Pkce.make
    const { code, redirectUri } = yield* Effect.scoped(askUser(options, pkce))
    return yield* redeem(code, pkce.verifier, redirectUri)
  })

  return {
    attended: true,
    margin: options.margin,
    login,
    refresh: (refreshToken) => Login.refresh(connection, { path: tokenPath, credentials, refreshToken, ...client })
  }
}

const askUser = Effect.fnUntraced(function* (options: Options, pkce: Pkce.Pkce) {
  const refused = (reason: TransportError["reason"], detail: string, advice?: string) =>
    new TransportError({
      operation: Login.operation,
      origin: options.authorizationUrl.origin,
      reason,
      detail,
      ...(advice === undefined ? undefined : { advice })
    })

  const port = options.redirectPort ?? 0
  const listener = yield* RedirectListener.listen({
    path: options.redirectPath ?? "/callback",
    port,
    judge: (query) =>
      judge(query, pkce.state, options.issuer, (detail) =>
        refused("redirectRefused", detail, "Log in again in the browser window that this login opened.")
      )
  }).pipe(
    Effect.mapError((code) =>
      refused("invalidRequest", `nothing can listen on port ${port} of 127.0.0.1 for the redirect: ${code}`)
    )
  )

  const timeout = Duration.fromInputUnsafe(options.timeout ?? "5 minutes")
  const code = yield* options.open(authorizationUrl(options, pkce, listener.redirectUri)).pipe(
    Effect.andThen(Effect.never),
    Effect.raceFirst(listener.redirected),
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(refused("deadline", `no login within ${Duration.format(timeout)}`))
    })
  )
  return { code, redirectUri: listener.redirectUri }
})

const authorizationUrl = (options: Options, pkce: Pkce.Pkce, redirectUri: string): URL => {
  const url = new URL(options.authorizationUrl)
  const parameters = {
    ...options.parameters,
    response_type: "code",
    client_id: options.clientId,
    redirect_uri: redirectUri,
    ...(options.scopes === undefined ? undefined : { scope: options.scopes.join(" ") }),
    state: pkce.state,
    code_challenge: pkce.challenge,
    code_challenge_method: "S256"
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url
}

/** Checks `state` first: until the redirect is known to belong to this login, its other parameters mean nothing. */
const judge = (
  query: URLSearchParams,
  state: string,
  issuer: string | undefined,
  refused: (detail: string) => TransportError
): Exit.Exit<Redacted.Redacted<string>, TransportError | OAuthFailure> => {
  if (["state", "iss", "error", "code"].some((name) => query.getAll(name).length > 1)) {
    return Exit.fail(refused("it names a parameter twice"))
  }
  if (query.get("state") !== state) return Exit.fail(refused("it belongs to another login (its state differs)"))
  const iss = query.get("iss")
  if (issuer !== undefined && iss !== null && iss !== issuer) return Exit.fail(refused("it comes from another issuer"))
  // The status of such an error in a response.
  if (query.has("error")) return Exit.fail(OAuthError.fromRedirect(query, 400, Login.operation, credentials))
  const code = query.get("code")
  return code === null || code === ""
    ? Exit.fail(refused("it contains no code"))
    : Exit.succeed(Redacted.make(code, { label: "authorization code" }))
}
