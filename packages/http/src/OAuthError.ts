/**
 * An error of an OAuth endpoint in the form of RFC 6749: `{"error": "invalid_grant", "error_description": "…"}`. The
 * token endpoints of PrivX respond in this form and not with the error body of the API. Source: the vendor's reference.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

/**
 * The six codes of a token endpoint (RFC 6749, 5.2).
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownCode = Schema.Literals([
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope"
])

/**
 * @since 0.1.0
 * @category models
 */
export type KnownCode = typeof KnownCode.Type

/**
 * A login or a refresh that the authorization server refused. Never contains a secret: sent secrets are removed from
 * the server's texts.
 *
 * @since 0.1.0
 * @category errors
 */
export class OAuthError extends Failure.Class<OAuthError>()(
  "OAuthError",
  {
    /** Name of the operation that failed: `TokenProvider.get`, or `TokenProvider.logout`. */
    operation: Schema.String,
    /** HTTP status of the response. */
    status: Schema.Int,
    /** `error` as sent. See {@link KnownCode} for the documented ones. */
    code: Schema.String,
    /** `error_description` as sent. */
    description: Schema.optionalKey(Schema.String),
    /** How long the server asked to wait (`Retry-After`); milliseconds in JSON. */
    retryAfter: Schema.optionalKey(Schema.DurationFromMillis),
    /** The server's id of the request, if it sent one (`X-Request-Id`). */
    requestId: Schema.optionalKey(Schema.String),
    /** Advice of a caller that knows more; it replaces the hint of the class. */
    advice: Schema.optionalKey(Schema.String)
  },
  {
    message: (self) => {
      const { code, description, operation, requestId, status } = self
      const text = description === undefined || description === "" ? "" : `: ${Failure.singleLine(description, 200)}`
      const request = requestId === undefined ? "" : ` [request ${requestId}]`
      return `${operation} failed: the authorization server answered ${status} ${code}${text}${request}.`
    },
    hint: (self) => self.advice ?? hints.get(self.code) ?? "Check the credentials."
  }
) {}

const hints: ReadonlyMap<string, string> = new Map([
  ["invalid_request", "Check the credentials: a required field is missing or malformed."],
  ["invalid_client", "Check the id and secret of the OAuth client."],
  ["invalid_grant", "Check the account's credentials: they are wrong or have expired."],
  ["unauthorized_client", "Allow this client to use this kind of login on the authorization server."],
  ["unsupported_grant_type", "Allow this kind of login on the authorization server, or choose another one."],
  ["invalid_scope", "Request only scopes that the authorization server grants to this client."]
])
