/** A unified diff of two scripts. What is in them is not trusted: it cannot do anything to the terminal. */
import * as Effect from "effect/Effect"
import type { Reference } from "@privx-kit/runs/Run"
import { basisText } from "@privx-kit/runs/RunFailures"
import type { Pane } from "../../terminal/Screen.ts"

export interface Comparison {
  /** SHA-256 of the earlier script; none where the PrivX host has neither a baseline nor an approved script. */
  readonly before: string | null
  /** What the earlier one is; none where it was named on the command line. */
  readonly basis: Reference["basis"] | null
  readonly after: string
  /** The PrivX that the script is from, when that is known. */
  readonly target: string | null
  /** What the later script does and the earlier one does not; `null` where one of them cannot be parsed. */
  readonly capabilities: { readonly added: ReadonlyArray<string>; readonly removed: ReadonlyArray<string> } | null
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
  const { after, basis, before, hunks } = comparison
  const of = comparison.target === null ? "" : `  ${comparison.target}`
  if (before === null) {
    yield* line(
      `${style.yellow(style.sign.warning)} The PrivX host has no baseline and no approved script: all of it is new.`
    )
  } else if (hunks.length === 0) {
    return yield* line(
      `${style.green(style.sign.ok)} The same${basis === null ? "" : ` as ${basisText[basis]}`}: ${after}`
    )
  }
  for (const text of changes(comparison)) yield* line(text.startsWith("New") ? style.yellow(text) : style.dim(text))
  yield* line(style.bold(`--- ${before ?? "nothing"}${basis === null ? "" : `  ${basis}`}`))
  yield* line(style.bold(`+++ ${after}${of}`))
  for (const { lines, newLines, newStart, oldLines, oldStart } of hunks) {
    yield* line(style.cyan(`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`))
    for (const text of lines) yield* line(paint[text.charAt(0)]?.(style)(visible(text)) ?? visible(text))
  }
})

const changes = ({ basis, before, capabilities }: Comparison): ReadonlyArray<string> => {
  if (capabilities === null) return ["What has changed in what the script does is unknown: a script cannot be parsed."]
  const since = before === null ? "New" : `New since ${earlierText[basis ?? "chosen"]}`
  return [
    ...capabilities.added.map((phrase) => `${since}: ${visible(phrase)}`),
    ...capabilities.removed.map((phrase) => `No longer: ${visible(phrase)}`)
  ]
}

const earlierText = { baseline: "the baseline", approved: "the approved script", chosen: "the earlier script" }

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
