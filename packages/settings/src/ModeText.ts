/**
 * Permissions as people type them: `0700`, `750`.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"

/**
 * Parses permissions as people type them: `0700`, `750`.
 *
 * **Errors**: `None` for other text, and for modes that let everyone write: a script that root executes must not be writable
 * by others.
 *
 * @example
 * ```ts
 * import * as ModeText from "@privx-kit/settings/ModeText"
 *
 * export const mode = ModeText.parse("0750")
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (text: string): Option.Option<number> => {
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : undefined
  return mode === undefined || (mode & 0o002) !== 0 ? Option.none() : Option.some(mode)
}

/**
 * What {@link parse} accepts, for a message.
 *
 * @since 0.1.0
 * @category constants
 */
export const expected = "an octal mode like 0700 that does not let everyone write"
