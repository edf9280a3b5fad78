/**
 * Recognizes a last comment that describes commands that do not follow, and a marked section without its end.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import type { ParsedScript } from "unbash"
import { works } from "./preparingCommands.ts"
import { isNoHeading } from "./scriptTail.ts"
import type { Unfinished } from "./tailFinding.ts"

/** Pairs of comments that tools write around the lines that they add. */
const sections: ReadonlyArray<readonly [begin: RegExp, end: RegExp]> = [
  [/^# Automatically added by \S+$/gm, /^# End automatically added section$/gm],
  [/^### BEGIN INIT INFO$/gm, /^### END INIT INFO$/gm],
  [/^# BEGIN ANSIBLE MANAGED BLOCK/gm, /^# END ANSIBLE MANAGED BLOCK/gm],
  [/^# >>> \S.* >>>$/gm, /^# <<< \S.* <<<$/gm]
]

export const openSection = (source: string): Unfinished | undefined => {
  for (const [begin, end] of sections) {
    const begins = [...source.matchAll(begin)]
    const last = begins.at(-1)
    if (last === undefined || begins.length <= [...source.matchAll(end)].length) continue
    return {
      message: `no line ends the section that "${last[0].slice(2, 60)}" begins`,
      offset: last.index,
      certain: true
    }
  }
  return undefined
}

/** An unfinished comment: its last line consists only of the mark, or ends in the middle of a sentence. */
export const openComment = ({ commands }: ParsedScript, source: string): Unfinished | undefined => {
  const lines = source.slice(-4000).trimEnd().split("\n")
  const last = lines.at(-1) ?? ""
  const isEmpty = /^[ \t]*#[ \t]*$/.test(last)
  if (!isEmpty && !/^[ \t]*#.*\p{L}[,(]$/u.test(last)) return undefined
  const from = lines.findLastIndex((line) => !/^[ \t]*#/.test(line))
  if (lines.slice(from + 1).some(isNoHeading) || !commands.some(works)) return undefined
  return {
    message: isEmpty
      ? "the last comment ends with an empty line of its own"
      : "the last comment ends within a sentence",
    offset: source.trimEnd().length - last.length,
    certain: true
  }
}

/**
 * A heading without a command below it, in a script whose other comments precede the code that they describe. Certain
 * only if the script stops at errors, as setup scripts do: a few other scripts end with a remark.
 */
export const heading = (script: ParsedScript, source: string): Unfinished | undefined => {
  const lines = source.slice(-4000).trimEnd().split("\n")
  let from = lines.length
  while (from > 0 && /^[ \t]*#/.test(lines[from - 1] ?? "")) from -= 1
  if (from === lines.length || from === 0 || lines[from - 1]?.trim() !== "") return undefined
  const block = lines.slice(from)
  if (!block.every(isProse) || !block.some((line) => /\p{L}{2,}[ \t]+\S*\p{L}/u.test(line)) || block.some(isNoHeading))
    return undefined
  const offset = source.trimEnd().length - block.join("\n").length
  if (!/\n[ \t]*\n#[^\n]*\n(?:#[^\n]*\n)*[^\s#]/.test(source.slice(0, offset))) return undefined
  return { message: "the last comment is about a command that does not follow", offset, certain: stopsAtErrors(script) }
}

const stopsAtErrors = ({ commands }: ParsedScript): boolean =>
  commands.some(
    ({ command }) =>
      command.type === "Command" &&
      command.name?.text === "set" &&
      command.args.some(({ text }) => /^-[a-zA-Z]*e|^errexit$/.test(text))
  )

/** Neither commented-out code nor an introduction to it. */
const isProse = (line: string): boolean => !/[$`{}()|;<>\\="']|[ \t]--?[a-zA-Z]|:[ \t]*$/.test(line)
