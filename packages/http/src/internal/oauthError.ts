/** Converts the response of an OAuth endpoint (RFC 6749, 5.2) to a failure whose hint names the credential to check. */
import * as ApiError from "@privx-kit/core/ApiError"
import * as Failure from "@privx-kit/core/Failure"
import { excerptLimit, type UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { OAuthError } from "../OAuthError.ts"

/** The names of a login's credentials, for hints. */
export interface Credentials {
  /** What identifies the program, e.g. "the OAuth client's id and secret". */
  readonly client: string
  /** What identifies the account, e.g. "the API client's id and secret". */
  readonly account: string
}

const decode = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ error: Schema.NonEmptyString, error_description: Schema.optionalKey(Schema.Unknown) })
  )
)

/**
 * The failure of a response, with a hint for a login. A response that is not an OAuth error keeps its failure.
 *
 * @param failure the failure of the response regardless of OAuth
 * @param body of the response, without the sent secrets
 */
export const make = (
  failure: ApiError.ApiError | UnexpectedResponse,
  body: string,
  credentials: Credentials
): ApiError.ApiError | UnexpectedResponse | OAuthError => {
  const error = Option.getOrUndefined(decode(body))
  if (error === undefined || failure._tag !== "UnexpectedResponse") {
    const advice = isRefusal(failure) ? either(credentials) : undefined
    return advice === undefined ? failure : ApiError.withAdvice(failure, advice)
  }
  const { operation, requestId, retryAfter, status } = failure
  const { error_description: description } = error
  return of(
    {
      operation,
      status,
      code: error.error,
      ...(typeof description === "string" ? { description } : undefined),
      ...(retryAfter === undefined ? undefined : { retryAfter }),
      ...(requestId === undefined ? undefined : { requestId })
    },
    credentials
  )
}

/** The failure for an error in the query of a redirect (RFC 6749, 4.1.2.1). */
export const fromRedirect = (
  query: URLSearchParams,
  status: number,
  operation: string,
  credentials: Credentials
): OAuthError => {
  const description = query.get("error_description")
  return of(
    { operation, status, code: query.get("error") ?? "", ...(description === null ? undefined : { description }) },
    credentials
  )
}

const of = ({ code, description, ...rest }: Failure.Fields<OAuthError>, credentials: Credentials): OAuthError => {
  const advice = adviceFor(code, credentials)
  return Failure.trusted(OAuthError, {
    ...rest,
    code: code.slice(0, 100),
    ...(description === undefined ? undefined : { description: description.slice(0, excerptLimit) }),
    ...(advice === undefined ? undefined : { advice })
  })
}

/** An HTML page comes from a gateway or proxy, and says nothing about credentials. */
const isRefusal = (failure: ApiError.ApiError | UnexpectedResponse): boolean =>
  (failure.status === 400 || failure.status === 401 || failure.status === 403) &&
  !(failure._tag === "UnexpectedResponse" && failure.reason === "html")

const either = ({ account, client }: Credentials): string =>
  account === client ? `Check ${account}.` : `Check ${account}, and ${client}.`

const adviceFor = (code: string, credentials: Credentials): string | undefined => {
  switch (code) {
    case "invalid_client":
      return `Check ${credentials.client}.`
    case "invalid_grant":
      return `Check ${credentials.account}.`
    case "unauthorized_client":
    case "unsupported_grant_type":
    case "unsupported_response_type":
      return `Allow this client to use this kind of login on the authorization server, or check ${credentials.client}.`
    case "invalid_scope":
      return "Request only scopes that the authorization server grants to this client."
    case "access_denied":
      return "The login was cancelled or refused. Log in with an account that has access, and grant the requested permissions."
    case "server_error":
    case "temporarily_unavailable":
      return "Try again. If it fails again, check that the authorization server is running."
    default:
      return either(credentials)
  }
}
