/**
 * Redirects a browser to the issuer and back: authorization code with PKCE, state and nonce. A sealed cookie with a
 * lifetime of ten minutes contains the data of one sign-in.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import { EncryptJWT, jwtDecrypt } from "jose"
import { randomNonce, randomPKCECodeVerifier, randomState } from "openid-client"
import { isOfPage, OidcSessions, withCookie } from "./OidcSessions.ts"
import * as OidcSession from "./OidcSession.ts"
import * as Problem from "./Problem.ts"

export const login = "/auth/login"
const callback = "/auth/callback"
const logout = "/auth/logout"

export const paths: ReadonlyArray<string> = [login, callback, logout]

const cookieName = "__Host-privx-kit-login"

/** In seconds. */
const lasts = 600

const Begun = Schema.Struct({
  state: Schema.String,
  nonce: Schema.String,
  verifier: Schema.String,
  back: Schema.String
})

const decodeBegun = Schema.decodeUnknownEffect(Begun)

/** Only a page of this server is accepted. */
const localPath = (path: string | null): string =>
  path !== null && /^\/(?:runs|fleets|ueba|playback|domains)(?:[/?][\w\-./?=&%:~+]*)?$/.test(path) ? path : "/runs"

const withLogin = (response: HttpServerResponse.HttpServerResponse, value: string) =>
  HttpServerResponse.setCookieUnsafe(response, cookieName, value, {
    path: "/",
    secure: true,
    httpOnly: true,
    // The redirect of the issuer comes from another site.
    sameSite: "lax",
    maxAge: Duration.seconds(value === "" ? 0 : lasts)
  })

/** The page shows the error. */
const refused = (reason: string) =>
  withLogin(HttpServerResponse.redirect(`/runs?sign-in=${reason}`, { status: 303 }), "")

export const layer = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const { signIn } = yield* OidcSessions
    if (signIn === undefined) return
    const { oidc, sessions } = signIn
    const { options } = oidc
    const key = OidcSession.keyOf(options.clientSecret, "login")
    const at = (path: string) => new URL(path, options.publicUrl)

    const begin = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const back = localPath(at(request.url).searchParams.get("return"))
      const started = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier(), back }
      const now = yield* Clock.currentTimeMillis
      const cookie = yield* Effect.promise(() =>
        new EncryptJWT(started)
          .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
          .setExpirationTime(Math.floor(now / 1000) + lasts)
          .encrypt(key)
      )
      const url = yield* oidc.authorize({ ...started, callback: at(callback) })
      return withLogin(HttpServerResponse.redirect(url, { status: 303 }), cookie)
    }).pipe(Effect.orElseSucceed(() => refused("unavailable")))

    const end = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const url = at(request.url)
      if (url.searchParams.get("error") === "access_denied") return refused("denied")
      const started = yield* Effect.tryPromise(() => jwtDecrypt(request.cookies[cookieName] ?? "", key)).pipe(
        Effect.flatMap(({ payload }) => decodeBegun(payload)),
        Effect.orElseSucceed(() => undefined)
      )
      if (started === undefined) return refused("again")
      return yield* Effect.matchEffect(oidc.exchange(url, started), {
        onFailure: (refusal) => Effect.succeed(refused(refusal)),
        onSuccess: (signedIn) =>
          Effect.map(sessions.begin(signedIn), (cookie) =>
            withCookie(withLogin(HttpServerResponse.redirect(started.back, { status: 303 }), ""), cookie)
          )
      })
    })

    const leave = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      if (!isOfPage(request)) return notOfPage
      const session = yield* sessions.open(request.cookies[OidcSession.cookieName] ?? "")
      const location = yield* oidc.signOut(session?.content.refreshToken, at("/"))
      return withCookie(HttpServerResponse.jsonUnsafe({ location: location?.href ?? "/" }), "")
    })

    yield* router.add("GET", login, begin)
    yield* router.add("GET", callback, end)
    yield* router.add("POST", logout, leave)
  })
)

export const notOfPage = Problem.toResponse(403, {
  _tag: "Forbidden",
  code: "permission",
  message: "Sessions are only for the server's own page.",
  hint: "Programs send Authorization: Bearer TOKEN."
})
