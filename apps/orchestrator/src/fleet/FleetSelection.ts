/** Which hosts of a fleet are meant, by name or label. */

export interface Selection {
  /** Names, `*` for anything; without one, every name. */
  readonly only: ReadonlyArray<string>
  /** `NAME=VALUE`, all of them. */
  readonly label: ReadonlyArray<string>
}

export const isSelected = (
  { labels, name }: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  { label, only }: Selection
): boolean =>
  (only.length === 0 || only.some((pattern) => globOf(pattern).test(name))) &&
  label.every((text) => {
    const [key = "", ...value] = text.split("=")
    return labels[key] === value.join("=")
  })

export interface Glob {
  readonly test: (text: string) => boolean
}

const kept = new Map<string, Glob>()

/** As many as a selection may have. */
const mostKept = 1000

/** `*` stands for anything, also for nothing. */
export const globOf = (pattern: string): Glob => {
  const known = kept.get(pattern)
  if (known !== undefined) return known
  if (kept.size >= mostKept) kept.clear()
  const glob = compiled(pattern)
  kept.set(pattern, glob)
  return glob
}

/** Not by a regular expression: one with several `.*` takes for ever to say no, and patterns come over the network. */
const compiled = (pattern: string): Glob => {
  const [first = "", ...others] = pattern.split("*")
  const last = others.pop()
  if (last === undefined) return { test: (text) => text === pattern }
  return {
    test: (text) => {
      if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
      const end = text.length - last.length
      let from = first.length
      for (const part of others) {
        const at = text.indexOf(part, from)
        if (at < 0 || at + part.length > end) return false
        from = at + part.length
      }
      return from <= end
    }
  }
}
