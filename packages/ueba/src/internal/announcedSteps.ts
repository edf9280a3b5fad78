/**
 * Detects scripts whose last lines announce more than the script does: an announced step that is missing, step 3 of 5 as
 * the last one, or a file that is fetched or unpacked into a folder that the script then never uses.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of this directory.
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

/** The message that a command prints; `undefined` if the output goes to a file. */
const messageOf = (node: SyntaxNode): string | undefined =>
  node.type === "Command" &&
  node.redirects.every((redirect) => redirect.type === "Redirect" && redirect.target?.text === "2") &&
  tells.test(node.name?.text ?? "")
    ? node.args
        .map(({ text }) => text)
        .join(" ")
        .slice(0, 300)
    : undefined

/** The last announced step is `[2/4]`. */
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

/** Announces an action, in the words of most installers: `Starting the service`. */
const begins =
  /^(?:-[ne]+ )?["']?(?:\\[net]|\\(?:033|e|x1b)\[[\d;]*m|\$\{?\w+\}?|[^\p{L}$\\]){0,20}\s{0,4}\p{Lu}?\p{Ll}{2,20}ing\s+(?!\b(?:done|complete|finished|failed)\b)\S/u

const concludes =
  /\b(?:done|complete[d]?|finished|success\w*|nothing|missing|warning|skipping|exiting|leaving|running on|ready|already|failed|enjoy|thank\w*|remaining|following|according)\b/i

const isAnnouncement = (text: string | undefined): boolean =>
  text !== undefined && begins.test(text) && !concludes.test(text)

const announcement = ({ commands }: ParsedScript, last: Command): Sign | undefined => {
  if (!isAnnouncement(messageOf(last))) return undefined
  // If the script announces other steps in the same way, this step is missing.
  const others = commands.slice(0, -1).filter(({ command }) => isAnnouncement(messageOf(command))).length
  return { message: "the last command tells of something that does not follow", certain: others > 0 }
}

const fills =
  /^(?:curl|wget|aria2c|tar|bsdtar|unzip|git|gpg|base64|gunzip|sha\d+sum|chmod|cd|pushd|patch|xz|7z|cp|cat|touch|mkdir)$/

/** The last command writes to a folder that nothing else in the script uses. */
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
