/**
 * Detects what a script begins and never completes: a service that stays stopped, a lock that stays taken, settings and
 * files that nothing uses.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import type { Command, ParsedScript, SyntaxNode } from "unbash"
import { readsFile, works } from "./preparingCommands.ts"
import type { Unfinished } from "./tailFinding.ts"

/** UTF-16 code units. Longer scripts are written by tools. */
const longest = 500_000

export const looseEnd = (script: ParsedScript, source: string): Unfinished | undefined => {
  if (source.length > longest || script.commands.at(-1)?.command.type === "Function") return undefined
  const simple = script.commands.flatMap(({ command }) => simpleCommands(command))
  // The offsets remain those of the script.
  const code = source.replace(/^[ \t]*#.*$/gm, (comment) => " ".repeat(comment.length))
  return (
    undefinedHandler(script, simple, code) ??
    unresumed(simple, code) ??
    heldLock(simple, code) ??
    unusedFile(script, code) ??
    unsetFlag(script, simple, code) ??
    unusedSettings(script, code)
  )
}

/** A trap calls a function that the script never defines, at the top level or within a block. */
const undefinedHandler = (
  { commands }: ParsedScript,
  simple: ReadonlyArray<Command>,
  code: string
): Unfinished | undefined => {
  // Another file, or assembled code, may define it.
  if (commands.some(readsFile) || readsWithin.test(code)) return undefined
  const trap = simple.find(
    ({ args, name }) => name?.text === "trap" && args.length > 1 && /^[a-z]\w{3,}$/.test(args[0]?.text ?? "")
  )
  const handler = trap?.args[0]?.text ?? ""
  if (
    trap === undefined ||
    /^(?:exit|true|false|return|break|continue|wait|kill|reset|sync|date|sleep|reboot)$/.test(handler) ||
    isDefined(handler, code)
  )
    return undefined
  return { message: `nothing defines ${handler}, which a trap calls`, offset: trap.pos, certain: true }
}

/** A command within a block that reads a file, or runs a text. */
const readsWithin = /(?:^|[\n;&|{(]|\b(?:then|do|else))[ \t]*(?:(?:command|builtin)[ \t]+)?(?:\.|source|eval)[ \t]/

/** Whether there is a function or an alias of this name anywhere. */
const isDefined = (name: string, code: string): boolean =>
  new RegExp(`(?:^|[^\\w-])(?:function[ \\t]+${name}\\b|${name}[ \\t]*\\(|alias[ \\t][^\\n]{0,80}\\b${name}=)`).test(
    code
  )

/** A lock that nothing releases. */
const heldLock = (simple: ReadonlyArray<Command>, code: string): Unfinished | undefined => {
  if (/\b(?:rm|rmdir|unlink|trap|release\w*|unlock\w*)\b/.test(code)) return undefined
  const lock = simple.find(
    ({ args, name, redirects }) =>
      (/^(?:mkdir|touch|ln|lockfile|dotlockfile|shlock)$/.test(name?.text ?? "") &&
        args.some(({ text }) => /^"?\$\{?\w*lock\w*\}?"?$|\.lock"?$/i.test(text))) ||
      redirects.some(
        (redirect) =>
          redirect.type === "Redirect" &&
          redirect.descriptor === undefined &&
          redirect.operator.startsWith(">") &&
          /^"?\$\{?\w*lock\w*\}?"?$|\.lock"?$/i.test(redirect.target?.text ?? "")
      )
  )
  return lock === undefined
    ? undefined
    : { message: "nothing releases the lock that the script takes", offset: lock.pos, certain: false }
}

/** The commands of a list at the top level. */
const simpleCommands = (node: SyntaxNode): ReadonlyArray<Command> =>
  node.type === "Command" ? [node] : node.type === "AndOr" ? node.commands.flatMap(simpleCommands) : []

/** Words that interrupt something, and those that end the interruption or make it final. */
const interruptions: ReadonlyArray<readonly [interrupts: RegExp, resumes: RegExp]> = [
  [
    /^stop$/,
    /(?:start|reload|rm|remove|purge|uninstall|disable|mask|kill|reboot|enable|up|run|exec|undeploy|install)$/
  ],
  [/^(?:pause|suspend|quiesce|freeze)$/, /(?:resume|unpause|continue|unfreeze|thaw|start)$/],
  [/^(?:fsfreeze)$/, /^-\w*u|^--unfreeze$/],
  [/^(?:cordon|drain)$/, /^uncordon$/],
  [/^swapoff$/, /^swapon$|^\/etc\/fstab$/],
  [/^ifdown$/, /^ifup$/],
  [/^pushd$/, /^popd$/]
]

const wordsOf = ({ args, name }: Command): ReadonlyArray<string> => [name?.text ?? "", ...args.map(({ text }) => text)]

/** Something is stopped for the time of the setup, and never started again. */
const unresumed = (simple: ReadonlyArray<Command>, code: string): Unfinished | undefined => {
  for (const [interrupts, resumes] of interruptions) {
    const last = simple.findLast((command) =>
      wordsOf(command)
        .slice(0, 3)
        .some((word) => interrupts.test(word))
    )
    if (last === undefined || last.name === undefined || /^(?:echo|printf|trap)$|log|msg/.test(last.name.text)) continue
    // A service that is stopped before its files are removed stays stopped.
    if (code.split(/[\s;&|()"'`]+/).some((word) => resumes.test(word))) continue
    const excerpt = wordsOf(last).join(" ").slice(0, 60)
    return { message: `nothing resumes what ${excerpt} interrupts`, offset: last.pos, certain: false }
  }
  return undefined
}

/** Names of files that only exist until they are complete. */
const temporary = /\.(?:tmp|temp|new|part|partial|download)["']?$/

/** Lines that write a file, change its owner or mode, or remove it. */
const makes = /^[ \t]*(?:chmod|chown|chgrp|touch|rm|trap|:)\b|>>?[ \t]*["']?[^\s;|&]*$/

/** A file that is written under a temporary name, and never used again. */
const unusedFile = ({ commands }: ParsedScript, code: string): Unfinished | undefined => {
  const written = new Map<string, number>()
  for (const { command, pos } of commands) {
    for (const redirect of "redirects" in command ? command.redirects : []) {
      const target =
        redirect.type === "Redirect" && redirect.operator.startsWith(">")
          ? (redirect.target?.text ?? "").replaceAll(/["']/g, "")
          : ""
      if (written.size < 20 && !written.has(target) && isTemporary(target, commands)) written.set(target, pos)
    }
  }
  if (written.size === 0) return undefined
  const lines = code.split("\n").filter((line) => !makes.test(line.slice(0, 1000)))
  for (const [target, offset] of written) {
    // A loop may use all files of this kind.
    const suffix = /\.\w+$/.exec(target)?.[0]
    if (lines.some((line) => line.includes(target) || (suffix !== undefined && line.includes(suffix)))) continue
    return { message: `nothing uses ${target.slice(0, 60)}, which the script writes`, offset, certain: false }
  }
  return undefined
}

/** Whether a path, or the value of the variable that it consists of, is a temporary name. */
const isTemporary = (target: string, commands: ParsedScript["commands"]): boolean => {
  if (temporary.test(target)) return true
  const name = /^\$\{?(\w+)\}?$/.exec(target)?.[1]
  return (
    name !== undefined &&
    commands.some(
      ({ command }) =>
        command.type === "Command" &&
        command.prefix.some((item) => item.type === "Assignment" && item.name === name && temporary.test(item.text))
    )
  )
}

/**
 * A handler tests a flag for a value that nothing gives it: the handler would always report a failure. It may also be a
 * constant that a person changes.
 */
const unsetFlag = (script: ParsedScript, simple: ReadonlyArray<Command>, code: string): Unfinished | undefined => {
  const trap = simple.find(({ args, name }) => name?.text === "trap" && args.length > 1)
  if (trap === undefined) return undefined
  const handler = trap.args[0]?.text ?? ""
  const body = script.commands.find(({ command }) => command.type === "Function" && command.name.text === handler)
  const text = body === undefined ? handler : code.slice(body.pos, body.end)
  const [, flag, value] =
    /\$\{?(\w+)(?::-\w*)?\}?["']?[ \t]+(?:==?|!=|-eq|-ne)[ \t]+["']?(\w+)/.exec(text.slice(0, 1000)) ?? []
  if (flag === undefined || value === undefined || !/^[a-z_]\w+$/i.test(flag)) return undefined
  const set = simple.flatMap(({ prefix }) =>
    prefix.flatMap((item) =>
      item.type === "Assignment" && item.name === flag ? [item.text.slice(flag.length + 1)] : []
    )
  )
  if (set.length !== 1 || !/^["']?\w*["']?$/.test(set[0] ?? "") || code.split(`${flag}=`).length > 2) return undefined
  return set[0]?.replaceAll(/["']/g, "") === value
    ? undefined
    : { message: `nothing sets ${flag} to ${value}, which a trap tests`, offset: trap.pos, certain: false }
}

/** Variables of the shell and of programs, which need no further mention. */
const ambient =
  /^(?:PATH|IFS|PS\d|TERM|HOME|SHELL|LANG\w*|LC_\w+|TZ|OPT\w+|HIST\w+|DEBIAN_FRONTEND|POSIXLY_CORRECT|REPLY|_\w*|\w)$/

/** At least two variables that the script sets at the top level and never uses. */
const unusedSettings = (script: ParsedScript, code: string): Unfinished | undefined => {
  const { commands } = script
  if (!commands.some(works) || commands.some(readsFile) || /\bset -\w*a|\ballexport\b|\beval\b|\$\{!/.test(code))
    return undefined
  const settings = new Map<string, number>()
  for (const { command, pos } of commands) {
    if (command.type !== "Command" || command.name !== undefined) continue
    for (const item of command.prefix) {
      if (
        item.type === "Assignment" &&
        !/=["']?\$[{\d]?\d/.test(item.text) &&
        !ambient.test(item.name) &&
        !settings.has(item.name)
      )
        settings.set(item.name, pos)
    }
  }
  if (settings.size < 2) return undefined
  for (const { 0: name, index } of code.matchAll(/[A-Za-z_]\w*/g)) {
    const isPath = /[\w/.]/.test(code.charAt(index - 1))
    const isSet =
      /^\+?=/.test(code.slice(index + name.length, index + name.length + 2)) && /[\s;]/.test(code.charAt(index - 1))
    if (!isPath && !isSet) settings.delete(name)
  }
  const [first, second] = settings
  if (first === undefined || second === undefined) return undefined
  return {
    message: `nothing uses ${first[0]} and ${second[0]}, which the script sets`,
    offset: first[1],
    certain: false
  }
}
