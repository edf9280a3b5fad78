/** Permissions as people type them: `0700`, `750`. */
import * as Option from "effect/Option"

/** `undefined` for other text, and for modes that let everyone write: a script that root executes must not be writable by others. */
export const parse = (text: string): Option.Option<number> => {
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : undefined
  return mode === undefined || (mode & 0o002) !== 0 ? Option.none() : Option.some(mode)
}

export const expected = "an octal mode like 0700 that does not let everyone write"
