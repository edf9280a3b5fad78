/**
 * Adds to the OpenAPI document of an `HttpApi` of PrivX the OAuth2 flow, the scope that each operation requires, and
 * what is not verified.
 *
 * The documents describe what a server may send, so objects are open: a client that is generated from them must accept
 * fields that a newer server adds.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as OpenApi from "effect/http-api/OpenApi"
import type { Definition } from "./Operation.ts"

const scheme = "oauth"

/**
 * Makes the annotations of an operation: its summary, its security requirement, and a description of scope and repetition.
 *
 * **Details**: `unverified` says what about the operation is inferred rather than documented; it appears in the description
 * and in the extension `x-unverified`. `download` describes a success that is a stream of bytes.
 *
 * @example
 * ```ts
 * import * as Documentation from "@privx-kit/http/Documentation"
 * import { type Definition, Operation } from "@privx-kit/http/Operation"
 * import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
 *
 * const definition: Definition = { name: "Secrets.list", safeToRepeat: true, authorization: { scope: "user" } }
 *
 * const list = HttpApiEndpoint.get("list", "/secrets")
 *   .annotate(Operation, definition)
 *   .annotateMerge(Documentation.operation("List secrets", definition, { unverified: "the order of the list" }))
 * ```
 *
 * @since 0.1.0
 * @category annotations
 */
export const operation = (
  summary: string,
  definition: Definition,
  options: { readonly unverified?: string; readonly download?: string } = {}
): Context.Context<never> =>
  OpenApi.annotations({
    ...(options.download === undefined ? undefined : { transform: (json) => asDownload(json, options.download) }),
    summary,
    description: descriptionOf(definition, options.unverified),
    override: {
      security: definition.authorization === "none" ? [] : [{ [scheme]: [definition.authorization.scope] }],
      ...(options.unverified === undefined ? undefined : { "x-unverified": options.unverified })
    }
  })

/** The generator describes a stream of bytes like any other success, and in its own extension. */
const asDownload = (operation: Record<string, unknown>, description: string | undefined): Record<string, unknown> => ({
  ...operation,
  responses: {
    ...(operation["responses"] as object),
    200: { description, content: { "*/*": { schema: { type: "string", format: "binary" } } } }
  }
})

const descriptionOf = ({ authorization, safeToRepeat }: Definition, unverified: string | undefined): string =>
  [
    authorization === "none"
      ? "Takes no token: the id in the path is a secret that authorizes by itself."
      : `Requires the scope \`${authorization.scope}\`.`,
    safeToRepeat ? "Safe to repeat." : "Not safe to repeat: sent twice, it may be executed twice.",
    ...(unverified === undefined ? [] : [`Unverified: ${unverified}`])
  ].join(" ")

/**
 * Makes the annotations of a group: its description.
 *
 * @example
 * ```ts
 * import * as Documentation from "@privx-kit/http/Documentation"
 * import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
 *
 * const secrets = HttpApiGroup.make("secrets").annotateMerge(Documentation.group("The secrets of the vault"))
 * ```
 *
 * @since 0.1.0
 * @category annotations
 */
export const group = (description: string): Context.Context<never> => OpenApi.annotations({ description })

/**
 * Makes the annotations of an API: title, version, description, and the OAuth2 flow with its scopes.
 *
 * **Details**: the flow is the one that the API reference names (`authorization_code`). The reference prints placeholders for
 * the two URLs (`https://api.x.com/v1/auth/auth`), so these are the relative ones of the official SDKs by default.
 *
 * @example
 * ```ts
 * import * as Documentation from "@privx-kit/http/Documentation"
 * import * as HttpApi from "effect/http-api/HttpApi"
 *
 * const api = HttpApi.make("secrets").annotateMerge(
 *   Documentation.api({
 *     title: "Secrets",
 *     version: "1.0.0",
 *     description: "The secrets of the vault.",
 *     scopes: { user: "Read secrets" }
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category annotations
 */
export const api = (options: {
  readonly title: string
  readonly version: string
  readonly description: string
  /** Each scope with its description on the page. */
  readonly scopes: Readonly<Record<string, string>>
  /** Default: `/auth/api/v1/oauth/authorize`. */
  readonly authorizationUrl?: string | undefined
  /** Default: `/auth/api/v1/oauth/token`. */
  readonly tokenUrl?: string | undefined
}): Context.Context<never> =>
  OpenApi.annotations({
    title: options.title,
    version: options.version,
    description: options.description,
    license: { name: "Apache-2.0", identifier: "Apache-2.0" } as { readonly name: string },
    servers: [{ url: "/" }],
    transform: (document) => ({
      ...openObjects(document),
      info: { ...(document.info as object), contact: { name: "The maintainers of privx-kit" } },
      components: {
        ...openObjects(document.components),
        securitySchemes: {
          [scheme]: {
            type: "oauth2",
            flows: {
              authorizationCode: {
                authorizationUrl: options.authorizationUrl ?? "/auth/api/v1/oauth/authorize",
                tokenUrl: options.tokenUrl ?? "/auth/api/v1/oauth/token",
                scopes: options.scopes
              }
            }
          }
        }
      }
    })
  })

/**
 * Removes every `additionalProperties: false`, and adds `items` to every array: an array of anything otherwise has
 * none, which strict tools reject.
 */
const openObjects = <Json>(json: Json): Json => {
  if (Array.isArray(json)) return json.map(openObjects) as Json
  if (typeof json !== "object" || json === null) return json
  const entries = Object.entries(json)
    .filter(([name, value]) => name !== "additionalProperties" || value !== false)
    .map(([name, value]) => [name, openObjects(value)] as const)
  const isArrayOfAnything = "type" in json && json.type === "array" && !("items" in json)
  return Object.fromEntries(isArrayOfAnything ? [...entries, ["items", {}]] : entries) as Json
}
