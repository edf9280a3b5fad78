/** What a call to the server fails with, as a failure that the command line knows. */
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import { type Reason, TransportError } from "@privx-kit/http/TransportError"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ArtifactNotFound } from "../artifacts/ArtifactFolder.ts"
import { RunAmbiguous, RunConflict, RunNotFound } from "../runs/RunFailures.ts"
import { SettingsError } from "../settings/SettingsError.ts"
import { InvalidInput } from "../SetupFailure.ts"
import * as Problem from "./Problem.ts"
import { ServerRefused } from "./ServerRefused.ts"

/** Failures that are the same wherever they come from. */
const Known = Schema.Union([RunNotFound, RunAmbiguous, RunConflict, InvalidInput, SettingsError, ArtifactNotFound])

const decodeKnown = Schema.decodeUnknownOption(Schema.toCodecJson(Known))

export type ServerFailure = typeof Known.Type | ServerRefused | TransportError | UnexpectedResponse

/** @param error of the generated client */
export const of = (
  error: Problem.Problem | HttpClientError.HttpClientError | Schema.SchemaError,
  operation: string,
  origin: string
): ServerFailure => {
  if (HttpClientError.isHttpClientError(error)) return ofClient(error, operation, origin)
  // A success, or an answer of the kit's own shape, that this version does not understand.
  if (error._tag === "SchemaError") return unexpected(operation, 200, "otherJson")
  if (!("status" in error)) return unexpected(operation, 200, "otherJson")
  const known = decodeKnown({ _tag: error._tag, ...error.fields })
  return Option.getOrElse(
    known,
    () => new ServerRefused({ status: error.status, reason: error._tag, detail: error.message, advice: error.hint })
  )
}

const decodeProblem = Schema.decodeUnknownOption(Schema.toCodecJson(Schema.Union(Problem.any)))

/** Of an answer that is no success, read by hand. */
export const ofAnswer = (status: number, body: unknown, operation: string, origin: string): ServerFailure =>
  Option.match(decodeProblem(body), {
    onNone: () => unexpected(operation, status, "undocumentedStatus"),
    onSome: (problem) => of(problem, operation, origin)
  })

const ofClient = (error: HttpClientError.HttpClientError, operation: string, origin: string): ServerFailure => {
  if (error.response !== undefined) return unexpected(operation, error.response.status, "undocumentedStatus")
  const code = codeOf(error.reason.cause)
  return new TransportError({
    operation,
    origin,
    reason: reasonOf(code),
    detail: code ?? "",
    ...(code === undefined ? {} : { code }),
    advice: "Check --server, and that privx-kit serve runs there; a CA of its own is given with --ca-file."
  })
}

const unexpected = (operation: string, status: number, reason: UnexpectedResponse["reason"]): UnexpectedResponse =>
  new UnexpectedResponse({
    operation,
    status,
    reason,
    excerpt: "",
    advice: "Check --server, whether a proxy answers in its place, and whether it is a privx-kit of this version."
  })

/** Whether the way to the server may be open again in a moment. */
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

/** A failed attempt on several addresses is an `AggregateError`: its first member tells more. */
const codeOf = (cause: unknown): string | undefined => {
  if (typeof cause !== "object" || cause === null) return undefined
  if ("code" in cause && typeof cause.code === "string") return cause.code
  if (cause instanceof AggregateError) return codeOf(cause.errors[0])
  return "cause" in cause ? codeOf(cause.cause) : undefined
}
