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

/** `*` stands for anything, also for nothing. */
export const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`
  )
