/** Detects text that would cost the parser more than linear time. */

/** More than any real script contains. */
const nestingLimit = 2000

/**
 * Why a text is not parsed; `undefined` if it can be. One pass counts unclosed substitutions and here-documents that
 * begin on one line.
 */
export const excessOf = (source: string): string | undefined => {
  let open = 0
  let documents = 0
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code === 0x0a) documents = 0
    else if (code === 0x29) open = Math.max(0, open - 1)
    else if (code === 0x24 && source.charCodeAt(at + 1) === 0x28) open += 1
    else if (code === 0x3c && source.charCodeAt(at + 1) === 0x3c) documents += 1
    if (open > nestingLimit) return "nested too deeply to be parsed"
    if (documents > nestingLimit) return "too many here-documents start on one line"
  }
  return undefined
}
