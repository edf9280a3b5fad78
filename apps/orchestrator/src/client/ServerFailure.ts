/** Converts failures of a call to the server to failures of the command line. */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import { type Reason, TransportError } from "@privx-kit/http/TransportError"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ArtifactNotFound } from "@privx-kit/artifacts/ArtifactDirectory"
import { RunAmbiguous, RunConflict, RunNotFound, InvalidInput } from "@privx-kit/runs/RunFailures"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import * as Problem from "../server/Problem.ts"
import { LoginFailed } from "./LoginFailed.ts"
import { ServerRefused } from "./ServerRefused.ts"

/** Failures that need no conversion. */
const Known = Schema.Union([RunNotFound, RunAmbiguous, RunConflict, InvalidInput, SettingsError, ArtifactNotFound])

const decodeKnown = Schema.decodeUnknownOption(Schema.toCodecJson(Known))

export type ServerFailure =
  | typeof Known.Type
  | ServerRefused
  | TransportError
  | UnexpectedResponse
  | LoginFailed
  | StorageFailed

/** @param error failure of the generated client */
export const of = (
  error: Problem.Received | HttpClientError.HttpClientError | Schema.SchemaError,
  operation: string,
  origin: string
): ServerFailure => {
  if (HttpClientError.isHttpClientError(error)) return ofClient(error, operation, origin)
  // A success, or a response in the shape of the kit, that this version does not understand.
  if (!("status" in error)) return unexpected(operation, 200, "otherJson")
  const { detail, fields, hint, status } = error
  const tag = Problem.tagOf(error)
  return Option.getOrElse(
    decodeKnown({ ...fields, _tag: tag }),
    () => new ServerRefused({ status, reason: tag, detail, advice: hint })
  )
}

const decodeProblem = Schema.decodeUnknownOption(Schema.toCodecJson(Schema.Union(Problem.withBody)))

/** The failure for an error response that is read by hand. */
export const ofAnswer = (status: number, body: unknown, operation: string, origin: string): ServerFailure =>
  Option.match(decodeProblem(body), {
    onNone: () => unexpected(operation, status, "undocumentedStatus"),
    onSome: (problem) => of(problem, operation, origin)
  })

const ofClient = (error: HttpClientError.HttpClientError, operation: string, origin: string): ServerFailure => {
  const { cause } = error.reason
  // The request was not sent, because there is no token.
  if (cause instanceof LoginFailed || cause instanceof StorageFailed) return cause
  if (isTooLarge(cause)) return tooLarge(operation, origin)
  if (error.response !== undefined) return unexpected(operation, error.response.status, "undocumentedStatus")
  const code = codeOf(cause)
  return new TransportError({
    operation,
    origin,
    reason: reasonOf(code),
    detail: code ?? "",
    ...(code === undefined ? {} : { code }),
    advice: "Check --server, and that privx-kit serve is running there. If the server has a private CA, add --ca-file."
  })
}

export const tooLarge = (operation: string, origin: string): TransportError =>
  new TransportError({
    operation,
    origin,
    reason: "tooLarge",
    detail: "the response is larger than a client accepts",
    advice: unknownServer
  })

const unknownServer =
  "Check --server, whether a proxy answers instead of the server, and that the server has the same version of privx-kit."

/** The failure of the body reader, which has no separate class. */
const isTooLarge = (cause: unknown): boolean => cause instanceof Error && cause.message === "maxBytes exceeded"

const unexpected = (operation: string, status: number, reason: UnexpectedResponse["reason"]): UnexpectedResponse =>
  new UnexpectedResponse({
    operation,
    status,
    reason,
    excerpt: "",
    advice: unknownServer
  })

/** Whether the server may be reachable again in a moment. */
export const mayPass = (error: unknown): boolean => {
  if (!HttpClientError.isHttpClientError(error) || error.response !== undefined) return false
  const reason = reasonOf(codeOf(error.reason.cause))
  return reason === "refused" || reason === "reset" || reason === "timeout"
}

const reasons: Readonly<Record<string, Reason>> = {
  ENOTFOUND: "nameResolution",
  EAI_AGAIN: "nameResolution",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "refused",
  ENETUNREACH: "refused",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout"
}

const reasonOf = (code: string | undefined): Reason => {
  if (code === undefined) return "reset"
  if (/^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO)/.test(code)) return "tls"
  return code.startsWith("HPE_") ? "protocol" : (reasons[code] ?? "reset")
}

/** A failed attempt on several addresses is an `AggregateError`: its first member contains the reason. */
const codeOf = (cause: unknown): string | undefined => {
  if (typeof cause !== "object" || cause === null) return undefined
  if ("code" in cause && typeof cause.code === "string") return cause.code
  if (cause instanceof AggregateError) return codeOf(cause.errors[0])
  return "cause" in cause ? codeOf(cause.cause) : undefined
}
