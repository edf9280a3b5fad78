/**
 * Detects scripts whose last lines announce more than the script does: an announced step that is missing, step 3 of 5 or
 * 75 % as the last one, a step without the message that concludes all others, or a file that is fetched or unpacked into a folder
 * that the script then never uses.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import type { Command, ParsedScript, SyntaxNode } from "unbash"
import type { Unfinished } from "./tailFinding.ts"

export const announcedStep = (script: ParsedScript, source: string): Unfinished | undefined => {
  const unended =
    openStep(script) ??
    missingSteps(script) ??
    missingShare(script) ??
    missingCalls(script, source) ??
    missingSections(script, source) ??
    missingParts(script, source)
  if (unended !== undefined) return unended
  const last = script.commands.at(-1)
  if (last === undefined || last.background === true || last.command.type !== "Command") return undefined
  const found =
    announcement(script, last.command) ??
    emptyStep(script, last.command) ??
    shownCommand(script, last.command) ??
    leftInFolder(script, last.command)
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
const missingSteps = ({ commands }: ParsedScript): Unfinished | undefined => {
  const steps = commands.flatMap(({ command, pos }) => {
    const [, step, of] =
      /(?:^|[^\w./])(\d{1,2})\s?(?:\/|of)\s?(\d{1,2})(?![\w/]|\.\d)/.exec(messageOf(command) ?? "") ?? []
    return step === undefined ? [] : [{ step: Number(step), of: Number(of), pos }]
  })
  const last = steps.at(-1)
  if (last === undefined || steps.length < 2 || last.step >= last.of) return undefined
  return steps.every(({ of, step }, at) => of === last.of && step === at + (steps[0]?.step ?? 1))
    ? {
        message: `step ${last.step} of ${last.of} is the last that the script tells of`,
        offset: last.pos,
        certain: true
      }
    : undefined
}

/** The share of the work that messages tell of grows in equal steps, and never becomes 100 %. */
const missingShare = ({ commands }: ParsedScript): Unfinished | undefined => {
  const shares = commands.flatMap(({ command, pos }) => {
    const share = /(?:^|[^\w.])(\d{1,3}) ?%(?!\w)/.exec(messageOf(command) ?? "")?.[1]
    return share === undefined ? [] : [{ share: Number(share), pos }]
  })
  const [first, second] = shares
  const last = shares.at(-1)
  if (first === undefined || second === undefined || last === undefined || shares.length < 3) return undefined
  const step = second.share - first.share
  const isEven = shares.every(({ share }, at) => share === first.share + at * step)
  return isEven && step > 0 && last.share + step <= 100
    ? { message: `${last.share} % is the last that the script tells of`, offset: last.pos, certain: true }
    : undefined
}

/** Announces an action, in the words of most installers: `Starting the service`. */
const announcing =
  /^(?:-[ne]+ )?["']?(?:\\[net]|\\(?:033|e|x1b)\[[\d;]*m|\$\{?\w+\}?|[^\p{L}$\\]){0,20}\s{0,4}\p{Lu}?\p{Ll}{2,20}ing\s+(?!\b(?:done|complete|finished|failed)\b)\S/u

const concluding =
  /\b(?:done|complete[d]?|finished|success\w*|nothing|missing|warning|skipping|exiting|leaving|running on|ready|already|failed|enjoy|thank\w*|remaining|following|according|summary|bye|goodbye|congrat\w*|welcome|all set|next steps?|the end)\b/i

const isAnnouncement = (text: string | undefined): boolean =>
  text !== undefined && announcing.test(text) && !concluding.test(text)

const announcement = ({ commands }: ParsedScript, last: Command): Sign | undefined => {
  if (!isAnnouncement(messageOf(last))) return undefined
  // If the script announces other steps in the same way, this step is missing.
  const others = commands.slice(0, -1).filter(({ command }) => isAnnouncement(messageOf(command))).length
  return { message: "the last command tells of something that does not follow", certain: others > 0 }
}

/** The last command shows a command that does not follow, in a script that shows others before it runs them. */
const shownCommand = ({ commands }: ParsedScript, last: Command): Sign | undefined => {
  const shown = (node: SyntaxNode) => /^["']?([\w./-]+) \S/.exec(messageOf(node) ?? "")?.[1]
  const name = shown(last)
  if (name === undefined) return undefined
  const names = commands.map(({ command }) => (command.type === "Command" ? command.name?.text : undefined))
  const isHabit = commands.some(({ command }, at) => {
    const word = shown(command)
    return word !== undefined && word === names[at + 1]
  })
  return isHabit && names.includes(name)
    ? { message: `the last command shows ${name.slice(0, 40)}, which does not follow`, certain: false }
    : undefined
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

/** Commands that announce a step, and those that tell of its end, such as `msg_info` and `msg_ok`. */
const begins = /(?:info|start|step|begin|open|enter|run|status|progress)$/i
const concludes = /(?:ok|done|success|succeeded|completed?|finish(?:ed)?|end|pass(?:ed)?|close)$/i

/** A message that begins a step, in a script whose other steps all end with another message. */
const openStep = ({ commands }: ParsedScript): Unfinished | undefined => {
  const calls = commands.flatMap(({ command, pos }) =>
    command.type === "Command" && command.name !== undefined ? [{ name: command.name.text, pos }] : []
  )
  const last = calls.findLast(({ name }) => concludes.test(name) || begins.test(name))
  if (last === undefined || !begins.test(last.name) || concludes.test(last.name)) return undefined
  const closing = calls.findLast(({ name }) => concludes.test(name))?.name
  if (closing === undefined) return undefined
  const steps = calls.filter(({ name }) => name === last.name || name === closing)
  const alternate = steps.every(({ name }, at) => (name === last.name) === (at % 2 === 0))
  // A last message without a command behind it may be a farewell.
  const end = commands.at(-1)
  if (end?.pos === last.pos && !isAnnouncement(messageOf(end.command))) return undefined
  return alternate && steps.length > 2
    ? { message: `no ${closing} concludes the last step that ${last.name} begins`, offset: last.pos, certain: true }
    : undefined
}

/** A function counts steps up to a constant, or is called with their numbers, but the script calls it less often. */
const missingCalls = ({ commands }: ParsedScript, source: string): Unfinished | undefined => {
  const totals = commands.flatMap(({ command }) => {
    const [set] = command.type === "Command" && command.name === undefined ? command.prefix : []
    const [, name, value] =
      /^(\w*(?:total|steps|count|max|num)\w*)=["']?(\d{1,2})["']?$/i.exec(set?.type === "Assignment" ? set.text : "") ??
      []
    return name === undefined ? [] : [{ name, value: Number(value) }]
  })
  for (const { command } of commands.slice(0, 100)) {
    if (command.type !== "Function") continue
    const body = source.slice(command.body.pos, Math.min(command.body.end, command.body.pos + 1000))
    const total =
      totals.find(({ name }) => body.includes(`$${name}`) || body.includes(`\${${name}}`))?.value ??
      Number(/(?:\bof|\/) ?(\d{1,2})\b/.exec(body)?.[1])
    if (Number.isNaN(total)) continue
    const name = command.name.text
    const calls = commands.flatMap(({ command }) =>
      command.type === "Command" && command.name?.text === name ? [command] : []
    )
    const last = calls.at(-1)
    const isNumbered = calls.every(({ args }, at) => args[0]?.text === String(at + 1))
    if (last === undefined || calls.length < 2 || !(isNumbered || /\+\+|\+=1|\+ ?1\b/.test(body))) continue
    // A call within a block may run more than once.
    const mentions = source.split(name).length - body.split(name).length
    if (mentions - 1 !== calls.length || calls.length >= total) return undefined
    return {
      message: `step ${calls.length} of ${total} is the last that ${name} counts`,
      offset: last.pos,
      certain: true
    }
  }
  return undefined
}

/** The number of a step at the beginning of a comment or a message; the letter `b` counts as 2. */
const numberOf = (line: string): number | undefined => {
  const [, number, letter] =
    /^[ \t]*(?:#|(?:echo|printf|\w*(?:log|info|msg|say|step)\w*) +["']?)[^\w"']{0,20}(?:step )?(?:(\d{1,2})[.):\]]|([a-h])\))(?: |$)/i.exec(
      line.slice(0, 200)
    ) ?? []
  if (letter !== undefined) return letter.toLowerCase().charCodeAt(0) - 96
  return number === undefined ? undefined : Number(number)
}

/** The comment at the beginning numbers the steps, and the comments or messages of the later steps are missing. */
const missingSections = ({ commands }: ParsedScript, source: string): Unfinished | undefined => {
  const start = commands[0]?.pos ?? 0
  const isSequence = (numbers: ReadonlyArray<number>) => numbers.every((number, at) => number === at + 1)
  const planned = numbersOf(source.slice(0, start))
  // A comment directly above the first command is that of the first step.
  const list = planned.at(-1) === 1 ? planned.slice(0, -1) : planned
  const done = [...planned.slice(list.length), ...numbersOf(source.slice(start))]
  if (list.length < 3 || done.length < 2 || done.length >= list.length) return undefined
  return isSequence(list) && isSequence(done)
    ? {
        message: `step ${done.length} of ${list.length} that the first comment lists is the last`,
        offset: commands.at(-1)?.pos ?? 0,
        certain: true
      }
    : undefined
}

/** Comments head the parts of the script, `part 1 of 3`, and the last ones are missing. */
const missingParts = ({ commands }: ParsedScript, source: string): Unfinished | undefined => {
  const parts = source
    .slice(0, 100_000)
    .split("\n")
    .flatMap((line) => {
      const [, part, of] =
        /^[ \t]*#.{0,20}\b(\d{1,2}) ?(?:of|\/) ?(\d{1,2})\b(?![./]\d)/i.exec(line.slice(0, 200)) ?? []
      return part === undefined ? [] : [{ part: Number(part), of: Number(of) }]
    })
  const last = parts.at(-1)
  if (last === undefined || parts.length < 2 || last.part >= last.of) return undefined
  return parts.every(({ of, part }, at) => of === last.of && part === at + 1)
    ? {
        message: `part ${last.part} of ${last.of} is the last that a comment heads`,
        offset: commands.at(-1)?.pos ?? 0,
        certain: true
      }
    : undefined
}

const numbersOf = (text: string): ReadonlyArray<number> =>
  text
    .slice(0, 100_000)
    .split("\n")
    .map(numberOf)
    .filter((number) => number !== undefined)

/** The heading of a step is the last command, in a script in which commands follow all other headings. */
const emptyStep = ({ commands }: ParsedScript, last: Command): Sign | undefined => {
  const name = last.name?.text ?? ""
  if (!/(?:step|section|header|heading|title|phase|stage|task)$/i.test(name) || concluding.test(messageOf(last) ?? ""))
    return undefined
  const isHeading = commands.map(({ command }) => command.type === "Command" && command.name?.text === name)
  const followed = isHeading.filter((heading, at) => heading && isHeading[at + 1] === false).length
  return followed >= 2 && isHeading.filter(Boolean).length === followed + 1
    ? { message: `nothing follows the last step that ${name} announces`, certain: true }
    : undefined
}
