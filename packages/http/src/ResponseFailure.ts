/**
 * From an answer that is no success to its typed failure. Total: whatever a server sends, one of two classes comes out.
 *
 * @since 0.1.0
 */
import * as ApiError from "@privx-kit/core/ApiError"
import * as ErrorBody from "@privx-kit/core/ErrorBody"
import * as Failure from "@privx-kit/core/Failure"
import { excerptLimit, UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import type * as Duration from "effect/Duration"
import * as Challenge from "./Challenge.ts"
import * as Json from "./internal/json.ts"
import * as RetryAfter from "./RetryAfter.ts"

/**
 * The whole of an answer, as far as it was read.
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
  /** Milliseconds since the epoch when it came, for a `Retry-After` date. */
  readonly now: number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (answer: Answer): ApiError.ApiError | UnexpectedResponse => {
  const text = decoder.decode(answer.body)
  const json = Json.parse(text)
  const body = json === undefined ? undefined : ErrorBody.parse(json.value)
  if (body !== undefined) {
    return ApiError.make(body, { status: answer.status, operation: answer.operation, ...fromHeaders(answer) })
  }
  return Failure.trusted(UnexpectedResponse, {
    operation: answer.operation,
    status: answer.status,
    reason: reasonOf(text, json !== undefined),
    ...contentType(answer),
    excerpt: text.slice(0, excerptLimit),
    ...fromHeaders(answer)
  })
}

/**
 * A success that cannot be used. Its body is not quoted: it can hold a session id or a token.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unusableSuccess = (answer: Answer, reason?: UnexpectedResponse["reason"]): UnexpectedResponse => {
  const text = decoder.decode(answer.body.subarray(0, 4096))
  return Failure.trusted(UnexpectedResponse, {
    operation: answer.operation,
    status: answer.status,
    reason: reason ?? reasonOf(text, Json.parse(decoder.decode(answer.body)) !== undefined),
    ...contentType(answer),
    excerpt: "",
    ...fromHeaders(answer)
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

const contentType = (answer: Answer): { readonly contentType?: string } => {
  const value = single(answer, "content-type")
  return value === undefined ? {} : { contentType: value }
}

/** What the server says is wrong with the token helps more than any advice of ours. */
const challenge = (answer: Answer): { readonly advice?: string } => {
  const header = answer.status === 401 ? single(answer, "www-authenticate") : undefined
  const problem = header === undefined ? undefined : Challenge.bearerProblem(header)
  return problem === undefined ? {} : { advice: `The server says of the token: ${problem}. Get a fresh one.` }
}

const fromHeaders = (
  answer: Answer
): { readonly retryAfter?: Duration.Duration; readonly requestId?: string; readonly advice?: string } => {
  const header = single(answer, "retry-after")
  const retryAfter = header === undefined ? undefined : RetryAfter.parse(header, answer.now)
  const requestId = single(answer, "x-request-id")
  return {
    ...challenge(answer),
    ...(retryAfter === undefined ? undefined : { retryAfter }),
    ...(requestId === undefined ? undefined : { requestId: requestId.slice(0, 200) })
  }
}
