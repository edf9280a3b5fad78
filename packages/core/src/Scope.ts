/**
 * The OAuth2 scopes that the API reference names.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Scopes of the connection-manager page (all eight) and of the rdp-proxy page (`admin`, `service`, `user`).
 * Source: seed pages.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Scope = Schema.Literals([
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
export type Scope = typeof Scope.Type
