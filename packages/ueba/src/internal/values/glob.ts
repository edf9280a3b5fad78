/** Matches the patterns of a shell, in time proportional to pattern times text. */

/** Whether all of `text` matches `pattern`: `*`, `?`, `[…]`, and `\` before a character. */
export const globMatches = (pattern: string, text: string): boolean => {
  let at = 0
  let place = 0
  let star = -1
  let retry = 0
  while (place < text.length) {
    const step = at < pattern.length && pattern.charAt(at) !== "*" ? matchOne(pattern, at, text.charAt(place)) : 0
    if (step > 0) {
      at += step
      place += 1
    } else if (pattern.charAt(at) === "*") {
      star = at
      retry = place
      at += 1
    } else if (star !== -1) {
      at = star + 1
      retry += 1
      place = retry
    } else return false
  }
  while (pattern.charAt(at) === "*") at += 1
  return at === pattern.length
}

/** The paths that a pattern matches, in order; none for a path without a pattern. */
export const matchingPaths = (pattern: string, paths: Iterable<string>): ReadonlyArray<string> =>
  /[*?[]/.test(pattern) && pattern.length <= 200
    ? [...paths].filter((path) => path.length <= 200 && globMatches(pattern, path)).sort()
    : []

/** How much of the pattern matches `character`; 0 if it does not. */
const matchOne = (pattern: string, at: number, character: string): number => {
  const first = pattern.charAt(at)
  if (first === "?") return 1
  if (first === "\\" && at + 1 < pattern.length) return pattern.charAt(at + 1) === character ? 2 : 0
  if (first === "[") {
    const end = pattern.indexOf("]", at + 2)
    if (end !== -1) return inSet(pattern.slice(at + 1, end), character) ? end - at + 1 : 0
  }
  return first === character ? 1 : 0
}

const inSet = (set: string, character: string): boolean => {
  const negated = /^[!^]/.test(set)
  const members = negated ? set.slice(1) : set
  let found = false
  for (let at = 0; at < members.length; at++) {
    if (members.charAt(at + 1) === "-" && at + 2 < members.length) {
      if (character >= members.charAt(at) && character <= members.charAt(at + 2)) found = true
      at += 2
    } else if (members.charAt(at) === character) found = true
  }
  return found !== negated
}
