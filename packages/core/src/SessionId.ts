/**
 * The ids of sessions. Both are secrets: a download of the script needs nothing but the id of the setup session. They
 * are `Redacted` from decoding until they are written into a request.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The id of a UEBA setup session: a UUID. Source: seed page.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SetupSessionId = Schema.RedactedFromValue(
  Schema.String.check(Schema.isUUID()).pipe(Schema.brand("SetupSessionId")),
  { label: "SetupSessionId" }
)

/**
 * @since 0.1.0
 * @category models
 */
export type SetupSessionId = typeof SetupSessionId.Type

/**
 * The id of a playback session: a string that is not empty. The page does not declare it a UUID. Source: seed page. `.`
 * and `..` are refused because, in a path, they would lead to another endpoint.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PlaybackSessionId = Schema.RedactedFromValue(
  Schema.NonEmptyString.check(Schema.isPattern(/^(?!\.{1,2}$)/)).pipe(Schema.brand("PlaybackSessionId")),
  { label: "PlaybackSessionId" }
)

/**
 * @since 0.1.0
 * @category models
 */
export type PlaybackSessionId = typeof PlaybackSessionId.Type
