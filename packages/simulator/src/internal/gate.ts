/**
 * The server side of `PrivxMiddleware`, in front of every endpoint: it records the operation, executes a fault that is
 * due, checks token and scope, and converts the failure of a handler to an error body.
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
import * as Refusal from "../Refusal.ts"
import * as ErrorResponse from "./errorResponse.ts"
import type { Tokens } from "./tokens.ts"

export interface Options {
  readonly tokens: Tokens
  readonly faults: FaultSchedule
  readonly reset: (socket: Socket) => void
  /** Called with the names of each operation, once for each endpoint. */
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
      return refusal === undefined ? yield* answeringErrors(endpointEffect) : ErrorResponse.of(refusal)
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
  { authorization }: Definition,
  token: Redacted.Redacted<string> | undefined,
  now: number,
  { tokens }: Options
): ApiError.ApiError | undefined => {
  if (authorization === "none") return undefined
  const scopes = token === undefined ? undefined : tokens.scopesOf(Redacted.value(token), now)
  if (scopes === undefined) return Refusal.unauthorized()
  return scopes.includes(authorization.scope) ? undefined : Refusal.scopeInsufficient()
}

const isApiError = Schema.is(ApiError.ApiError)

// Encoded here and not by the error schemas of the endpoint: they all accept the same failures, so the first one would
// make every status 400.
const answeringErrors = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.catch(effect, (error) => {
    if (isApiError(error)) return Effect.succeed(ErrorResponse.of(error))
    if (HttpApiError.HttpApiSchemaError.is(error)) return Effect.succeed(ErrorResponse.of(refusalOfValue(error)))
    return Effect.fail(error)
  })

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** The name of the value that does not match the schema of the endpoint. */
const refusalOfValue = ({ cause, kind }: HttpApiError.HttpApiSchemaError): ApiError.ApiError => {
  const [issue] = issuesOf(cause.issue).issues
  const name = issue?.path?.[0]
  if (name === undefined) return Refusal.badRequest()
  const isMissing = kind === "Payload" && /missing/i.test(issue?.message ?? "")
  return (isMissing ? Refusal.missing : Refusal.wrongFormat)(String(name))
}
