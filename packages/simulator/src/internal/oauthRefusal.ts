/** The error responses of the authentication endpoints: RFC 6749, 5.2, as documented in the vendor's reference. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** A handler fails with it, and the client receives its response. */
export class OAuthRefusal {
  readonly response: HttpServerResponse.HttpServerResponse

  constructor(status: number, error: string, description: string, headers: Record<string, string> = {}) {
    this.response = HttpServerResponse.text(JSON.stringify({ error, error_description: description }), {
      status,
      contentType: "application/json",
      headers: { "cache-control": "no-store", ...headers }
    })
  }
}

export const invalidRequest = (description: string): OAuthRefusal =>
  new OAuthRefusal(400, "invalid_request", description)

export const invalidClient = (): OAuthRefusal =>
  new OAuthRefusal(401, "invalid_client", "Client authentication failed", {
    "www-authenticate": 'Basic realm="privx"'
  })

export const invalidGrant = (description: string): OAuthRefusal => new OAuthRefusal(400, "invalid_grant", description)

export const unauthorizedClient = (): OAuthRefusal =>
  new OAuthRefusal(400, "unauthorized_client", "The client is not allowed to use this grant")

export const unsupportedGrant = (): OAuthRefusal =>
  new OAuthRefusal(400, "unsupported_grant_type", "The grant type is not supported")

export const invalidScope = (): OAuthRefusal => new OAuthRefusal(400, "invalid_scope", "The scope is unknown")
