/** The guard in front of each endpoint, and who says what is wrong with a request. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as SchemaIssue from "effect/SchemaIssue"
import * as BaseUrl from "../settings/BaseUrl.ts"
import * as AccessLog from "./AccessLog.ts"
import { Caller, Guard, Shape } from "./Caller.ts"
import { LoginLimit } from "./LoginLimit.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"
import { TokenFile } from "./TokenFile.ts"
import * as Tokens from "./Tokens.ts"

/** Who may ask without a token where nobody has to show one. */
const nobody: Caller["Service"] = { name: "anonymous", role: "admin", known: false }

export class Gatekeeper extends Context.Service<
  Gatekeeper,
  {
    /** Who shows that token, or the answer to somebody who may not come in. */
    readonly identify: (
      token: Redacted.Redacted<string>
    ) => Effect.Effect<Caller["Service"], ReturnType<typeof Problem.toResponse>, HttpServerRequest.HttpServerRequest>
  }
>()("privx-kit/server/Gatekeeper") {
  static readonly layer: Layer.Layer<Gatekeeper, never, TokenFile> = Layer.effect(
    Gatekeeper,
    Effect.map(TokenFile, (file) => {
      const limit = new LoginLimit()
      return {
        identify: Effect.fnUntraced(function* (token) {
          const entries = file.entries()
          const request = yield* HttpServerRequest.HttpServerRequest
          if (entries === undefined) return isOfThisMachine(request) ? nobody : yield* Effect.fail(fromElsewhere)
          const entry = yield* Tokens.find(entries, token)
          if (entry !== undefined) return { name: entry.name, role: entry.role, known: true }
          if (Redacted.value(token) === "") return yield* Effect.fail(noToken)
          const address = Option.getOrElse(request.remoteAddress, () => "unknown")
          const wait = limit.failed(address, yield* Clock.currentTimeMillis)
          return yield* Effect.fail(wait === undefined ? wrongToken : tooMany(wait))
        })
      }
    })
  )
}

/**
 * Where no token is asked for, a page in somebody's browser must not get in, whatever name it has given this machine: what
 * it sends has an origin, or a host that is not this one.
 */
const isOfThisMachine = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["origin"] === undefined &&
  BaseUrl.isLoopback(URL.parse(`http://${headers["host"] ?? ""}`)?.hostname ?? "") &&
  headers["sec-fetch-site"] === undefined

const fromElsewhere = Problem.toResponse(403, {
  _tag: "Forbidden",
  code: "permission",
  message: "Without tokens, this server answers programs on its own machine only, and no browser.",
  hint: "Start it with --tokens FILE."
})

const challenge = { "www-authenticate": 'Bearer realm="privx-kit"' }

const noToken = Problem.toResponse(
  401,
  {
    _tag: "Unauthorized",
    code: "authentication",
    message: "The request has no token.",
    hint: "Send Authorization: Bearer TOKEN; the command line takes it from PRIVX_KIT_SERVER_TOKEN."
  },
  challenge
)

const wrongToken = Problem.toResponse(
  401,
  {
    _tag: "Unauthorized",
    code: "authentication",
    message: "The token is not known here, or has expired.",
    hint: "Ask for a new one: privx-kit serve token makes it."
  },
  challenge
)

const tooMany = (seconds: number) =>
  Problem.toResponse(
    429,
    {
      _tag: "TooManyFailures",
      code: "authentication",
      message: "Too many wrong tokens have come from this address.",
      hint: `Come back in ${seconds} s, with the right one.`
    },
    { "retry-after": String(seconds) }
  )

const guard: Layer.Layer<Guard, never, Gatekeeper> = Layer.effect(
  Guard,
  Effect.map(Gatekeeper, ({ identify }) => ({
    bearer: (endpointEffect, { credential, endpoint }) =>
      Effect.matchEffect(identify(credential), {
        onFailure: Effect.succeed,
        onSuccess: (caller) =>
          Effect.gen(function* () {
            const exchange = yield* AccessLog.CurrentExchange
            if (exchange !== undefined) exchange.caller = caller.name
            const needed = Context.get(endpoint.annotations, Role.Needs)
            if (Role.may(caller.role, needed)) return yield* Effect.provideService(endpointEffect, Caller, caller)
            return Problem.toResponse(403, {
              _tag: "Forbidden",
              code: "permission",
              message: `The role ${caller.role} does not allow it.`,
              hint: `It takes one of: ${Role.allowed(needed)}.`
            })
          })
      })
  }))
)

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const shape = HttpApiMiddleware.layerSchemaErrorTransform(Shape, (error) => {
  // The server's own answer does not fit: that is no fault of the request.
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
      message: `The ${error.kind.toLowerCase()} of the request does not fit: ${what.join("; ").replace(/\s+/g, " ").slice(0, 1000)}.`,
      hint: "See /openapi.json."
    })
  )
})

export const layer: Layer.Layer<Guard | Shape, never, Gatekeeper> = Layer.mergeAll(guard, shape)
