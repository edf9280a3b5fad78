/** A unified diff of two scripts. Their content is untrusted and sanitized for the terminal. */
import * as Effect from "effect/Effect"
import type { Reference } from "@privx-kit/runs/Run"
import { basisText } from "@privx-kit/runs/RunFailures"
import type { Pane } from "../../terminal/Screen.ts"

export interface Comparison {
  /** SHA-256 of the earlier script; absent if the PrivX host has neither a baseline nor an approved script. */
  readonly before: string | null
  /** The kind of the earlier script; absent if the command line named it. */
  readonly basis: Reference["basis"] | null
  readonly after: string
  /** The PrivX host of the script, if known. */
  readonly target: string | null
  /** The capabilities that only the later script has; `null` if one of them cannot be parsed. */
  readonly capabilities: { readonly added: ReadonlyArray<string>; readonly removed: ReadonlyArray<string> } | null
  readonly hunks: ReadonlyArray<{
    readonly oldStart: number
    readonly oldLines: number
    readonly newStart: number
    readonly newLines: number
    /** Each line starts with `+`, `-`, a space or a backslash. */
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
  for (const text of changesOf(comparison)) yield* line(text.startsWith("New") ? style.yellow(text) : style.dim(text))
  yield* line(style.bold(`--- ${before ?? "nothing"}${basis === null ? "" : `  ${basis}`}`))
  yield* line(style.bold(`+++ ${after}${of}`))
  for (const { lines, newLines, newStart, oldLines, oldStart } of hunks) {
    yield* line(style.cyan(`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`))
    for (const text of lines) yield* line(paint[text.charAt(0)]?.(style)(visible(text)) ?? visible(text))
  }
})

const changesOf = ({ basis, before, capabilities }: Comparison): ReadonlyArray<string> =>
  changes(capabilities, before === null ? undefined : earlierText[basis ?? "chosen"])

/**
 * What has changed in what a script does, a line for each change.
 *
 * @param earlier how the text calls the earlier script; `undefined` if there is none
 */
export const changes = (
  capabilities: Comparison["capabilities"],
  earlier: string | undefined
): ReadonlyArray<string> => {
  if (capabilities === null) return ["What has changed in what the script does is unknown: a script cannot be parsed."]
  const since = earlier === undefined ? "New" : `New since ${earlier}`
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
 * Escapes control characters, bidirectional controls and invisible characters as `\u{…}`. A carriage return at the end of
 * a line is a change that must be visible.
 */
const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\t" ? character : `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`
  )
