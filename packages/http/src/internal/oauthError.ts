/**
 * The error of an OAuth endpoint, `{"error": "invalid_client", …}` (RFC 6749, 5.2), as far as it helps a person: which
 * credential to look at.
 */
import * as ApiError from "@privx-kit/core/ApiError"
import { excerptLimit, UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** How the credentials of a login are called, for its advice. */
export interface Credentials {
  /** What identifies the program, e.g. "the OAuth client's id and secret". */
  readonly client: string
  /** What identifies the account, e.g. "the API client's id and secret". */
  readonly account: string
}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ error: Schema.String })))

/** The `error` of a body, where it has one. */
export const codeOf = (body: string): string | undefined => Option.getOrUndefined(decode(body))?.error

/** The failure for an error that came in the query of a redirect (RFC 6749, 4.1.2.1), told as the JSON it is elsewhere. */
export const fromRedirect = (
  query: URLSearchParams,
  status: number,
  operation: string,
  credentials: Credentials
): UnexpectedResponse => {
  const fields = ["error", "error_description"].flatMap((name) => {
    const value = query.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return advise(
    new UnexpectedResponse({
      operation,
      status,
      reason: "otherJson",
      excerpt: JSON.stringify(Object.fromEntries(fields)).slice(0, excerptLimit)
    }),
    query.get("error") ?? undefined,
    credentials
  )
}

/** The failure with advice that fits a login; unchanged where its own hint says more. */
export const advise = <Failure extends ApiError.ApiError | UnexpectedResponse>(
  failure: Failure,
  code: string | undefined,
  credentials: Credentials
): Failure => {
  const advice = adviceFor(code, credentials) ?? (isRefusal(failure) ? either(credentials) : undefined)
  return advice === undefined ? failure : ApiError.withAdvice(failure, advice)
}

/** An HTML page comes from something in the place of the server, and says nothing about credentials. */
const isRefusal = (failure: ApiError.ApiError | UnexpectedResponse): boolean =>
  (failure.status === 400 || failure.status === 401 || failure.status === 403) &&
  !(failure._tag === "UnexpectedResponse" && failure.reason === "html")

const either = ({ account, client }: Credentials): string =>
  account === client ? `Check ${account}.` : `Check ${account}, and ${client}.`

const adviceFor = (code: string | undefined, credentials: Credentials): string | undefined => {
  switch (code) {
    case "invalid_client":
      return `Check ${credentials.client}.`
    case "invalid_grant":
      return `Check ${credentials.account}.`
    case "invalid_request":
      return either(credentials)
    case "unauthorized_client":
    case "unsupported_grant_type":
    case "unsupported_response_type":
      return `Allow this kind of login to the client on the authorization server, or check ${credentials.client}.`
    case "invalid_scope":
      return "Ask for scopes that the authorization server gives to this client."
    case "access_denied":
      return "The login was cancelled or refused: log in with an account that may, and allow what is asked."
    case "server_error":
    case "temporarily_unavailable":
      return "Try again; if it stays, check that the authorization server is up."
    default:
      return undefined
  }
}
