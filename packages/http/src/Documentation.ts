/**
 * What an `HttpApi` of PrivX tells in its OpenAPI document beside its shapes: the OAuth2 flow, and the scope that each
 * operation needs, taken from its `Operation` annotation.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as OpenApi from "effect/http-api/OpenApi"
import type { Definition } from "./Operation.ts"

const scheme = "oauth"

/**
 * The annotations of an operation: its summary, and the scope it needs.
 *
 * @since 0.1.0
 * @category annotations
 */
export const operation = (summary: string, { authorization }: Definition): Context.Context<never> =>
  OpenApi.annotations({
    summary,
    override: { security: authorization === "none" ? [] : [{ [scheme]: [authorization.scope] }] }
  })

/**
 * The annotations of an api: title, version, and the flow that the API reference names (`authorization_code`), with the
 * scopes of its page. The reference gives placeholders for the two URLs (`https://api.x.com/v1/auth/auth`), so these are the
 * relative ones of the official SDKs.
 *
 * @since 0.1.0
 * @category annotations
 */
export const api = (options: {
  readonly title: string
  readonly version: string
  /** Each scope of the page with its description there. */
  readonly scopes: Readonly<Record<string, string>>
}): Context.Context<never> =>
  OpenApi.annotations({
    title: options.title,
    version: options.version,
    transform: (document) => ({
      ...document,
      components: {
        ...(document.components as object),
        securitySchemes: {
          [scheme]: {
            type: "oauth2",
            flows: {
              authorizationCode: {
                authorizationUrl: "/auth/api/v1/oauth/authorize",
                tokenUrl: "/auth/api/v1/oauth/token",
                scopes: options.scopes
              }
            }
          }
        }
      }
    })
  })
