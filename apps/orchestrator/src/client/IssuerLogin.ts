/**
 * The sign-in of a person at a terminal through the issuer of a server: in a browser on the same machine, which the
 * issuer redirects to a loopback address (RFC 8252, with PKCE), or in any browser, with a code (RFC 8628). The command
 * line is a public client without a secret.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as OpenIdClient from "openid-client"
import { LoginFailed, type LoginReason } from "./LoginFailed.ts"
import type { Login } from "./LoginStore.ts"

/** The issuer data of a server. */
export interface Client {
  /** Scheme, host and port of the server. */
  readonly server: string
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  readonly resource: string | null
}

/** The time limit of a sign-in. */
const patience = "5 minutes"

const discover = ({ clientId, issuer, server }: Pick<Client, "server" | "issuer" | "clientId">) =>
  attempt(server, () =>
    OpenIdClient.discovery(new URL(issuer), clientId, undefined, OpenIdClient.None(), {
      // The server accepts http only for an issuer on its own machine.
      execute: [
        OpenIdClient.enableNonRepudiationChecks,
        ...(issuer.startsWith("http:") ? [OpenIdClient.allowInsecureRequests] : [])
      ]
    })
  )

const resourceOf = ({ resource }: Pick<Client, "resource">): Record<string, string> =>
  resource === null ? {} : { resource }

/** @param show receives the URL at which the person signs in */
export const byBrowser = Effect.fnUntraced(function* (
  client: Client,
  show: (url: URL) => Effect.Effect<void>
): Effect.fn.Return<Login, LoginFailed, Scope.Scope> {
  const { server } = client
  const config = yield* discover(client)
  const state = OpenIdClient.randomState()
  const nonce = OpenIdClient.randomNonce()
  const verifier = OpenIdClient.randomPKCECodeVerifier()
  const challenge = yield* Effect.promise(() => OpenIdClient.calculatePKCECodeChallenge(verifier))
  const listener = yield* listen(state)
  yield* show(
    OpenIdClient.buildAuthorizationUrl(config, {
      redirect_uri: listener.redirect.href,
      scope: client.scope,
      code_challenge: challenge,
      code_challenge_method: "S256",
      state,
      nonce,
      ...resourceOf(client)
    })
  )
  const back = yield* listener.back.pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new LoginFailed({ server, reason: "timeout", detail: "" }))
    })
  )
  const tokens = yield* attempt(server, () =>
    OpenIdClient.authorizationCodeGrant(
      config,
      back,
      { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
      resourceOf(client)
    )
  )
  return yield* loginOf(client, tokens)
})

/** Waits for the browser on a loopback address. Redirects with another state do not belong to this sign-in. */
const listen = Effect.fnUntraced(function* (state: string) {
  const server = http.createServer()
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.once("error", (cause) => resume(Effect.die(cause)))
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () => Effect.sync(() => server.close().closeAllConnections())
  )
  const redirect = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`)
  const back = Effect.callback<URL>((resume) => {
    server.on("request", (request, response) => {
      const url = new URL(request.url ?? "/", redirect)
      const fits = request.method === "GET" && url.pathname === redirect.pathname && isOf(url, state)
      const text = !fits
        ? "Not found."
        : url.searchParams.has("error")
          ? "The sign-in was cancelled. You can close this window."
          : "Continue in the terminal. You can close this window."
      response.writeHead(fits ? 200 : 404, {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        connection: "close"
      })
      if (fits) response.once("close", () => resume(Effect.succeed(url)))
      response.end(`${text}\n`)
    })
  })
  return { redirect, back }
})

const isOf = ({ searchParams }: URL, state: string): boolean => searchParams.get("state") === state

/** The code and URL that a person enters on another machine. */
export interface Code {
  readonly url: string
  readonly code: string
}

/** @param show receives the code, and the URL at which it is entered */
export const byCode = Effect.fnUntraced(function* (
  client: Client,
  show: (code: Code) => Effect.Effect<void>
): Effect.fn.Return<Login, LoginFailed> {
  const { server } = client
  const config = yield* discover(client)
  if (config.serverMetadata().device_authorization_endpoint === undefined) {
    return yield* new LoginFailed({ server, reason: "noDeviceFlow", detail: "" })
  }
  const started = yield* attempt(server, () =>
    OpenIdClient.initiateDeviceAuthorization(config, { scope: client.scope, ...resourceOf(client) })
  )
  yield* show({ url: started.verification_uri, code: started.user_code })
  const tokens = yield* attempt(server, (signal) =>
    OpenIdClient.pollDeviceAuthorizationGrant(config, started, resourceOf(client), { signal })
  )
  return yield* loginOf(client, tokens)
})

/** Requests a new access token for a login. */
export const renew = Effect.fnUntraced(function* (
  login: Login,
  refreshToken: Redacted.Redacted
): Effect.fn.Return<Login, LoginFailed> {
  const config = yield* discover(login)
  const tokens = yield* attempt(login.server, () =>
    OpenIdClient.refreshTokenGrant(config, Redacted.value(refreshToken), resourceOf(login))
  )
  const renewed = yield* loginOf(login, tokens)
  return { ...renewed, refreshToken: renewed.refreshToken ?? refreshToken }
})

/** Revokes the refresh token. Returns whether the issuer accepted this. */
export const revoke = Effect.fnUntraced(function* (
  login: Login,
  refreshToken: Redacted.Redacted
): Effect.fn.Return<boolean, LoginFailed> {
  const config = yield* discover(login)
  if (config.serverMetadata().revocation_endpoint === undefined) return false
  yield* attempt(login.server, () => OpenIdClient.tokenRevocation(config, Redacted.value(refreshToken)))
  return true
})

type Tokens = Pick<
  Awaited<ReturnType<typeof OpenIdClient.refreshTokenGrant>>,
  "access_token" | "refresh_token" | "expiresIn"
>

/** In seconds. Used if the issuer does not send the lifetime of an access token. */
const assumed = 300

const loginOf = ({ clientId, issuer, resource, server }: Omit<Client, "scope">, tokens: Tokens): Effect.Effect<Login> =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    server,
    issuer,
    clientId,
    resource,
    accessToken: Redacted.make(tokens.access_token, { label: "access token" }),
    expiresAt: now + (tokens.expiresIn() ?? assumed) * 1000,
    refreshToken:
      tokens.refresh_token === undefined ? null : Redacted.make(tokens.refresh_token, { label: "refresh token" })
  }))

const attempt = <A>(server: string, ask: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, LoginFailed> =>
  Effect.tryPromise({
    try: ask,
    catch: (cause) => {
      const [reason, detail] = reasonOf(cause)
      return new LoginFailed({ server, reason, detail })
    }
  })

/** Messages for the error codes of an issuer (RFC 6749, RFC 8628). */
const ofCode: Readonly<Record<string, LoginReason>> = {
  access_denied: "denied",
  expired_token: "timeout",
  invalid_grant: "ended"
}

const reasonOf = (cause: unknown): readonly [LoginReason, string] => {
  if (cause instanceof OpenIdClient.AuthorizationResponseError || cause instanceof OpenIdClient.ResponseBodyError) {
    const { error, error_description: description } = cause
    return [ofCode[error] ?? "refused", description === undefined ? error : `${error}: ${description}`]
  }
  if (cause instanceof OpenIdClient.ClientError) return ["refused", cause.message]
  // An exception of `fetch`; the text of its cause is more specific.
  const inner = cause instanceof Error ? cause.cause : undefined
  if (cause instanceof TypeError && inner instanceof Error) return ["unreachable", inner.message]
  return ["refused", cause instanceof Error ? cause.message : String(cause)]
}
