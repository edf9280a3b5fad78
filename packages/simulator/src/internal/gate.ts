/**
 * What stands before every endpoint, as the server's side of `PrivxMiddleware`: the exchange gets its name, a fault is played
 * if one is due, token and scope are looked at, and what an endpoint fails with becomes an error body.
 */
import * as ApiError from "@privx-kit/core/ApiError"
import { type Definition, Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiError from "effect/http-api/HttpApiError"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Socket } from "node:net"
import * as FaultAction from "../FaultAction.ts"
import * as FaultPlayer from "./faultPlayer.ts"
import type { FaultSchedule } from "./faultSchedule.ts"
import { bearer, CurrentExchange } from "./recorder.ts"
import * as Refusal from "./refusal.ts"
import type { Tokens } from "./tokens.ts"

export interface Options {
  readonly tokens: Tokens
  readonly faults: FaultSchedule
  /** Operations whose endpoint takes no token by its definition, and wants one here all the same. */
  readonly tokenWanted: ReadonlySet<string>
  readonly reset: (socket: Socket) => void
  /** Told every name that an operation goes by, once for each endpoint. */
  readonly onOperation: (names: ReadonlyArray<string>) => void
}

export const layer = (options: Options): Layer.Layer<PrivxMiddleware> =>
  Layer.succeed(PrivxMiddleware, (endpointEffect, { endpoint, group }) => {
    const definition: Definition = Context.getOrElse(endpoint.annotations, Operation, () => ({
      name: `${group.identifier}.${endpoint.identifier}`,
      safeToRepeat: false,
      authorization: "none" as const
    }))
    const names = [definition.name, endpoint.identifier]
    options.onOperation(names)

    const admitted = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const refusal = refusalOf(definition, bearer(request.headers), yield* Clock.currentTimeMillis, options)
      return refusal === undefined ? yield* answeringErrors(endpointEffect) : Refusal.toResponse(refusal)
    })

    return Effect.gen(function* () {
      const exchange = yield* CurrentExchange
      const fault = options.faults.next(names)
      if (exchange !== undefined) {
        exchange.operation = definition.name
        exchange.template = endpoint.path
        exchange.fault = fault
      }
      if (fault === undefined) return yield* admitted
      if (FaultAction.isAnswer(fault.action)) return FaultPlayer.answer(fault.action, yield* Clock.currentTimeMillis)
      const request = yield* HttpServerRequest.HttpServerRequest
      return yield* FaultPlayer.transfer(fault.action, yield* admitted, { request, exchange, reset: options.reset })
    })
  })

const refusalOf = (
  { authorization, name }: Definition,
  token: Redacted.Redacted<string> | undefined,
  now: number,
  { tokens, tokenWanted }: Options
): ApiError.ApiError | undefined => {
  if (authorization === "none" && !tokenWanted.has(name)) return undefined
  const scopes = token === undefined ? undefined : tokens.scopesOf(Redacted.value(token), now)
  if (scopes === undefined) return Refusal.unauthorized()
  if (authorization === "none" || scopes.includes(authorization.scope)) return undefined
  return Refusal.scopeInsufficient()
}

const isApiError = Schema.is(ApiError.ApiError)

// Here, and not by the error schemas of the endpoint: they all accept the same failures, so the first one, 400, would
// stand for every status.
const answeringErrors = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.catch(effect, (error) => {
    if (isApiError(error)) return Effect.succeed(Refusal.toResponse(error))
    if (HttpApiError.HttpApiSchemaError.is(error) && error.kind === "Params") {
      return Effect.succeed(Refusal.toResponse(Refusal.wrongFormat(parameterOf(error))))
    }
    return Effect.fail(error)
  })

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const parameterOf = ({ cause }: HttpApiError.HttpApiSchemaError): string | undefined => {
  const [parameter] = issuesOf(cause.issue).issues[0]?.path ?? []
  return parameter === undefined ? undefined : String(parameter)
}
