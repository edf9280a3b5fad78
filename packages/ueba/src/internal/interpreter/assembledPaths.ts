/**
 * Paths that code in another language puts together from names: `os.path.join("/", "etc", name)`, `Path("/") / "etc"`,
 * `join("/", "", qw(var lib))`.
 */

interface Literal {
  /** The text before the literal. */
  readonly before: string
  readonly value: string
  readonly start: number
  readonly end: number
}

/** Stands between two names of one path. */
const between =
  /^['")\]\s]{0,8}(?:[,+./]|\.\s?join\()?[\s("'[]{0,8}(?:os\.sep\s{0,4}[,+]\s{0,4})?$|^\)?\s{0,4}[/+,]\s{0,4}(?:qw)?$/

/** The root of a path, other than as a literal. */
const root =
  /(?:os\.(?:path\.)?sep|File::SEPARATOR|path\.sep|chr\((?:47|0x2f)\)|DIRECTORY_SEPARATOR)\s{0,4}(?:[,+.]\s{0,4})?$/i

const top = /^(?:bin|boot|etc|home|lib|lib64|opt|root|sbin|srv|usr|var)$/

/** The paths, each where its last name stands. */
export const assembledPaths = (text: string, strings: ReadonlyArray<Literal>): ReadonlyArray<Literal> => {
  const found: Array<Literal> = []
  const hasRoot =
    strings.some(({ value }) => value === "/" || value === "") || root.test(text) || /\bos\.sep\b|chr\(47\)/.test(text)
  for (let at = 0; at < strings.length && found.length < 200; at++) {
    const first = strings[at]
    if (first === undefined) break
    const starts = first.value === "/" || first.value === ""
    if (!starts && !root.test(first.before)) {
      // The names of top directories, of which a loop makes paths.
      if (hasRoot && top.test(first.value)) found.push({ ...first, value: `/${first.value}` })
      continue
    }
    const names = starts ? [] : [first.value]
    let last = at
    for (let next = at + 1; next < strings.length && next < at + 12; next++) {
      const literal = strings[next]
      const end = strings[last]?.end ?? 0
      if (literal === undefined || literal.start - end > 40 || !between.test(text.slice(end + 1, literal.start))) break
      names.push(...literal.value.split(/\s+/))
      last = next
    }
    const path = names.filter((name) => name !== "" && name !== "/").join("/")
    if (last > at || !starts)
      if (path !== "" && /^[\w./*-]+$/.test(path))
        found.push({ ...first, value: `/${path.replace(/^\/+/, "")}`, end: strings[last]?.end ?? first.end })
    at = last
  }
  return found
}
