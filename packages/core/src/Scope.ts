/**
 * The OAuth2 scopes of the API: those that the reference names, and any other text. The set is open on the wire,
 * because other services of PrivX, and PrivX versions newer than the reference, have further scopes.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The scopes of the connection-manager page (all eight) and of the rdp-proxy page (`admin`, `service`, `user`).
 * Source: seed pages.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownScope = Schema.Literals([
  "admin",
  "connectionsManage",
  "connectionsPlayback",
  "connectionsTerminate",
  "connectionsTrail",
  "connectionsView",
  "service",
  "user"
])

/**
 * @since 0.1.0
 * @category models
 */
export type KnownScope = typeof KnownScope.Type

/**
 * A scope. Editors complete the known ones.
 *
 * @since 0.1.0
 * @category models
 */
export type Scope = KnownScope | (string & {})

/**
 * A scope in a response: any text that is not empty.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Scope: Schema.Codec<Scope> = Schema.NonEmptyString
