/** Colors and signs, or their plain equivalents. */
import type { Capabilities } from "./Capabilities.ts"

export interface Style {
  /** Whether non-ASCII characters can be shown. */
  readonly unicode: boolean
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
  readonly sign: { readonly [Name in keyof typeof unicode]: string }
  /** Frames of the spinner. */
  readonly spinner: ReadonlyArray<string>
  /** A bar of `width` characters, filled to `fraction` (0 to 1). */
  readonly bar: (fraction: number, width: number) => string
}

const unicode = { ok: "✓", failed: "✗", warning: "!", retry: "↻", skipped: "–", dot: "·", ellipsis: "…", arrow: "→" }
const ascii: typeof unicode = {
  ok: "+",
  failed: "x",
  warning: "!",
  retry: "~",
  skipped: "-",
  dot: "|",
  ellipsis: "...",
  arrow: "->"
}

export const make = (capabilities: Pick<Capabilities, "color" | "unicode">): Style => {
  const paint = (open: number, close: number) => (text: string) =>
    capabilities.color && text !== "" ? `\u001b[${open}m${text}\u001b[${close}m` : text
  const cyan = paint(36, 39)
  const dim = paint(2, 22)
  return {
    unicode: capabilities.unicode,
    bold: paint(1, 22),
    dim,
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan,
    sign: capabilities.unicode ? unicode : ascii,
    spinner: capabilities.unicode ? ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] : ["|", "/", "-", "\\"],
    bar: capabilities.unicode
      ? (fraction, width) => {
          const [full, rest] = split(fraction, width)
          return cyan("━".repeat(full)) + dim("─".repeat(rest))
        }
      : (fraction, width) => {
          const [full, rest] = split(fraction, width)
          return `${"#".repeat(full)}${".".repeat(rest)}`
        }
  }
}

const split = (fraction: number, width: number): readonly [number, number] => {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width)
  return [full, width - full]
}
