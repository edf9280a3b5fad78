/**
 * Detects comments and messages that announce more than the script contains: a list of files of which the last is missing,
 * a line that should end the file, a number of lines.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import type { ParsedScript } from "unbash"
import type { Unfinished } from "./tailFinding.ts"

/** UTF-16 code units. Longer scripts are written by tools. */
const longest = 100_000

export const announcedFile = (script: ParsedScript, source: string): Unfinished | undefined =>
  source.length > longest
    ? undefined
    : (missingEnd(script, source) ?? missingLines(script, source) ?? unmentioned(script, source))

/** `This file ends with …`, `the last line is …` */
const promisesEnd =
  /^[ \t]*#.*?(?:\b(?:file|script|setup|installer) (?:must |should |always )?ends? (?:with|in)\b|\bmust end with\b|\b(?:last|final) line (?:is|must|should|reads|of (?:the|this) (?:file|script|setup|installer))\b)/i

/** A comment tells which line ends the file, and there is no such line. */
const missingEnd = ({ commands }: ParsedScript, source: string): Unfinished | undefined => {
  const promise = source.split("\n", 200).find((line) => promisesEnd.test(line.slice(0, 500)))
  const [, text = ""] = /["'`“]([^"'`”]{3,80})["'`”]/.exec(promise?.slice(0, 500) ?? "") ?? []
  const shown = text.replace(/^#\s*/, "")
  if (shown === "" || source.split(shown).length > 2) return undefined
  return {
    message: `no line ends the script with "${shown}", as a comment tells`,
    offset: commands.at(-1)?.pos ?? 0,
    certain: true
  }
}

/** A comment at the beginning tells how many lines and bytes the file has, or how many lines the script has. */
const missingLines = ({ commands }: ParsedScript, source: string): Unfinished | undefined => {
  for (const line of source.split("\n", 20)) {
    const comment = /^#(.{0,300})/.exec(line)?.[1]
    const [, both, alone, field] =
      /\b(\d{1,6}) lines\b.{1,20}\b\d+ bytes\b|\b(?:file|script|installer) (?:has|contains|is) (\d{1,6}) lines\b|\b(?:line count|(?:number of|total) lines|lines in (?:this|the) (?:file|script))[:=] ?(\d{1,6})$/i.exec(
        comment?.trimEnd() ?? ""
      ) ?? []
    const promised = Number(both ?? alone ?? field)
    const lines = source.split("\n").length - 1
    if (!(promised > lines)) continue
    return {
      message: `a comment tells of ${promised} lines, and there are ${lines}`,
      offset: commands.at(-1)?.pos ?? 0,
      certain: true
    }
  }
  return undefined
}

/** Comments and messages, which mention files without using them. */
const isProse = (line: string): boolean =>
  /^[ \t]*(?:#|(?:echo|printf|say|log|info|msg)\b)/.test(line) && !/[^2&]>/.test(line)

/** Names such as `server.conf`, `filters/10-drop.rule` and `/etc/agent/server.conf`, but not those of hosts. */
const fileName =
  /(?<![\w:/.@$}-])(?:[\w.-]*(?:\/[\w.-]+)+|[\w-]+\.(?:conf|cfg|ini|ya?ml|json|toml|env|pem|key|crt|rules?|service|timer|socket|list|repo|txt|properties))(?![\w/-]|\.\w)/g

/** A comment or message lists files, and the script comes to the first ones, but not to the last. */
const unmentioned = ({ commands }: ParsedScript, source: string): Unfinished | undefined => {
  const lines = source.split("\n")
  const code = lines.filter((line) => !isProse(line)).join("\n")
  const isUsed = (name: string) => code.includes(name.slice(name.lastIndexOf("/") + 1))
  let names: Array<string> = []
  let block = ""
  for (const [at, line] of lines.slice(0, 200).entries()) {
    const kind = at === 0 || !isProse(line) ? "" : line.trimStart().charAt(0)
    if (kind === "" || kind !== block) names = []
    block = kind
    if (kind === "") continue
    names.push(
      ...[...line.slice(0, 500).matchAll(fileName)].map(([name]) => name).filter((name) => extensionOf(name) !== "")
    )
    const ended = !isProse(lines[at + 1] ?? "")
    const last = names.at(-1)
    if (!ended || last === undefined || names.length < 2 || names.length > 20) continue
    if (
      isUsed(last) ||
      extensionOf(last) === "" ||
      !names.some((name) => extensionOf(name) === extensionOf(last) && isUsed(name))
    )
      continue
    return {
      message: `a list of files ends with ${last.slice(0, 60)}, which no command mentions`,
      offset: commands.at(-1)?.pos ?? 0,
      certain: false
    }
  }
  return undefined
}

const extensionOf = (name: string): string => /\.\w+$/.exec(name)?.[0] ?? ""
