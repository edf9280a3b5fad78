/** Detects text that would cost the parser more than linear time, or the verification more than ten seconds. */

/** More than any real script contains. */
const nestingLimit = 2000

/**
 * Expansions, assignments, redirections and blocks; a command counts twice, four words or four quotes count once. 4 MiB of
 * setup code have 1,110,000. Twice as many keep the parser busy for more than ten seconds, or exhaust its memory.
 */
const syntaxLimit = 1_200_000

/** How much each character counts that begins or ends a command, an expansion, an assignment, a redirection or a block. */
const weights = new Uint8Array(128)
for (const character of "$(<>`{*?[!~=") weights[character.charCodeAt(0)] = 1
for (const character of ";&|") weights[character.charCodeAt(0)] = 2

/**
 * Why a text is not parsed; `undefined` if it can be. One pass counts unclosed substitutions, here-documents that begin
 * on one line, and what the parser makes a node of.
 */
export const excessOf = (source: string): string | undefined => {
  let open = 0
  let documents = 0
  let nodes = 0
  let words = 0
  let before = 0x0a
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code === 0x0a) documents = 0
    else if (code === 0x29) open = Math.max(0, open - 1)
    else if (code === 0x24 && source.charCodeAt(at + 1) === 0x28) open += 1
    else if (code === 0x3c && source.charCodeAt(at + 1) === 0x3c) documents += 1
    if (open > nestingLimit) return "nested too deeply to be parsed"
    if (documents > nestingLimit) return "too many here-documents start on one line"
    const weight = weights[code] ?? 0
    if (weight > 0) nodes += weight
    else if (code === 0x0a && before !== 0x0a) nodes += 2
    else if (code === 0x22 || code === 0x27) words += before <= 0x20 ? 2 : 1
    else if (code > 0x20 && before <= 0x20) words += 1
    before = code
  }
  return nodes + words / 4 > syntaxLimit ? "too many commands and expansions to be parsed" : undefined
}
