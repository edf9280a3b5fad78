/** Permissions as one types them: `0700`, `750`. */
import * as Option from "effect/Option"

/** None for what is no such thing, and for what lets everybody write: a script that root runs must not be theirs to change. */
export const parse = (text: string): Option.Option<number> => {
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : undefined
  return mode === undefined || (mode & 0o002) !== 0 ? Option.none() : Option.some(mode)
}

export const expected = "an octal mode like 0700, in which not everybody may write"
