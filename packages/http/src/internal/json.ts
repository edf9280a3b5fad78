/**
 * Parses untrusted JSON. V8 blocks for seconds on a few megabytes of brackets, so a text that is nested deeper than any
 * API response is rejected.
 */

/** No API response is nested as deeply. */
const deepest = 512

/** A shorter text is parsed quickly, however it is nested. */
const worthLooking = 64 * 1024

/** `undefined` if the text is not JSON. */
export const parse = (text: string): { readonly value: unknown } | undefined => {
  if (text.length > worthLooking && isTooDeep(text)) return undefined
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

const quote = 0x22
const backslash = 0x5c

const isTooDeep = (text: string): boolean => {
  let depth = 0
  let isInString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (isInString) {
      if (code === backslash) index++
      else if (code === quote) isInString = false
    } else if (code === quote) isInString = true
    // `[` and `{`, like `]` and `}`, differ in one bit.
    else if ((code | 0x20) === 0x7b) {
      if (++depth > deepest) return true
    } else if ((code | 0x20) === 0x7d) depth--
  }
  return false
}
