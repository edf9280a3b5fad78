/**
 * The limits of a JSON text before it is decoded. The cost of decoding is proportional to the number of values, and a
 * megabyte of `[` or `0,` has very many. Postgres also cannot store every text.
 */

/** A policy with a few thousand known digests has far fewer. */
export const mostValues = 20_000

/** No body of the API is nested deeper than ten levels. */
export const deepest = 32

const quote = 0x22
const backslash = 0x5c

/** The limit that a text exceeds; the text need not be JSON. Reads each character once. */
export const excess = (text: string): "values" | "depth" | undefined => {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at)
        break
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > deepest) return "depth"
        if (++values > mostValues) return "values"
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
        break
      case 0x2c: // ,
        if (++values > mostValues) return "values"
    }
  }
  return undefined
}

/**
 * The place of the first text that Postgres cannot store, because it has a NUL character or an unpaired surrogate:
 * `policy.checks`, or `(name)` for the name of a field. `undefined` if there is none, or if the text is not JSON. Only
 * call it within the limits above.
 */
export const unstorable = (text: string): string | undefined => {
  // Both can only occur as an escape.
  if (!/\\u(?:0000|d[89a-f])/i.test(text)) return undefined
  try {
    return placeOf(JSON.parse(text), [])
  } catch {
    return undefined
  }
}

const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed()

const placeOf = (value: unknown, path: ReadonlyArray<string>): string | undefined => {
  if (typeof value === "string") return isStorable(value) ? undefined : path.join(".")
  if (typeof value !== "object" || value === null) return undefined
  for (const [name, inner] of Object.entries(value)) {
    if (!isStorable(name)) return [...path, "(name)"].join(".")
    const place = placeOf(inner, [...path, name])
    if (place !== undefined) return place
  }
  return undefined
}

/** The index of the quote that ends a string, or the end of the text. */
const endOfString = (text: string, from: number): number => {
  for (let at = from + 1; ;) {
    const end = text.indexOf('"', at)
    if (end < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash && end - 1 - slashes > from) slashes++
    if (slashes % 2 === 0) return end
    at = end + 1
  }
}
