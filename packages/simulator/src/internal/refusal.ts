/**
 * The error answers of the simulator itself. The statuses are the documented ones; which code comes with which status is
 * documented nowhere, so the codes are a choice: unverified.
 */
import * as ApiError from "@privx-kit/core/ApiError"
import type * as ErrorBody from "@privx-kit/core/ErrorBody"
import type { ErrorCode } from "@privx-kit/core/ErrorCode"
import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

const refuse =
  (status: number, code: ErrorCode, errorMessage: string) =>
  (property?: string): ApiError.ApiError =>
    ApiError.make(
      { code, errorMessage, ...(property === undefined ? undefined : { property }), details: [] },
      { status, operation: "Simulator" }
    )

// The messages of 401, 403 and 404 are the descriptions of the seed pages.
export const badRequest = refuse(400, "BAD_REQUEST", "Bad request")
export const missing = refuse(400, "REQUIRED_VALUE_MISSING", "Required value missing")
export const wrongFormat = refuse(400, "VALUE_INCORRECT_FORMAT", "Value has an incorrect format")
export const unauthorized = refuse(
  401,
  "PERMISSION_DENIED",
  "Unauthorized request, OAuth2 authorization missing or invalid"
)
export const scopeInsufficient = refuse(
  403,
  "PERMISSION_DENIED",
  "Unauthorized request, OAuth2 authorization OK but scope insufficient"
)
export const notFound = refuse(404, "GENERAL_ERROR", "Resource not found")
export const rangeNotSatisfiable = refuse(416, "VALUE_OUT_OF_BOUNDS", "Range not satisfiable")

/** An error body on the wire: keys in the order of the reference, absent ones left out. */
export const errorBody = (status: number, body: ErrorBody.ErrorBody, headers?: Record<string, string>) =>
  HttpServerResponse.text(JSON.stringify(body), { status, headers, contentType: "application/json" })

export const toResponse = (error: ApiError.ApiError): HttpServerResponse.HttpServerResponse =>
  errorBody(error.status, ErrorResponses.toErrorBody(error))
