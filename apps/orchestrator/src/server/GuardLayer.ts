/** Authentication and authorization of each endpoint, and the responses to invalid requests. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Semaphore from "effect/Semaphore"
import * as BaseUrl from "@privx-kit/settings/BaseUrl"
import * as AccessLog from "./AccessLog.ts"
import { Principal, Guard, Shape } from "./Principal.ts"
import { DisplayNames } from "./DisplayNames.ts"
import * as JsonBounds from "./JsonBounds.ts"
import { LoginLimit } from "./LoginLimit.ts"
import { isOfPage, OidcSessions, type SignIn, withCookie } from "./OidcSessions.ts"
import { cookieName } from "./OidcSession.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"
import { notOfPage } from "./SignInPages.ts"
import { TokenFile } from "./TokenFile.ts"
import * as Tokens from "./Tokens.ts"

/** The caller of a server without authentication. */
const anonymous: Principal["Service"] = { name: "anonymous", role: "admin", known: false }

/** The caller, and the new session cookie, if there is one. */
export interface Identified {
  readonly principal: Principal["Service"]
  readonly cookie?: string | undefined
}

type Response = HttpServerResponse.HttpServerResponse

export class Gatekeeper extends Context.Service<
  Gatekeeper,
  {
    /** The caller with that token or session, or the refusal. */
    readonly identify: (
      token: Redacted.Redacted<string>
    ) => Effect.Effect<Identified, Response, HttpServerRequest.HttpServerRequest>
  }
>()("privx-kit/server/Gatekeeper") {
  static readonly layer: Layer.Layer<Gatekeeper, never, TokenFile | OidcSessions | DisplayNames> = Layer.effect(
    Gatekeeper,
    Effect.gen(function* () {
      const file = yield* TokenFile
      const names = yield* DisplayNames
      const { signIn } = yield* OidcSessions
      const limit = new LoginLimit()

      const session = Effect.fnUntraced(function* (
        { sessions }: SignIn,
        cookie: string
      ): Effect.fn.Return<Identified, Response, HttpServerRequest.HttpServerRequest> {
        const request = yield* HttpServerRequest.HttpServerRequest
        if (!isOfPage(request)) return yield* Effect.fail(notOfPage)
        const opened = yield* sessions.open(cookie)
        if (opened === undefined) return yield* Effect.fail(withCookie(sessionOver, ""))
        const { displayName, name, role } = opened.content
        yield* names.remember({ name, displayName })
        return { principal: { name, displayName, role, known: true }, cookie: opened.cookie }
      })

      return {
        identify: Effect.fnUntraced(function* (token): Effect.fn.Return<
          Identified,
          Response,
          HttpServerRequest.HttpServerRequest
        > {
          const request = yield* HttpServerRequest.HttpServerRequest
          const entries = file.entries() ?? (signIn === undefined ? undefined : [])
          if (entries === undefined) {
            return isOfThisMachine(request) ? { principal: anonymous } : yield* Effect.fail(fromElsewhere)
          }
          const cookie = request.cookies[cookieName]
          if (Redacted.value(token) === "") {
            return signIn !== undefined && cookie !== undefined
              ? yield* session(signIn, cookie)
              : yield* Effect.fail(noToken)
          }
          const entry = yield* Tokens.find(entries, token)
          if (entry !== undefined) return { principal: { name: entry.name, role: entry.role, known: true } }
          if (signIn !== undefined && isJwt(token)) {
            const person = yield* Effect.result(signIn.oidc.verify(token))
            if (person._tag === "Success") {
              yield* names.remember(person.success)
              return { principal: { ...person.success, known: true } }
            }
            if (person.failure === "noRole") return yield* Effect.fail(noRole)
            if (person.failure === "unavailable") return yield* Effect.fail(issuerUnavailable)
          }
          const address = Option.getOrElse(request.remoteAddress, () => "unknown")
          const wait = limit.failed(address, yield* Clock.currentTimeMillis)
          return yield* Effect.fail(wait === undefined ? wrongToken : tooMany(wait))
        })
      }
    })
  )
}

/** Three parts of base64url: an access token of an issuer. Tokens of this server have no dot. */
const isJwt = (token: Redacted.Redacted<string>): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(Redacted.value(token))

/**
 * Without authentication, refuses requests from pages of other sites, under any name that they give this machine: their
 * requests have another origin or another host. The page of this server is accepted.
 */
const isOfThisMachine = ({ headers }: HttpServerRequest.HttpServerRequest): boolean => {
  const { host = "", origin, "sec-fetch-site": site } = headers
  const ownOrigin = origin === undefined || (site === "same-origin" && URL.parse(origin)?.host === host)
  return (
    ownOrigin &&
    BaseUrl.isLoopback(URL.parse(`http://${host}`)?.hostname ?? "") &&
    (site === undefined || site === "same-origin")
  )
}

const fromElsewhere = Problem.toResponse(403, {
  _tag: "Forbidden",
  code: "permission",
  message: "This server has no tokens, so it only answers programs on its own machine and its own page.",
  hint: "Start the server with --tokens FILE."
})

const challenge = { "www-authenticate": 'Bearer realm="privx-kit"' }

const noToken = Problem.toResponse(
  401,
  {
    _tag: "Unauthorized",
    code: "authentication",
    message: "The request has no token.",
    hint: "Send the header Authorization: Bearer TOKEN. The command line uses the token of privx-kit login or PRIVX_KIT_SERVER_TOKEN."
  },
  challenge
)

const wrongToken = Problem.toResponse(
  401,
  {
    _tag: "Unauthorized",
    code: "authentication",
    message: "This server does not know the token, or the token has expired.",
    hint: "Ask the administrator of the server for a new token (privx-kit serve token)."
  },
  challenge
)

const sessionOver = Problem.toResponse(401, {
  _tag: "Unauthorized",
  code: "authentication",
  message: "The session has ended.",
  hint: "Sign in again."
})

const noRole = Problem.toResponse(403, {
  _tag: "Forbidden",
  code: "permission",
  message: "The issuer gives this account no role on this server.",
  hint: "Ask an administrator of the issuer for a role; the server's --oidc-role settings name the roles."
})

const issuerUnavailable = Problem.toResponse(
  503,
  {
    _tag: "IssuerUnavailable",
    code: "server",
    message: "The keys of the issuer cannot be fetched.",
    hint: "Try again."
  },
  { "retry-after": "5" }
)

const tooMany = (seconds: number) =>
  Problem.toResponse(
    429,
    {
      _tag: "TooManyFailures",
      code: "authentication",
      message: "Too many requests with a wrong token have come from this address.",
      hint: `Try again in ${seconds} s with a valid token.`
    },
    { "retry-after": String(seconds) }
  )

/** In characters. Smaller bodies are decoded in negligible time. */
const small = 64 * 1024

/** Only one large body is decoded in each turn of the event loop, so that small requests are processed in between. */
const oneAtATime = Semaphore.makeUnsafe(1).withPermit

/** The refusal of a request that exceeds the limits. The endpoint refuses a body that cannot be read. */
const outOfBounds = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (request.url.includes("%00")) return unstorable("address of the request")
  if (request.method !== "POST") return undefined
  const text = yield* Effect.orElseSucceed(request.text, () => "")
  const measured = Effect.sync(() => JsonBounds.excess(text))
  const excess =
    text.length <= small ? yield* measured : yield* oneAtATime(Effect.tap(measured, () => Effect.sleep("1 millis")))
  if (excess === undefined) {
    const place = JsonBounds.unstorable(text)
    return place === undefined ? undefined : unstorable(`field ${place} of the body`)
  }
  return Problem.toResponse(400, {
    _tag: "BadRequest",
    code: "usage",
    message:
      excess === "depth"
        ? `The body is nested more than ${JsonBounds.deepest} levels deep.`
        : `The body has more than ${JsonBounds.mostValues} values.`,
    hint: "See /openapi.json."
  })
})

const unstorable = (what: string) =>
  Problem.toResponse(400, {
    _tag: "BadRequest",
    code: "usage",
    message: `The ${what} has a NUL character or half a surrogate pair, which cannot be stored.`,
    hint: "Remove that character."
  })

/** The response of an endpoint to a caller whose role allows it, otherwise the refusal. */
export const admitted = <E, R>(
  identify: Gatekeeper["Service"]["identify"],
  credential: Redacted.Redacted<string>,
  needed: Role.Right,
  answer: Effect.Effect<Response, E, R>
) =>
  Effect.matchEffect(identify(credential), {
    onFailure: Effect.succeed,
    onSuccess: ({ cookie, principal: caller }) =>
      Effect.gen(function* () {
        const exchange = yield* AccessLog.CurrentExchange
        if (exchange !== undefined) exchange.caller = caller.name
        if (Role.allows(caller.role, needed)) {
          const response = (yield* outOfBounds) ?? (yield* Effect.provideService(answer, Principal, caller))
          return cookie === undefined ? response : withCookie(response, cookie)
        }
        return Problem.toResponse(403, {
          _tag: "Forbidden",
          code: "permission",
          message: `The role ${caller.role} does not allow the request.`,
          hint: `The request requires one of these roles: ${Role.allowed(needed)}.`
        })
      })
  })

const guard: Layer.Layer<Guard, never, Gatekeeper> = Layer.effect(
  Guard,
  Effect.map(Gatekeeper, ({ identify }) => ({
    bearer: (endpointEffect, { credential, endpoint }) =>
      admitted(identify, credential, Context.get(endpoint.annotations, Role.Needs), endpointEffect)
  }))
)

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const shape = HttpApiMiddleware.layerSchemaErrorTransform(Shape, (error) => {
  // The response of the server does not match its schema, which is not a fault of the request.
  if (error.kind === "Body" || error.kind === "ResponseHeaders") return Effect.fail(error)
  const issues = issuesOf(error.cause.issue).issues.slice(0, 5)
  const what = issues.map(({ message, path = [] }) => {
    const at = path.map((key) => String(typeof key === "object" ? key.key : key)).join(".")
    return at === "" ? message : `${at}: ${message}`
  })
  return Effect.fail(
    Problem.make(400, {
      _tag: "BadRequest",
      code: "usage",
      message: `The ${error.kind.toLowerCase()} of the request is not valid: ${what.join("; ").replace(/\s+/g, " ").slice(0, 1000)}.`,
      hint: "See /openapi.json."
    })
  )
})

export const layer: Layer.Layer<Guard | Shape, never, Gatekeeper> = Layer.mergeAll(guard, shape)
