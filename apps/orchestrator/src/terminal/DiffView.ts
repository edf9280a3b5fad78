/** A unified diff of two scripts. What is in them is not trusted: it cannot do anything to the terminal. */
import * as Effect from "effect/Effect"
import type { Pane } from "./Screen.ts"

export interface Comparison {
  /** SHA-256 of the earlier script; none where nothing has been approved. */
  readonly before: string | null
  /** Whether the earlier one is the approved one. */
  readonly approved: boolean
  readonly after: string
  /** The PrivX that the script is from, when that is known. */
  readonly target: string | null
  readonly hunks: ReadonlyArray<{
    readonly oldStart: number
    readonly oldLines: number
    readonly newStart: number
    readonly newLines: number
    /** With `+`, `-`, a space or a backslash before each. */
    readonly lines: ReadonlyArray<string>
  }>
}

export const show = Effect.fnUntraced(function* (comparison: Comparison, { line, style }: Pane) {
  const { after, approved, before, hunks } = comparison
  const of = comparison.target === null ? "" : `  ${comparison.target}`
  if (before === null) {
    yield* line(`${style.yellow(style.sign.warning)} No script of this PrivX has been approved: all of it is new.`)
  } else if (hunks.length === 0) {
    return yield* line(`${style.green(style.sign.ok)} The same${approved ? " as the approved one" : ""}: ${after}`)
  }
  yield* line(style.bold(`--- ${before ?? "nothing"}${approved && before !== null ? "  approved" : ""}`))
  yield* line(style.bold(`+++ ${after}${of}`))
  for (const { lines, newLines, newStart, oldLines, oldStart } of hunks) {
    yield* line(style.cyan(`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`))
    for (const text of lines) yield* line(paint[text.charAt(0)]?.(style)(visible(text)) ?? visible(text))
  }
})

const paint: Readonly<Record<string, (style: Pane["style"]) => (text: string) => string>> = {
  "+": ({ green }) => green,
  "-": ({ red }) => red,
  "\\": ({ dim }) => dim
}

/**
 * Control characters, and those that turn the direction of text round or are not seen at all, as `\u{…}`. A carriage
 * return at the end of a line is a change one must see.
 */
const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\t" ? character : `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`
  )
