/** An error body as a response. */
import type * as ApiError from "@privx-kit/core/ApiError"
import type * as ErrorBody from "@privx-kit/core/ErrorBody"
import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** An error body on the wire: fields in the order of the reference, absent ones left out. */
export const make = (status: number, body: ErrorBody.ErrorBody, headers?: Record<string, string>) =>
  HttpServerResponse.text(JSON.stringify(body), { status, headers, contentType: "application/json" })

export const of = (error: ApiError.ApiError): HttpServerResponse.HttpServerResponse =>
  make(error.status, ErrorResponses.toErrorBody(error))
