/** Selects hosts of a fleet by name or label. */

export interface Selection {
  /** Names, in which `*` matches any text; if empty, every name. */
  readonly only: ReadonlyArray<string>
  /** `NAME=VALUE`; a host must match all of them. */
  readonly label: ReadonlyArray<string>
}

interface Selectable {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** Whether a host is selected. */
export const selecting = ({ label, only }: Selection): ((host: Selectable) => boolean) => {
  const names = only.map(globOf)
  const labels = label.map((text) => {
    const [key = "", ...value] = text.split("=")
    return [key, value.join("=")] as const
  })
  return (host) =>
    (names.length === 0 || names.some((glob) => glob.test(host.name))) &&
    labels.every(([key, value]) => host.labels[key] === value)
}

export interface Glob {
  readonly test: (text: string) => boolean
}

/**
 * `*` matches any text, including an empty one. Regular expressions are not used: one with several `.*` can take
 * exponential time to fail, and patterns arrive over the network.
 */
export const globOf = (pattern: string): Glob => {
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
