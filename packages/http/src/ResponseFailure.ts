/**
 * Converts an unsuccessful response to its typed failure. Total: any response gives an instance of one of two classes.
 *
 * @since 0.1.0
 */
import * as ApiError from "@privx-kit/core/ApiError"
import * as ErrorBody from "@privx-kit/core/ErrorBody"
import * as ErrorCode from "@privx-kit/core/ErrorCode"
import * as Failure from "@privx-kit/core/Failure"
import * as Redaction from "@privx-kit/core/Redaction"
import type { Scope } from "@privx-kit/core/Scope"
import { excerptLimit, UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Challenge from "./Challenge.ts"
import * as Json from "./internal/json.ts"
import * as RetryAfter from "./RetryAfter.ts"

/**
 * A response, as far as it was read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly operation: string
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
  /** Time of arrival in milliseconds since the epoch, for a `Retry-After` date. */
  readonly now: number
  /** The secrets of the request, which are redacted in the response. */
  readonly secrets?: ReadonlyArray<Redacted.Redacted<string>> | undefined
  /** The scope that the endpoint requires, for the hint of a 403. */
  readonly scope?: Scope | undefined
}

/**
 * Makes the typed failure for an unsuccessful response.
 *
 * **Details**: the failure is an `ApiError` if the body is an error body of PrivX, otherwise an `UnexpectedResponse` with an
 * excerpt of the body. The secrets of the request are redacted. The hint says which scope a 403 lacks, and what a 401 says
 * about the token.
 *
 * **Errors**: none: every response gives a failure.
 *
 * @example
 * ```ts
 * import * as ResponseFailure from "@privx-kit/http/ResponseFailure"
 *
 * const failure = ResponseFailure.make({
 *   operation: "Secrets.list",
 *   status: 502,
 *   headers: { "content-type": "text/html" },
 *   body: new TextEncoder().encode("<html><body>Bad gateway</body></html>"),
 *   now: Date.now()
 * })
 * export const tag = failure._tag // UnexpectedResponse
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (answer: Answer): ApiError.ApiError | UnexpectedResponse => {
  const text = decoder.decode(answer.body)
  const json = Json.parse(text)
  const body = json === undefined ? undefined : ErrorBody.parse(json.value)
  const redact = Redaction.redactor(answer.secrets ?? [])
  if (body !== undefined) {
    return ApiError.make(withoutSecrets(body, redact), {
      status: answer.status,
      operation: answer.operation,
      ...missingScope(answer),
      ...fromHeaders(answer, redact)
    })
  }
  const reason = reasonOf(text, json !== undefined)
  return Failure.trusted(UnexpectedResponse, {
    operation: answer.operation,
    status: answer.status,
    reason,
    ...contentType(answer, redact),
    // Redacted before it is cut: half a secret at the end of the excerpt would not be recognized.
    excerpt: redact(text.slice(0, 16 * excerptLimit)).slice(0, excerptLimit),
    // An HTML page does not come from PrivX, and says nothing about scopes.
    ...(reason === "html" ? undefined : missingScope(answer)),
    ...fromHeaders(answer, redact)
  })
}

const withoutSecrets = (body: ErrorBody.ErrorDetail, redact: (text: string) => string): ErrorBody.ErrorDetail => ({
  // A documented code is not a secret and must not be redacted.
  code: ErrorCode.all.includes(body.code as ErrorCode.ErrorCode) ? body.code : redact(body.code),
  ...(body.errorMessage === undefined ? undefined : { errorMessage: redact(body.errorMessage) }),
  ...(body.property === undefined ? undefined : { property: redact(body.property) }),
  details: body.details.length === 0 ? body.details : body.details.map((detail) => withoutSecrets(detail, redact))
})

/** A 403 does not name the missing scope, but the endpoint does. */
const missingScope = ({ scope, status }: Answer): { readonly advice?: string } =>
  status !== 403 || scope === undefined ? {} : { advice: `Give the account a role with the scope "${scope}".` }

/**
 * Makes the failure for a success that cannot be decoded.
 *
 * **Details**: the body is not quoted, because it may contain a session id or a token. Without a given reason, the body
 * decides it.
 *
 * @example
 * ```ts
 * import * as ResponseFailure from "@privx-kit/http/ResponseFailure"
 *
 * const response = { operation: "Secrets.list", status: 200, headers: {}, body: new Uint8Array(), now: Date.now() }
 * export const { reason } = ResponseFailure.unusableSuccess(response) // empty
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const unusableSuccess = (answer: Answer, reason?: UnexpectedResponse["reason"]): UnexpectedResponse => {
  const text = decoder.decode(answer.body.subarray(0, 4096))
  const redact = Redaction.redactor(answer.secrets ?? [])
  return Failure.trusted(UnexpectedResponse, {
    operation: answer.operation,
    status: answer.status,
    reason: reason ?? reasonOf(text, Json.parse(decoder.decode(answer.body)) !== undefined),
    ...contentType(answer, redact),
    excerpt: "",
    ...fromHeaders(answer, redact)
  })
}

const decoder = new TextDecoder()

const reasonOf = (text: string, isJson: boolean): UnexpectedResponse["reason"] =>
  text.trim() === ""
    ? "empty"
    : isJson
      ? "otherJson"
      : /^\s*(<!doctype html|<html|<head|<body)/i.test(text)
        ? "html"
        : "notJson"

const single = (answer: Answer, name: string): string | undefined => {
  const value = answer.headers[name]
  return typeof value === "string" ? value : value?.[0]
}

const contentType = (answer: Answer, redact: (text: string) => string): { readonly contentType?: string } => {
  const value = single(answer, "content-type")
  return value === undefined ? {} : { contentType: redact(value) }
}

/** The server's own explanation of what is wrong with the token is the best hint. */
const challenge = (answer: Answer, redact: (text: string) => string): { readonly advice?: string } => {
  const header = answer.status === 401 ? single(answer, "www-authenticate") : undefined
  const problem = header === undefined ? undefined : Challenge.bearerProblem(header)
  return problem === undefined
    ? {}
    : { advice: `The server says about the token: ${redact(problem)}. Get a new token.` }
}

const fromHeaders = (
  answer: Answer,
  redact: (text: string) => string
): { readonly retryAfter?: Duration.Duration; readonly requestId?: string; readonly advice?: string } => {
  const header = single(answer, "retry-after")
  const retryAfter = header === undefined ? undefined : RetryAfter.parse(header, answer.now)
  const requestId = single(answer, "x-request-id")
  return {
    ...challenge(answer, redact),
    ...(retryAfter === undefined ? undefined : { retryAfter }),
    ...(requestId === undefined ? undefined : { requestId: redact(requestId.slice(0, 4096)).slice(0, 200) })
  }
}
