/**
 * The ids of sessions. Both are secrets: whoever holds the id of a set-up session can download the script with nothing
 * else, so they are `Redacted` from the moment they are decoded until they are written into a request.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The id of a UEBA set-up session: a UUID. Source: seed page.
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
 * The id of a playback session: a string that is not empty. The page does not declare it a UUID. Source: seed page.
 * A dot or two are refused because, as a part of a path, they would lead to another endpoint.
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
