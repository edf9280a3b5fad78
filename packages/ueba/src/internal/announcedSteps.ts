/**
 * Signs in the last lines of a script that it tells of more than it does: a step that is announced and not done, the third of
 * five steps, something that is fetched or unpacked into a folder of its own and not used.
 *
 * Runs in a thread of its own as well as in the main one: imports types and what stands beside it.
 */
import type { Command, ParsedScript, SyntaxNode } from "unbash"
import type { Unfinished } from "./tailFinding.ts"

export const announcedStep = (script: ParsedScript): Unfinished | undefined => {
  const last = script.commands.at(-1)
  if (last === undefined || last.background === true || last.command.type !== "Command") return undefined
  const found = missingSteps(script) ?? announcement(script, last.command) ?? leftInFolder(script, last.command)
  return found === undefined ? undefined : { ...found, offset: last.pos }
}

type Sign = Pick<Unfinished, "message" | "certain">

const tells = /^(?:echo|printf|\w*(?:log|info|msg|message|step|notice|status|title|say|ohai|print)\w*)$/

/** What a command tells a person; nothing where it writes that to a file. */
const messageOf = (node: SyntaxNode): string | undefined =>
  node.type === "Command" &&
  node.redirects.every((redirect) => redirect.type === "Redirect" && redirect.target?.text === "2") &&
  tells.test(node.name?.text ?? "")
    ? node.args
        .map(({ text }) => text)
        .join(" ")
        .slice(0, 300)
    : undefined

/** `[2/4]` is the last step that is told of. */
const missingSteps = ({ commands }: ParsedScript): Sign | undefined => {
  const steps = commands.flatMap(({ command }) => {
    const [, step, of] =
      /(?:^|[^\w./])(\d{1,2})\s?(?:\/|of)\s?(\d{1,2})(?![\w/]|\.\d)/.exec(messageOf(command) ?? "") ?? []
    return step === undefined ? [] : [{ step: Number(step), of: Number(of) }]
  })
  const last = steps.at(-1)
  if (last === undefined || steps.length < 2 || last.step >= last.of) return undefined
  return steps.every(({ of, step }, at) => of === last.of && step === at + (steps[0]?.step ?? 1))
    ? { message: `step ${last.step} of ${last.of} is the last that the script tells of`, certain: true }
    : undefined
}

/** `Starting the service`: what is going to be done, in the words of most installers. */
const begins =
  /^(?:-[ne]+ )?["']?(?:\\[net]|\\(?:033|e|x1b)\[[\d;]*m|\$\{?\w+\}?|[^\p{L}$\\]){0,20}\s{0,4}\p{Lu}?\p{Ll}{2,20}ing\s+(?!\b(?:done|complete|finished|failed)\b)\S/u

const concludes =
  /\b(?:done|complete[d]?|finished|success\w*|nothing|missing|warning|skipping|exiting|leaving|running on|ready|already|failed|enjoy|thank\w*|remaining|following|according)\b/i

const isAnnouncement = (text: string | undefined): boolean =>
  text !== undefined && begins.test(text) && !concludes.test(text)

const announcement = ({ commands }: ParsedScript, last: Command): Sign | undefined => {
  if (!isAnnouncement(messageOf(last))) return undefined
  // In a script that tells each of its steps like this, the last one is missing.
  const others = commands.slice(0, -1).filter(({ command }) => isAnnouncement(messageOf(command))).length
  return { message: "the last command tells of something that does not follow", certain: others > 0 }
}

const fills =
  /^(?:curl|wget|aria2c|tar|bsdtar|unzip|git|gpg|base64|gunzip|sha\d+sum|chmod|cd|pushd|patch|xz|7z|cp|cat|touch|mkdir)$/

/** The last command puts something into a folder that only this script knows of. */
const leftInFolder = ({ commands }: ParsedScript, { args, name, redirects }: Command): Sign | undefined => {
  if (!fills.test(name?.text ?? "")) return undefined
  const texts = [
    ...args.map(({ text }) => text),
    ...redirects.map((redirect) => (redirect.type === "Redirect" ? (redirect.target?.text ?? "") : ""))
  ]
  const used = new Set(
    texts.flatMap((text) => [...text.slice(0, 500).matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name))
  )
  if (used.size === 0) return undefined
  const own = commands.some(
    ({ command }) =>
      command.type === "Command" &&
      command.prefix.some(
        (item) =>
          item.type === "Assignment" &&
          used.has(item.name) &&
          /^"?(?:\$\(|`)\s{0,8}mktemp\b/.test(item.text.slice(item.name.length + 1))
      )
  )
  return own
    ? { message: "the last command puts something into a temporary file that nothing uses", certain: true }
    : undefined
}
